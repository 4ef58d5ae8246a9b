import { type Model, Types } from 'mongoose';
import type { ApiError } from '../errors/errors.js';
import type { OwnedRecord } from './record.js';
import type { Transaction, Transactions } from './transactions.js';

/** How many records of a collection an owner may have. */
export interface OwnerLimit {
  /** A user, or an organization: `ownerIn(scope)`. */
  readonly owner: string;
  readonly max: number;
  /** The error for a record beyond the limit. */
  readonly refusal: () => ApiError;
}

/**
 * Writes one more record unless its owner has reached the limit. Concurrent requests lock the owner's records of this
 * kind, so that the count still holds when the transaction commits.
 * @throws the error that `refusal` returns; OVERLOADED when too many wait for the lock
 */
export function withOwnerLimit<R extends OwnedRecord, T>(
  transactions: Transactions,
  model: Model<R>,
  { owner, max, refusal }: OwnerLimit,
  transaction: Transaction | undefined,
  write: (joined: Transaction) => Promise<T>,
): Promise<T> {
  return transactions.join(transaction, async (joined) => {
    await transactions.lock(`${model.collection.name} of ${owner}`, joined);
    const mine = { ownerId: new Types.ObjectId(owner) };
    const count = await model.countDocuments(mine, { limit: max }).session(joined.session);
    if (count >= max) throw refusal();
    return write(joined);
  });
}
