import { Injectable } from '@nestjs/common';
import { Transactions } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { type Caller, scopeOf } from '../../platform/access/caller.js';
import { SecondFactorService } from './second-factor.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { IdentityProof, type Proof } from '../users/identity-proof.js';
import { UsersService } from '../users/users.service.js';
import type { OtpEnrolmentDto, RecoveryCodesDto } from './otp.dto.js';
import { OtpErrors } from './otp.errors.js';

/** Turns the second factor of users on and off. */
@Injectable()
export class OtpService {
  constructor(
    private readonly users: UsersService,
    private readonly factors: SecondFactorService,
    private readonly proof: IdentityProof,
    private readonly sessions: SessionsService,
    private readonly transactions: Transactions,
  ) {}

  /** @throws ApiError OTP_ALREADY_ENABLED, INVALID_CREDENTIALS, RATE_LIMITED, OVERLOADED, CONFLICT */
  async enable(caller: Caller, password: string, device: Device): Promise<OtpEnrolmentDto> {
    const user = await this.userOf(caller);
    if (user.otpEnabled) throw apiError(OtpErrors.OTP_ALREADY_ENABLED);
    await this.proof.requirePassword(user, password, device);
    return this.factors.enroll({ id: caller.id, email: user.email });
  }

  /**
   * Ends the other sessions: they were started with a password alone, perhaps by somebody who has stolen it.
   * @throws ApiError INVALID_OTP, RATE_LIMITED
   */
  async confirm(caller: Caller, otp: string, device: Device): Promise<RecoveryCodesDto> {
    const user = await this.userOf(caller);
    const recoveryCodes = await this.proof.guard(user, device, () =>
      this.transactions.run(async (transaction) => {
        const codes = await this.factors.confirm(caller.id, otp, transaction);
        await this.users.setOtpEnabled(caller.id, true, transaction);
        return codes;
      }),
    );
    await this.sessions.endAll(caller.id, caller.session);
    return { recoveryCodes };
  }

  /**
   * Keeps the other sessions: they were started with more than is required from now on.
   * @throws ApiError INVALID_CREDENTIALS, INVALID_OTP also where there is no second factor, RATE_LIMITED, OVERLOADED
   */
  async disable(caller: Caller, proof: Proof, device: Device): Promise<void> {
    const user = await this.userOf(caller);
    await this.proof.require(user, proof, device);
    await this.transactions.run(async (transaction) => {
      await this.factors.disable(caller.id, transaction);
      await this.users.setOtpEnabled(caller.id, false, transaction);
    });
  }

  private userOf({ id }: Caller): ReturnType<UsersService['get']> {
    return this.users.get(scopeOf(id), id);
  }
}
