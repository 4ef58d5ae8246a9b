import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import type { Transaction } from '../../platform/database/transactions.js';
import { StartError } from '../../platform/errors/start-error.js';
import type { UserId } from '../../platform/access/caller.js';
import type { User } from './user.schema.js';

/** A second factor besides the password. The module that implements it registers it. */
export interface SecondFactor {
  /** Accepts a code once. @throws ApiError for a missing and for a wrong code */
  require(owner: UserId, otp: string | null | undefined): Promise<void>;
  /** Whether the user set it up before a time. */
  isOlderThan(owner: UserId, time: Date, transaction: Transaction): Promise<boolean>;
}

@Injectable()
export class SecondFactors implements OnApplicationBootstrap {
  private factor: SecondFactor | undefined;

  constructor(@InjectConnection() private readonly connection: Connection) {}

  register(factor: SecondFactor): void {
    this.factor = factor;
  }

  /** Whether a user must show one. */
  isAskedOf({ otpEnabled }: User): boolean {
    return this.factor !== undefined && otpEnabled;
  }

  /** @throws ApiError as the factor does */
  async require({ _id }: User, otp: string | null | undefined): Promise<void> {
    await this.factor?.require(_id.toHexString() as UserId, otp);
  }

  /** Whether a user has one that was set up before a time. */
  async isOlderThan(user: User, time: Date, transaction: Transaction): Promise<boolean> {
    const owner = user._id.toHexString() as UserId;
    return this.isAskedOf(user) && (await this.factor?.isOlderThan(owner, time, transaction)) === true;
  }

  /** @throws StartError if users have set one up: they must not get in by their passwords alone */
  async onApplicationBootstrap(): Promise<void> {
    const factors = this.connection.collection('second_factors');
    if (this.factor || !(await factors.findOne({ confirmed: true }))) return;
    throw new StartError(
      'Users have set up second factors, which nothing checks: put SecondFactorModule back into src/app.module.ts, ' +
        'or drop the collection second_factors to let them sign in with their passwords alone',
    );
  }
}
