import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { Semaphore } from '../concurrency/semaphore.js';
import { apiError } from '../errors/errors.js';
import { noteInTrace, traced } from '../logging/spans.js';
import { AbandonedTransactions } from './abandoned-transactions.js';
import type { StoredRecord } from './record.js';

/** Creates a record only once, even if the request is repeated. */
export interface CreatesOnce {
  run<T extends StoredRecord>(
    create: (transaction?: Transaction) => Promise<T>,
    again: (id: string) => Promise<T>,
  ): Promise<T>;
}

/** A transaction that has been retried for this long may be blocked by an abandoned one, in milliseconds. */
const SUSPICIOUS_MS = 500;
/** How long a transaction is retried, in milliseconds; after that nobody waits for its result. */
const RETRY_MS = 5_000;
const SPAN = { name: 'transaction' };

/** A running transaction. */
export interface Transaction {
  readonly session: mongo.ClientSession;
  /** Runs `act` once the transaction has been committed: events and caches must not reflect one that failed. */
  afterwards(act: () => void): void;
  /** The names that it has locked. */
  readonly locks: Set<string>;
}

/** Whether an argument is a transaction. */
export function isTransaction(value: unknown): value is Transaction {
  return typeof value === 'object' && value !== null && 'session' in value && 'afterwards' in value;
}

/** The option that makes an operation of the driver part of a transaction. */
export function sessionOf(transaction: Transaction | undefined): { session?: mongo.ClientSession } {
  return transaction ? { session: transaction.session } : {};
}

/** Runs `act` once the write is committed: at once outside a transaction. */
export function afterwards(transaction: Transaction | undefined, act: () => void): void {
  if (transaction) transaction.afterwards(act);
  else act();
}

/** Runs work atomically. */
@Injectable()
export class Transactions {
  /** Queues within this process for a lock, instead of retrying the whole transaction. */
  private readonly semaphore = new Semaphore({ concurrency: 1, maxWaiting: 100, timeoutMs: 1_500 });

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly abandoned: AbandonedTransactions,
  ) {}

  /**
   * Runs the work, and again from the start after a conflict with another transaction. An error rolls it back.
   * @throws ApiError OVERLOADED after five seconds of conflicts
   */
  run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return traced(SPAN, () => this.attempt(work));
  }

  private async attempt<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    let attempts = 0;
    let acts: (() => void)[] = [];
    const locks = new Set<string>();
    const startedAt = performance.now();
    try {
      const result = await this.connection.getClient().withSession((session) =>
        session.withTransaction(() => {
          acts = [];
          attempts++;
          const passedMs = performance.now() - startedAt;
          if (passedMs > SUSPICIOUS_MS) this.abandoned.suspect();
          if (passedMs > RETRY_MS) throw apiError('OVERLOADED');
          return work({ session, locks, afterwards: (act) => void acts.push(act) });
        }),
      );
      for (const act of acts) act();
      return result;
    } finally {
      if (attempts > 1) noteInTrace({ attempts });
      for (const name of locks) this.semaphore.release(name);
    }
  }

  /** Runs the work in the given transaction, or else in its own. */
  join<T>(transaction: Transaction | undefined, work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return transaction ? work(transaction) : this.run(work);
  }

  /**
   * Serializes transactions that lock the same name, so that what one of them counts still holds when it commits.
   * Leaves nothing in the database.
   * @throws ApiError OVERLOADED when too many wait for the lock, or after the timeout
   */
  async lock(name: string, { session, locks: held }: Transaction): Promise<void> {
    if (!held.has(name)) {
      await this.semaphore.acquire(name);
      held.add(name);
    }
    const locks = this.connection.collection<{ _id: string }>('locks');
    // Of two processes that insert the same _id at once, MongoDB lets one continue and makes the other retry.
    await locks.insertOne({ _id: name }, { session });
    await locks.deleteOne({ _id: name }, { session });
  }
}
