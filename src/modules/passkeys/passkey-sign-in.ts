import { Injectable } from '@nestjs/common';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import type { Caller, UserId } from '../../platform/access/caller.js';
import type { SignedInDto } from '../auth/auth.dto.js';
import { AuthService } from '../auth/auth.service.js';
import { StepUpService } from '../auth/step-up.service.js';
import { PasskeyProofs } from './passkey-proofs.js';
import { PasskeyErrors } from './passkey.errors.js';

/** Signs in and proves identities with passkeys. Each counts as two factors: the device, and what unlocks it. */
@Injectable()
export class PasskeySignIn {
  constructor(
    private readonly proofs: PasskeyProofs,
    private readonly auth: AuthService,
    private readonly stepUp: StepUpService,
  ) {}

  /** @throws ApiError INVALID_PASSKEY, UNAUTHENTICATED for a disabled user */
  async signIn(credential: unknown, device: Device): Promise<SignedInDto> {
    const passkey = await this.proofs.require(credential);
    const owner = passkey.ownerId.toHexString() as UserId;
    return this.auth.admit(owner, device, { holds: () => this.proofs.holds(passkey, owner) });
  }

  /**
   * Renews the proof of the caller's session.
   * @throws ApiError FORBIDDEN without a session, INVALID_PASSKEY also for somebody else's
   */
  async prove({ id, session }: Caller, credential: unknown): Promise<void> {
    if (session === undefined) throw apiError('FORBIDDEN');
    const { ownerId } = await this.proofs.require(credential);
    if (ownerId.toHexString() !== id) throw apiError(PasskeyErrors.INVALID_PASSKEY);
    await this.stepUp.renew(id, session);
  }
}
