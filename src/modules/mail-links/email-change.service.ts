import { Injectable } from '@nestjs/common';
import { Quotas } from '../../platform/limits/quotas.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { apiError, invalid } from '../../platform/errors/errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { type Caller, scopeOf, type UserId } from '../../platform/access/caller.js';
import { changeEmail } from './change-email.mail.js';
import { resetPassword } from './reset-password.mail.js';
import { setPassword } from './set-password.mail.js';
import { undoEmailChange } from './undo-email-change.mail.js';
import { verifyEmail } from './verify-email.mail.js';
import { MailLinksService, type RedeemedLink } from './mail-links.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { FormerAddresses } from './former-addresses.js';
import { UserAddresses } from '../users/user-addresses.js';
import { UserDto } from '../users/user.dto.js';
import { type User, UsersService } from '../users/users.service.js';
import type { ChangeEmailDto, EmailChangedDto, VerifyEmailDto } from './mailed-account.dto.js';
import { MailLinkErrors } from './mail-link.errors.js';
import { MailLinkEvents } from './mail-link.events.js';

const HOUR_S = 3600;
/** Each mails the old address as well. */
const CHANGES_PER_USER = { limit: 5, seconds: HOUR_S };
/** Per user and address: nobody can use up the mails that somebody else requests. */
const MAILS_PER_PAIR = { limit: 3, seconds: HOUR_S };
/** Per address in total; unverified accounts, which anybody can create, do not use up the budget of verified ones. */
const MAILS_PER_ADDRESS = { limit: 20, seconds: HOUR_S };

/** Changes the addresses of users, and undoes such changes. */
@Injectable()
export class EmailChangeService {
  constructor(
    private readonly users: UsersService,
    private readonly addresses: UserAddresses,
    private readonly former: FormerAddresses,
    private readonly links: MailLinksService,
    private readonly sessions: SessionsService,
    private readonly transactions: Transactions,
    private readonly quotas: Quotas,
    private readonly events: DomainEvents,
  ) {}

  /**
   * Mails a link to the new address and one to the old. Whether the new one is taken is looked up after the response,
   * so that neither its content nor its timing reveals it.
   * @throws ApiError MAIL_NOT_CONFIGURED, VALIDATION_ERROR for the address that the user has, RATE_LIMITED
   */
  async request({ id, session }: Caller, { email }: ChangeEmailDto): Promise<void> {
    this.links.requireMail();
    const user = await this.users.get(scopeOf(id), id);
    if (email === user.email) {
      throw invalid([{ path: 'email', message: 'email must differ from your current one' }]);
    }
    await this.quotas.take('email-change', id, CHANGES_PER_USER);
    await this.links.revoke(id, [changeEmail]);
    const recipient = UserDto.from(user);
    this.links.tell(undoEmailChange, recipient, await this.former.keep(user));
    this.links.send(changeEmail, async () => {
      if (await this.users.findByEmail(email)) return null;
      const total = `email-change-to-by-${user.emailVerified ? 'verified' : 'unverified'}`;
      const isLeft =
        (await this.quotas.takeQuietly('email-change-pair', `${id} ${email}`, MAILS_PER_PAIR)) &&
        (await this.quotas.takeQuietly(total, email, MAILS_PER_ADDRESS));
      return isLeft ? { ...recipient, email, session } : null;
    });
    this.events.record(MailLinkEvents.email_change_requested, { userId: id });
  }

  /**
   * Confirms a change by the link to the new address, or undoes it by the link to the old one.
   * @throws ApiError INVALID_RESET_TOKEN; EMAIL_TAKEN if somebody else has taken the address meanwhile
   */
  async confirm({ token }: VerifyEmailDto): Promise<EmailChangedDto> {
    const { owner, session, ...changed } = await this.transactions.run(async (transaction) => {
      const former = await this.former.find(token, transaction);
      if (!former) return this.change(token, transaction);
      const isSamePassword = (user: User) => this.former.isSamePassword(former, user);
      const isRestored = await this.addresses.restore({ ...former, isSamePassword }, transaction);
      if (!isRestored) throw apiError(MailLinkErrors.INVALID_RESET_TOKEN);
      await this.former.forgetSince(former, transaction);
      const { ownerId, email } = former;
      return { owner: ownerId.toHexString() as UserId, session: undefined, email, undone: true };
    });
    await this.sessions.endAll(owner, session);
    return changed;
  }

  private async change(
    token: string,
    transaction: Transaction,
  ): Promise<Omit<RedeemedLink, 'email'> & EmailChangedDto> {
    const link = await this.links.redeem(token, [changeEmail], transaction);
    const user = link && (await this.users.findById(link.owner));
    if (link?.email === undefined || !user || user.disabled)
      throw apiError(MailLinkErrors.INVALID_RESET_TOKEN);
    const { owner, email, session } = link;
    await this.addresses.move(owner, email, transaction);
    // The token was mailed to the old address.
    await this.links.revoke(owner, [resetPassword, setPassword, verifyEmail], transaction);
    return { owner, email, session, undone: false };
  }
}
