import { Injectable } from '@nestjs/common';
import { Quotas } from '../../platform/limits/quotas.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { Caller } from '../../platform/access/caller.js';
import { networkOf } from '../../platform/http/client-address.js';
import { KnownDevices } from '../auth/known-devices.js';
import { resetPassword } from './reset-password.mail.js';
import { PASSWORD_LINKS } from './password-links.js';
import { verifyEmail } from './verify-email.mail.js';
import { MailLinksService } from './mail-links.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { UserDto } from '../users/user.dto.js';
import { UserAddresses } from '../users/user-addresses.js';
import { UserPasswords } from '../users/user-passwords.js';
import { UsersService } from '../users/users.service.js';
import type { ForgotPasswordDto, ResetPasswordDto, VerifyEmailDto } from './mailed-account.dto.js';
import { MailLinkErrors } from './mail-link.errors.js';
import { MailLinkEvents } from './mail-link.events.js';

const HOUR_S = 3600;
/** An office may share an address. */
const FORGOT_PER_ADDRESS = { limit: 10, seconds: HOUR_S };
/** Per user and network, or device that the user has signed in with. */
const FORGOT_PER_PAIR = { limit: 3, seconds: HOUR_S };
/** Mails that all strangers together can cause for a user. The link in the last of them stays valid. */
const FORGOT_PER_USER = { limit: 20, seconds: HOUR_S };
const VERIFICATIONS_PER_USER = { limit: 3, seconds: HOUR_S };

@Injectable()
export class MailedAccountService {
  constructor(
    private readonly users: UsersService,
    private readonly passwords: UserPasswords,
    private readonly addresses: UserAddresses,
    private readonly links: MailLinksService,
    private readonly devices: KnownDevices,
    private readonly sessions: SessionsService,
    private readonly quotas: Quotas,
    private readonly events: DomainEvents,
  ) {}

  /**
   * Mails a link to a user who cannot sign in. Whether the user exists is looked up after the response, so that neither
   * its content nor its timing reveals it.
   * @throws ApiError RATE_LIMITED per client address; the limit of mails per user is not revealed
   */
  async forgotPassword(device: Device, { email }: ForgotPasswordDto): Promise<void> {
    const network = networkOf(device.address);
    await this.quotas.take('forgot', network, FORGOT_PER_ADDRESS);
    this.links.send(resetPassword, async () => {
      const user = await this.users.findByEmail(email);
      if (!user || user.disabled) return null;
      const recipient = UserDto.from(user);
      const known = await this.devices.find(user.email, device);
      const pair = `${known ?? network} ${recipient.id}`;
      const isLeft =
        (await this.quotas.takeQuietly('forgot-pair', pair, FORGOT_PER_PAIR)) &&
        (known !== undefined ||
          (await this.quotas.takeQuietly('forgot-user', recipient.id, FORGOT_PER_USER)));
      if (isLeft) return recipient;
      await this.links.keep(resetPassword, recipient);
      return null;
    });
  }

  /**
   * Sets the password of the link's owner, ends all sessions and marks the address as verified. If it was verified
   * before, other requirements for signing in stay as they are. If the password is refused, the link stays valid.
   * @throws ApiError INVALID_RESET_TOKEN, WEAK_PASSWORD
   */
  async resetPassword(device: Device, { token, newPassword }: ResetPasswordDto): Promise<void> {
    const link = await this.links.find(token, PASSWORD_LINKS);
    const user = link && (await this.users.findById(link.owner));
    if (!user || (link.email !== undefined && link.email !== user.email))
      throw apiError(MailLinkErrors.INVALID_RESET_TOKEN);
    const { owner } = link;
    // Slow steps, and those that may be refused, come first.
    const hash = await this.passwords.hash(newPassword, user.email, 'newPassword', device);
    if (!(await this.links.redeem(token, PASSWORD_LINKS))) throw apiError(MailLinkErrors.INVALID_RESET_TOKEN);
    if (!(await this.addresses.claim(user, hash))) throw apiError(MailLinkErrors.INVALID_RESET_TOKEN);
    await this.links.revoke(owner, PASSWORD_LINKS);
    await this.sessions.endAll(owner);
    this.events.record(MailLinkEvents.password_reset, { userId: owner });
  }

  /** @throws ApiError INVALID_RESET_TOKEN */
  async verifyEmail({ token }: VerifyEmailDto): Promise<void> {
    const link = await this.links.redeem(token, [verifyEmail]);
    if (!link) throw apiError(MailLinkErrors.INVALID_RESET_TOKEN);
    await this.addresses.verify(link.owner, link.email);
  }

  /** @throws ApiError MAIL_NOT_CONFIGURED, RATE_LIMITED */
  async requestVerification({ id }: Caller): Promise<void> {
    this.links.requireMail();
    await this.quotas.take('verify', id, VERIFICATIONS_PER_USER);
    this.links.send(verifyEmail, async () => {
      const user = await this.users.findById(id);
      return user && !user.emailVerified ? UserDto.from(user) : null;
    });
  }
}
