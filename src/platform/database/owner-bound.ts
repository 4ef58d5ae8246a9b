import { type Model, Types } from 'mongoose';
import type { ApiError } from '../errors/errors.js';
import type { UserId } from '../access/caller.js';
import type { OwnedRecord } from './record.js';
import type { Transaction, Transactions } from './transactions.js';

/** How many records of a collection an owner may have. */
export interface OwnerBound {
  readonly owner: UserId;
  readonly most: number;
  /** For one more. */
  readonly refusal: () => ApiError;
}

/**
 * Writes one more record of an owner who has fewer than it may have, however many requests do so at the same time: they
 * lock the owner's records of this kind, so that what one has counted is still so when it ends.
 * @throws what `refusal` makes; OVERLOADED when too many wait for the lock
 */
export function withinBound<R extends OwnedRecord, T>(
  transactions: Transactions,
  model: Model<R>,
  { owner, most, refusal }: OwnerBound,
  transaction: Transaction | undefined,
  write: (within: Transaction) => Promise<T>,
): Promise<T> {
  return transactions.within(transaction, async (within) => {
    await transactions.lock(`${model.collection.name} of ${owner}`, within);
    const mine = { ownerId: new Types.ObjectId(owner) };
    const count = await model.countDocuments(mine, { limit: most }).session(within.session);
    if (count >= most) throw refusal();
    return write(within);
  });
}
