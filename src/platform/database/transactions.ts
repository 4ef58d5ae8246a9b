import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection, mongo } from 'mongoose';

/** A transaction under way. */
export interface Transaction {
  readonly session: mongo.ClientSession;
  /** Does something once the transaction is in the database: events and caches must not know of one that failed. */
  afterwards(act: () => void): void;
}

/** Whether an argument is the transaction that a method is to take part in. */
export function isTransaction(value: unknown): value is Transaction {
  return typeof value === 'object' && value !== null && 'session' in value && 'afterwards' in value;
}

/** Does something once what was written is in the database: now, where that is no part of a transaction. */
export function afterwards(transaction: Transaction | undefined, act: () => void): void {
  if (transaction) transaction.afterwards(act);
  else act();
}

/** Runs work of which everything happens or nothing. */
@Injectable()
export class Transactions {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  /** Does the work, again from its start where another transaction was in the way; what it throws undoes it. */
  async run<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    let acts: (() => void)[] = [];
    const result = await this.connection.getClient().withSession((session) =>
      session.withTransaction(() => {
        acts = [];
        return work({ session, afterwards: (act) => void acts.push(act) });
      }),
    );
    for (const act of acts) act();
    return result;
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
   */
  async lock(name: string, { session }: Transaction): Promise<void> {
    const locks = this.connection.collection<{ _id: string }>('locks');
    // Of two that insert the same at once, MongoDB lets one go on, and the other begins again.
    await locks.insertOne({ _id: name }, { session });
    await locks.deleteOne({ _id: name }, { session });
  }
}
