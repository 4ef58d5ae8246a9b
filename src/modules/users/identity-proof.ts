import { Injectable } from '@nestjs/common';
import { Attempts, type Budget } from '../../platform/limits/attempts.js';
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
    return this.inTurn(user, device, () => this.checkPassword(user, password));
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
    const prove = async (): Promise<void> => {
      if (password != null) await this.checkPassword(user, password);
      if (otp != null || isAsked) await this.factors.require(user, otp);
    };
    await (password == null ? this.guard(user, device, prove) : this.inTurn(user, device, prove));
  }

  /**
   * Counts the failures of `work`, for the user and for the address. By the user's id, unlike sign-in, which counts by
   * the account's address: only somebody signed in as the user can exhaust this budget.
   */
  guard<T>(user: User, device: Device, work: () => Promise<T>): Promise<T> {
    return this.attempts.guard(budgetsOf(user, device), work);
  }

  /** The same for work that checks the password. */
  private inTurn(user: User, device: Device, work: () => Promise<void>): Promise<void> {
    const claim = claimOf(device.address, user.email, true);
    return this.attempts.guard(budgetsOf(user, device), work, (guess) => this.passwords.inTurn(claim, guess));
  }

  private async checkPassword(user: User, password: string): Promise<void> {
    const match = await this.passwords.check(user, password);
    if (!match) throw apiError(UserErrors.INVALID_CREDENTIALS);
  }
}

function budgetsOf({ _id }: User, { address }: Device): Budget[] {
  return [
    ['address', networkOf(address)],
    ['account', _id.toHexString()],
  ];
}
