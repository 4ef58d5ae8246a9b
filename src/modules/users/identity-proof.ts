import { Injectable } from '@nestjs/common';
import { Attempts } from '../../platform/limits/attempts.js';
import { apiError, invalid } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { networkOf } from '../../platform/http/client-address.js';
import { SecondFactors } from './second-factors.js';
import { claimOf, UserPasswords } from './user-passwords.js';
import type { User } from './user.schema.js';
import { UserErrors } from './user.errors.js';

/** Credentials that prove a user's identity. */
export interface Proof {
  readonly password?: string | null;
  readonly otp?: string | null;
}

/** Requires signed-in users to prove their identity before actions for which a stolen token must not suffice. */
@Injectable()
export class IdentityProof {
  constructor(
    private readonly passwords: UserPasswords,
    private readonly factors: SecondFactors,
    private readonly attempts: Attempts,
  ) {}

  /**
   * The password.
   * @throws ApiError INVALID_CREDENTIALS; RATE_LIMITED after too many failures; OVERLOADED
   */
  requirePassword(user: User, password: string, device: Device): Promise<void> {
    return this.guard(user, device, () => this.checkPassword(user, password, device));
  }

  /**
   * A code if the user has a second factor, otherwise the password. Everything that is sent must be correct.
   * @throws ApiError as above, and VALIDATION_ERROR, OTP_REQUIRED, INVALID_OTP
   */
  async require(user: User, { password, otp }: Proof, device: Device): Promise<void> {
    const isAsked = this.factors.isAskedOf(user);
    if (password == null && otp == null && !isAsked) {
      throw invalid([{ path: 'password', message: 'password is required' }]);
    }
    await this.guard(user, device, async () => {
      if (password != null) await this.checkPassword(user, password, device);
      if (otp != null || isAsked) await this.factors.require(user, otp);
    });
  }

  /**
   * Counts the failures of `work`, for the user and for the address. By the user's id, unlike sign-in, which counts by
   * the account's address: only somebody signed in as the user can exhaust this budget.
   */
  guard<T>({ _id }: User, { address }: Device, work: () => Promise<T>): Promise<T> {
    const budgets = [['address', networkOf(address)] as const, ['account', _id.toHexString()] as const];
    return this.attempts.guard(budgets, work);
  }

  private async checkPassword(user: User, password: string, { address }: Device): Promise<void> {
    const match = await this.passwords.match(user, password, claimOf(address, user.email, true));
    if (!match) throw apiError(UserErrors.INVALID_CREDENTIALS);
  }
}
