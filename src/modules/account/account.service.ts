import { Injectable } from '@nestjs/common';
import { ChangeEvents } from '../../platform/database/change-events.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { type Caller, scopeOf } from '../../platform/access/caller.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccountMails } from '../users/account-mails.js';
import { IdentityProof } from '../users/identity-proof.js';
import { UserPasswords } from '../users/user-passwords.js';
import { UsersService } from '../users/users.service.js';
import type { ChangePasswordDto } from './account.dto.js';
import { AccountEvents } from './account.events.js';

@Injectable()
export class AccountService {
  constructor(
    private readonly users: UsersService,
    private readonly passwords: UserPasswords,
    private readonly mails: AccountMails,
    private readonly sessions: SessionsService,
    private readonly proof: IdentityProof,
    private readonly events: DomainEvents,
    private readonly changeEvents: ChangeEvents,
  ) {}

  /**
   * Changes the caller's password and ends its other sessions.
   * @throws ApiError INVALID_CREDENTIALS, WEAK_PASSWORD, RATE_LIMITED, CONFLICT when it was changed meanwhile
   */
  async changePassword(
    { id, session }: Caller,
    device: Device,
    { currentPassword, newPassword }: ChangePasswordDto,
  ): Promise<void> {
    const user = await this.users.get(scopeOf(id), id);
    await this.proof.requirePassword(user, currentPassword, device);
    const hash = await this.passwords.hash(newPassword, user.email, 'newPassword', device);
    await this.changeEvents.join(undefined, async (transaction) => {
      if (!(await this.passwords.replace(user, hash, transaction))) throw apiError('CONFLICT');
      await this.changeEvents.account(id, 'password-changed', transaction);
    });
    await this.mails.passwordChanged(id);
    await this.sessions.endAll(id, session);
    this.events.record(AccountEvents.password_changed, { userId: id });
  }
}
