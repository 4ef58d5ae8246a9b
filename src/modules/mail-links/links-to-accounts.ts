import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../platform/database/transactions.js';
import { Mailer } from '../../platform/mail/mailer.js';
import type { UserId } from '../../platform/access/caller.js';
import { AccountMails, type Mails, type Notice } from '../users/account-mails.js';
import { UserDto } from '../users/user.dto.js';
import { type User, UsersService } from '../users/users.service.js';
import { changeEmail } from './change-email.mail.js';
import { MailLinksService } from './mail-links.service.js';
import { PASSWORD_LINKS } from './password-links.js';
import { setPassword } from './set-password.mail.js';
import { verifyEmail } from './verify-email.mail.js';

/** Mails links when something happens to an account. */
@Injectable()
export class LinksToAccounts implements Mails {
  constructor(
    private readonly links: MailLinksService,
    private readonly mailer: Mailer,
    private readonly users: UsersService,
    mails: AccountMails,
  ) {
    mails.register(this);
  }

  requireConfigured(): void {
    this.links.requireMail();
  }

  invite(user: User): void {
    this.links.send(setPassword, () => Promise.resolve(UserDto.from(user)));
  }

  welcome(user: User): void {
    this.links.send(verifyEmail, () => Promise.resolve(UserDto.from(user)));
  }

  passwordChanged(owner: UserId): Promise<void> {
    return this.links.revoke(owner, PASSWORD_LINKS);
  }

  disabled(owner: UserId, transaction: Transaction): Promise<void> {
    return this.links.revoke(owner, [changeEmail], transaction);
  }

  tell(owner: UserId, { kind, subject, lines }: Notice): void {
    this.mailer.send(kind, async () => {
      const user = await this.users.findById(owner);
      if (!user || user.disabled || !user.emailVerified) return null;
      const to = { name: '', address: user.email };
      return { kind, userId: owner, to, subject, text: [...lines, ''].join('\n') };
    });
  }
}
