import { Injectable } from '@nestjs/common';
import type { Transaction } from '../../platform/database/transactions.js';
import { HttpConfig } from '../../platform/http/http.config.js';
import { publicOriginOf } from '../../platform/http/public-origin.js';
import type { Mail } from '../../platform/mail/mail.js';
import { Mailer } from '../../platform/mail/mailer.js';
import type { UserId } from '../../platform/access/caller.js';
import { AccountMails, type Mails, type Notice, type Reader } from '../users/account-mails.js';
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
  private readonly origin: string;

  constructor(
    private readonly links: MailLinksService,
    private readonly mailer: Mailer,
    private readonly users: UsersService,
    mails: AccountMails,
    http: HttpConfig,
  ) {
    this.origin = publicOriginOf(http);
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

  async tell(reader: Reader, notice: Notice, transaction?: Transaction): Promise<void> {
    if (!reader) return;
    const userId = String(reader) as UserId;
    if (!transaction) return this.mailer.send(notice.kind, () => this.composed(userId, notice));
    const mail = await this.composed(userId, notice);
    if (mail) await this.mailer.sendWith(transaction, mail);
  }

  private async composed(userId: UserId, { kind, subject, lines, path }: Notice): Promise<Mail | null> {
    const user = await this.users.findById(userId);
    if (!user || user.disabled || !user.emailVerified) return null;
    const link = path === undefined ? [] : ['', `${this.origin}${path}`];
    const text = [...lines, ...link, ''].join('\n');
    return { kind, userId, to: { name: '', address: user.email }, subject, text, isNotice: true };
  }
}
