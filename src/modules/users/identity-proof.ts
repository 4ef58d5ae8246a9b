import { Injectable } from '@nestjs/common';
import { Attempts } from '../../platform/attempts/attempts.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import type { UserId } from '../../platform/security/caller.js';
import { clientKey } from '../../platform/security/rate-limit.js';
import { SecondFactorService } from '../second-factor/second-factor.service.js';
import { PasswordHasher } from './password-hasher.js';
import type { User } from './user.schema.js';

/** What somebody shows to be a user. */
export interface Proof {
  readonly password: string;
  readonly otp?: string | null;
}

/** Asks who is signed in to prove who it is, before what a stolen token must not be enough for. */
@Injectable()
export class IdentityProof {
  constructor(
    private readonly hasher: PasswordHasher,
    private readonly factors: SecondFactorService,
    private readonly attempts: Attempts,
  ) {}

  /**
   * The password, and a code where the user has a second factor.
   * @throws ApiError INVALID_CREDENTIALS, OTP_REQUIRED, INVALID_OTP; RATE_LIMITED after too many failures; OVERLOADED
   */
  require(user: User, { password, otp }: Proof, device: Device): Promise<void> {
    return this.guard(user, device, async () => {
      if (!(await this.hasher.matches(password, user.passwordHash))) throw apiError('INVALID_CREDENTIALS');
      if (user.otpEnabled) await this.factors.require(user._id.toHexString() as UserId, otp);
    });
  }

  /** Counts the failures of `work`, for the address and for the account. */
  guard<T>({ email }: User, { address }: Device, work: () => Promise<T>): Promise<T> {
    const budgets = [['address', clientKey(address)] as const, ['account', email] as const];
    return this.attempts.guard(budgets, work);
  }
}
