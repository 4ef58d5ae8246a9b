import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Claim } from '../../platform/concurrency/fair-queue.js';
import type { Transaction } from '../../platform/database/transactions.js';
import { ApiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { networkOf } from '../../platform/http/client-address.js';
import { type Match, PasswordHasher } from './password-hasher.js';
import { requireStrongPassword } from './strong-password.js';
import { User } from './user.schema.js';

/**
 * Identifies who waits for a hash, for fair queueing.
 * @param address IP address
 * @param account the account to sign in to
 * @param isKnown whether the account has been signed in to from there before
 */
export function claimOf(address: string, account: string, isKnown: boolean): Claim {
  return { isKnown, subjects: [networkOf(address, 48), networkOf(address), `account ${account}`] };
}

/**
 * Checks and sets the passwords of users. The version of a user does not change: nothing visible has changed, and an
 * administrator who has read the user can still change it.
 */
@Injectable()
export class UserPasswords {
  constructor(
    @InjectModel(User.name) private readonly model: Model<User>,
    private readonly hasher: PasswordHasher,
  ) {}

  /** @throws ApiError WEAK_PASSWORD; `email` in lower case */
  requireStrong(password: string, email: string): void {
    requireStrongPassword(password, email);
  }

  /**
   * The hash of a password that may be chosen.
   * @param email of the user, in lower case
   * @param field the name under which the client sent it, for the error
   * @param device of a signed-in user or the holder of a mailed link, so that unknown clients do not delay them
   * @throws ApiError WEAK_PASSWORD, OVERLOADED
   */
  async hash(password: string, email: string, field: string, { address }: Device): Promise<string> {
    requireStrongPassword(password, email, field);
    return this.hasher.hash(password, claimOf(address, email, true));
  }

  /** Runs work that guesses by `check`, and throws if a guess was wrong. @throws ApiError OVERLOADED */
  inTurn<T>(claim: Claim, work: () => Promise<T>): Promise<T> {
    return this.hasher.inTurn(claim, work);
  }

  /** As `match`, within `inTurn`. */
  check(user: Pick<User, 'passwordHash'> | null, password: string): Promise<Match> {
    return this.hasher.check(password, user?.passwordHash);
  }

  /** Whether this is the user's password; `null` stands for a user that does not exist and takes just as long. */
  match(user: Pick<User, 'passwordHash'> | null, password: string, claim: Claim): Promise<Match> {
    return this.hasher.match(password, user?.passwordHash, claim);
  }

  /** Sets it unless the password has changed since the user was read. */
  async replace(
    { _id, passwordHash: old }: User,
    passwordHash: string,
    transaction?: Transaction,
  ): Promise<boolean> {
    if (old === undefined) return false;
    const { matchedCount } = await this.model.updateOne(
      { _id, passwordHash: old },
      { passwordHash },
      { timestamps: false, ...(transaction && { session: transaction.session }) },
    );
    return matchedCount === 1;
  }

  /** Rehashes a correct password if its hash is outdated. A busy server skips this until the next time. */
  async renew(user: User, password: string, claim: Claim): Promise<void> {
    try {
      await this.replace(user, await this.hasher.hash(password, claim));
    } catch (error) {
      if (!(error instanceof ApiError && error.code === 'OVERLOADED')) throw error;
    }
  }
}
