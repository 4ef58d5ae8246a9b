import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, Types, UpdateQuery } from 'mongoose';
import { ChangeFeed } from '../../platform/database/change-feed.js';
import { OwnedRecords } from '../../platform/database/owned-records.js';
import { ChangeEvents } from '../../platform/database/change-events.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import { duplicateKeyOf } from '../../platform/errors/driver-errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { UserId } from '../../platform/access/caller.js';
import { Mailboxes } from './mailboxes.js';
import { SecondFactors } from './second-factors.js';
import { User } from './user.schema.js';
import { UserErrors } from './user.errors.js';
import { UserEvents } from './user.events.js';

/**
 * A second factor that is this much older than a change of address was not set up by a thief who requested the change.
 */
const TRUSTED_FACTOR_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/** An address that a user had before. */
interface LeftAddress {
  readonly ownerId: Types.ObjectId;
  readonly email: string;
  /** When the user requested another one. */
  readonly createdAt: Date;
  /** Whether the user's password is still the same as then. */
  isSamePassword(user: User): boolean;
}

/** Changes to a user after somebody has proved that they receive the mails to an address. */
@Injectable()
export class UserAddresses {
  constructor(
    @InjectModel(User.name) private readonly model: Model<User>,
    private readonly mailboxes: Mailboxes,
    private readonly owned: OwnedRecords,
    private readonly factors: SecondFactors,
    private readonly transactions: Transactions,
    private readonly feed: ChangeFeed,
    private readonly events: DomainEvents,
    private readonly changeEvents: ChangeEvents,
  ) {
    changeEvents.offer(
      ['password-changed', 'email-changed', 'email-verified'].map((action) => `users.${action}`),
    );
  }

  /**
   * Marks a user's address as verified.
   * @param email the verified address, if known: the user may have another one by now
   */
  async verify(id: UserId, email?: string): Promise<void> {
    await this.transactions.run((transaction) => this.note(id, transaction, email));
  }

  /**
   * Sets the password for whoever receives the mails to a user's address. If it was not verified, a stranger may have
   * registered it: then all other ways to sign in are removed, and only the records stay.
   * @returns false if the user has another address by now
   */
  claim({ _id, email }: User, passwordHash: string): Promise<boolean> {
    const id = _id.toHexString() as UserId;
    return this.transactions.run(async (transaction) => {
      const { session } = transaction;
      const before = await this.model
        .findOneAndUpdate({ _id, email }, { passwordHash }, { session, timestamps: false })
        .lean<User>();
      if (!before) return false;
      await this.changeEvents.account(id, 'password-changed', transaction);
      if (!before.emailVerified) {
        await this.owned.removeCredentials(id, transaction);
        await this.write(id, { $set: { otpEnabled: false } }, transaction);
      }
      await this.note(id, transaction);
      return true;
    });
  }

  /**
   * Gives a user another, verified address.
   * @throws ApiError EMAIL_TAKEN
   */
  async move(id: UserId, email: string, transaction: Transaction): Promise<void> {
    await this.mailboxes.requireFree(email, id);
    await this.write(id, { $set: { email, emailVerified: true }, $inc: { version: 1 } }, transaction);
    await this.changeEvents.account(id, 'email-changed', transaction);
    transaction.afterwards(() => this.events.record(UserEvents.email_changed, { userId: id }));
  }

  /**
   * Restores a user's former address, and removes everything that whoever requested the change could have set up. A
   * password that was changed since is removed, and a new one is chosen by mail.
   * @returns false if the user no longer exists
   * @throws ApiError EMAIL_TAKEN
   */
  async restore(
    { ownerId, email, createdAt, isSamePassword }: LeftAddress,
    transaction: Transaction,
  ): Promise<boolean> {
    const id = ownerId.toHexString() as UserId;
    const { session } = transaction;
    const user = await this.model.findById(id).session(session).lean<User>();
    if (!user) return false;
    const trusted = new Date(createdAt.getTime() - TRUSTED_FACTOR_AGE_MS);
    const keepsFactor = await this.factors.isOlderThan(user, trusted, transaction);
    await this.owned.removeCredentials(id, transaction, undefined, keepsFactor ? ['SecondFactor'] : []);
    await this.write(
      id,
      {
        $set: { email, emailVerified: true, otpEnabled: keepsFactor },
        ...(!isSamePassword(user) && { $unset: { passwordHash: 1 } }),
        $inc: { version: 1 },
      },
      transaction,
    );
    await this.changeEvents.account(id, 'email-changed', transaction);
    transaction.afterwards(() => this.events.record(UserEvents.email_change_undone, { userId: id }));
    return true;
  }

  /** Raises the version, since the visible state of the user changes. */
  private async note(id: UserId, transaction: Transaction, email?: string): Promise<void> {
    const isNews = { _id: id, emailVerified: { $ne: true }, ...(email !== undefined && { email }) };
    const change = { $set: { emailVerified: true }, $inc: { version: 1 } };
    if (!(await this.write(id, change, transaction, isNews))) return;
    await this.changeEvents.account(id, 'email-verified', transaction);
    transaction.afterwards(() => this.events.record(UserEvents.email_verified, { userId: id }));
  }

  private async write(
    id: UserId,
    change: UpdateQuery<User>,
    transaction: Transaction,
    filter: object = { _id: id },
  ): Promise<boolean> {
    const { session } = transaction;
    try {
      const { modifiedCount } = await this.model.updateOne(filter, change, { session });
      if (modifiedCount === 0) return false;
    } catch (error) {
      throw duplicateKeyOf(error) ? apiError(UserErrors.EMAIL_TAKEN) : error;
    }
    transaction.afterwards(() => this.feed.note(this.model.collection.name, id));
    return true;
  }
}
