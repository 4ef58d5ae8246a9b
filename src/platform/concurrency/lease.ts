import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import { duplicateKeyOf } from '../errors/driver-errors.js';

/** How long a lock holds after its holder was heard of last, in milliseconds. */
export const LEASE_MS = 15_000;
const RENEW_EVERY_MS = 5_000;
/** A confirmation younger than this is trusted without asking again. */
const CERTAIN_MS = 1_000;

/** The end of a lease that begins now, by the database's clock: those of processes may differ. */
const END = { $dateAdd: { startDate: '$$NOW', unit: 'millisecond', amount: LEASE_MS } };

interface Lock {
  readonly _id: string;
  readonly holder: string;
  readonly until: Date;
}

/** Another process may hold the lock by now: the work under it must stop. */
export class LeaseLost extends Error {}

/**
 * A lock in the database that one process holds at a time. It is renewed while the process lives; when a process dies,
 * another can take it once the lease has expired.
 */
export class Lease {
  private readonly locks: mongo.Collection<Lock>;
  private readonly holder = randomUUID();
  private renewal: NodeJS.Timeout | undefined;
  /** When the last successful confirmation was requested, by the process's clock. */
  private confirmedAt = -Infinity;

  /** @param name what is locked */
  constructor(
    db: mongo.Db,
    private readonly name: string,
  ) {
    this.locks = db.collection<Lock>('locks');
  }

  /** Takes the lock unless another process holds it. */
  async take(): Promise<boolean> {
    const askedAt = performance.now();
    const mine = { _id: this.name, holder: this.holder, until: END };
    const isFree = { $not: { $gt: ['$until', '$$NOW'] } };
    try {
      const lock = await this.locks.findOneAndUpdate(
        { _id: this.name },
        [{ $replaceWith: { $cond: [isFree, mine, '$$ROOT'] } }],
        { upsert: true, returnDocument: 'after' },
      );
      if (lock?.holder !== this.holder) return false;
    } catch (error) {
      // Of two that create a lock at the same time, one may get this error.
      if (duplicateKeyOf(error)) return false;
      throw error;
    }
    this.confirmedAt = askedAt;
    // While the database does not answer, the lease expires.
    this.renewal = setInterval(() => void this.renew().catch(() => undefined), RENEW_EVERY_MS).unref();
    return true;
  }

  /** Whether no other process can hold the lock. */
  get isHeld(): boolean {
    return performance.now() - this.confirmedAt < LEASE_MS;
  }

  /** To be called before each step. @throws LeaseLost when another process may hold the lock */
  async require(): Promise<void> {
    if (performance.now() - this.confirmedAt > CERTAIN_MS) await this.renew();
    if (!this.isHeld) throw new LeaseLost('The lock is lost');
  }

  /** Releases the lock immediately. */
  async release(): Promise<void> {
    clearInterval(this.renewal);
    this.confirmedAt = -Infinity;
    await this.locks.deleteOne({ _id: this.name, holder: this.holder });
  }

  private async renew(): Promise<void> {
    const askedAt = performance.now();
    const { matchedCount } = await this.locks.updateOne({ _id: this.name, holder: this.holder }, [
      { $set: { until: END } },
    ]);
    this.confirmedAt = matchedCount === 1 ? askedAt : -Infinity;
  }
}
