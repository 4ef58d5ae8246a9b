import { Injectable } from '@nestjs/common';
import { ChangeEvents } from '../../platform/database/change-events.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { type Caller, scopeOf, type UserId } from '../../platform/access/caller.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { IdentityProof, type Proof } from '../users/identity-proof.js';
import { UsersService } from '../users/users.service.js';
import { AuthEvents } from './auth.events.js';

/** Renews a session's proof of identity. Signing in counts as one, refreshing does not. */
@Injectable()
export class StepUpService {
  constructor(
    private readonly users: UsersService,
    private readonly proof: IdentityProof,
    private readonly sessions: SessionsService,
    private readonly events: DomainEvents,
    private readonly changeEvents: ChangeEvents,
  ) {
    changeEvents.offer(['users.stepped-up']);
  }

  /**
   * @throws ApiError FORBIDDEN for a caller without a session, VALIDATION_ERROR, INVALID_CREDENTIALS, OTP_REQUIRED,
   *   INVALID_OTP, RATE_LIMITED after too many failures, OVERLOADED
   */
  async prove({ id, session }: Caller, proof: Proof, device: Device): Promise<void> {
    if (session === undefined) throw apiError('FORBIDDEN');
    await this.proof.require(await this.users.get(scopeOf(id), id), proof, device);
    await this.renew(id, session);
  }

  /** The same for a user who has proved its identity in another way: by a passkey, or at a provider. */
  async renew(id: UserId, session: string): Promise<void> {
    await this.changeEvents.join(undefined, async (transaction) => {
      await this.sessions.prove(session, transaction);
      await this.changeEvents.account(id, 'stepped-up', transaction);
    });
    this.events.record(AuthEvents.identity_proved, { userId: id, sessionId: session });
  }
}
