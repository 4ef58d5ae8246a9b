import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import type { Transaction } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { scopeOf, type UserId } from '../../platform/access/caller.js';
import { isTimeCode } from './otp-field.js';
import { hashOf, newRecoveryCodes } from './recovery-codes.js';
import { type SecondFactor as Registered, SecondFactors } from '../users/second-factors.js';
import { SecondFactor, secondFactors } from './second-factor.schema.js';
import { newSecret, otpauthUrl, stepOf } from './time-codes.js';
import { OtpErrors } from './otp.errors.js';
import { OtpEvents } from './otp.events.js';

/** What an authenticator app needs to know. */
export interface Enrolment {
  /** In base32. */
  readonly secret: string;
  /** The same as a URL, for a QR code. */
  readonly otpauthUrl: string;
}

/** The second factors of users. `otpEnabled` of the user says whether one is required: change both together. */
@Injectable()
export class SecondFactorService implements Registered {
  constructor(
    @InjectModel(SecondFactor.name) private readonly model: Model<SecondFactor>,
    @InjectRecords(secondFactors) private readonly records: Records<SecondFactor>,
    private readonly events: DomainEvents,
    factors: SecondFactors,
  ) {
    factors.register(this);
  }

  /**
   * Creates a new secret, which has no effect until it is confirmed, and replaces an unconfirmed one.
   * @throws ApiError OTP_ALREADY_ENABLED, CONFLICT
   */
  async enroll({ id, email }: { readonly id: UserId; readonly email: string }): Promise<Enrolment> {
    const ownerId = new Types.ObjectId(id);
    if (await this.model.countDocuments({ ownerId, confirmed: true }))
      throw apiError(OtpErrors.OTP_ALREADY_ENABLED);
    await this.model.deleteOne({ ownerId, confirmed: false });
    const secret = newSecret();
    await this.records.insert({ ownerId, secret, confirmed: false, lastStep: 0, recoveryCodes: [] });
    return { secret, otpauthUrl: otpauthUrl(secret, email) };
  }

  /**
   * Activates the enrolled secret, and returns the recovery codes, which are not shown again. The code is used up.
   * @throws ApiError INVALID_OTP also if no secret is waiting to be confirmed
   */
  async confirm(owner: UserId, otp: string, transaction: Transaction): Promise<string[]> {
    const factor = await this.records.first(scopeOf(owner), { confirmed: false }, transaction);
    const step = factor && stepOf(factor.secret, otp);
    if (!step) throw apiError(OtpErrors.INVALID_OTP);
    const codes = newRecoveryCodes();
    await this.model.updateOne(
      { _id: factor._id },
      { confirmed: true, lastStep: step, recoveryCodes: codes.map(hashOf) },
      { session: transaction.session },
    );
    transaction.afterwards(() => this.events.record(OtpEvents.otp_enabled, { userId: owner }));
    return codes;
  }

  /** @throws ApiError OTP_REQUIRED without a code, INVALID_OTP for one that `verify` refuses */
  async require(owner: UserId, otp: string | null | undefined): Promise<void> {
    if (otp === undefined || otp === null) throw apiError(OtpErrors.OTP_REQUIRED);
    if (await this.verify(owner, otp)) return;
    this.events.record(OtpEvents.otp_refused, { userId: owner });
    throw apiError(OtpErrors.INVALID_OTP);
  }

  /** Whether a code is correct, and uses it up: a second request with it is refused, in any process. */
  verify(owner: UserId, otp: string): Promise<boolean> {
    return isTimeCode(otp) ? this.useTimeCode(owner, otp) : this.useRecoveryCode(owner, otp);
  }

  /** Whether a user has one that was set up before a time. */
  async isOlderThan(owner: UserId, time: Date, { session }: Transaction): Promise<boolean> {
    const ownerId = new Types.ObjectId(owner);
    const found = this.model.exists({ ownerId, confirmed: true, createdAt: { $lt: time } });
    return (await found.session(session)) !== null;
  }

  /** Deletes a user's second factor. */
  async disable(owner: UserId, { session, afterwards }: Transaction): Promise<void> {
    await this.model.deleteOne({ ownerId: new Types.ObjectId(owner) }, { session });
    afterwards(() => this.events.record(OtpEvents.otp_disabled, { userId: owner }));
  }

  private async useTimeCode(owner: UserId, code: string): Promise<boolean> {
    const factor = await this.records.first(scopeOf(owner), { confirmed: true });
    const step = factor && stepOf(factor.secret, code);
    if (!step) return false;
    const { modifiedCount } = await this.model.updateOne(
      { _id: factor._id, lastStep: { $lt: step } },
      { lastStep: step },
    );
    return modifiedCount === 1;
  }

  private async useRecoveryCode(owner: UserId, code: string): Promise<boolean> {
    const recoveryCodes = hashOf(code);
    const { modifiedCount } = await this.model.updateOne(
      { ownerId: new Types.ObjectId(owner), confirmed: true, recoveryCodes },
      { $pull: { recoveryCodes } },
    );
    if (modifiedCount === 1) this.events.record(OtpEvents.recovery_code_used, { userId: owner });
    return modifiedCount === 1;
  }
}
