import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';
import { Gate } from '../concurrency/gate.js';
import { apiError } from '../errors/errors.js';
import { AbandonedTransactions } from './abandoned-transactions.js';

/** A transaction that is begun anew for so long may be in the way of one that nobody goes on with. */
const SUSPICIOUS_MS = 500;
/** For so long it is begun anew: nobody waits for its end any more. */
const PATIENCE_MS = 5_000;

/** A transaction under way. */
export interface Transaction {
  readonly session: mongo.ClientSession;
  /** Does something once the transaction is in the database: events and caches must not know of one that failed. */
  afterwards(act: () => void): void;
  /** The names that it has locked. */
  readonly locks: Set<string>;
}

/** Whether an argument is the transaction that a method is to take part in. */
export function isTransaction(value: unknown): value is Transaction {
  return typeof value === 'object' && value !== null && 'session' in value && 'afterwards' in value;
}

/** The option by which an operation of the driver takes part in a transaction. */
export function sessionOf(transaction: Transaction | undefined): { session?: mongo.ClientSession } {
  return transaction ? { session: transaction.session } : {};
}

/** Does something once what was written is in the database: now, where that is no part of a transaction. */
export function afterwards(transaction: Transaction | undefined, act: () => void): void {
  if (transaction) transaction.afterwards(act);
  else act();
}

/** Runs work of which everything happens or nothing. */
@Injectable()
export class Transactions {
  /** Within the process, who wants a lock waits for it, instead of beginning again and again. */
  private readonly turns = new Gate({ places: 1, waiting: 100, patienceMs: 1_500 });

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly abandoned: AbandonedTransactions,
  ) {}

  /**
   * Does the work, again from its start where another transaction was in the way; what it throws undoes it.
   * @throws ApiError OVERLOADED when others are in the way for five seconds
   */
  async run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    let acts: (() => void)[] = [];
    const locks = new Set<string>();
    const startedAt = performance.now();
    try {
      const result = await this.connection.getClient().withSession((session) =>
        session.withTransaction(() => {
          acts = [];
          const passedMs = performance.now() - startedAt;
          if (passedMs > SUSPICIOUS_MS) this.abandoned.suspect();
          if (passedMs > PATIENCE_MS) throw apiError('OVERLOADED');
          return work({ session, locks, afterwards: (act) => void acts.push(act) });
        }),
      );
      for (const act of acts) act();
      return result;
    } finally {
      for (const name of locks) this.turns.leave(name);
    }
  }

  /** Does the work in a transaction that is under way, or else in one of its own. */
  within<T>(
    transaction: Transaction | undefined,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    return transaction ? work(transaction) : this.run(work);
  }

  /**
   * Lets transactions that lock the same name come one after the other, so that what one of them counts is still so
   * when it ends. Leaves nothing in the database.
   * @throws ApiError OVERLOADED when too many wait for it, or after too long
   */
  async lock(name: string, { session, locks: held }: Transaction): Promise<void> {
    if (!held.has(name)) {
      await this.turns.enter(name);
      held.add(name);
    }
    const locks = this.connection.collection<{ _id: string }>('locks');
    // Of two processes that insert the same at once, MongoDB lets one go on, and the other begins again.
    await locks.insertOne({ _id: name }, { session });
    await locks.deleteOne({ _id: name }, { session });
  }
}
