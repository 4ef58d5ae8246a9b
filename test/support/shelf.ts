import { randomBytes } from 'node:crypto';
import type { Connection, mongo } from 'mongoose';
import { Cache, CacheEvict } from '../../src/platform/cache/cache.js';
import { Caches } from '../../src/platform/cache/caches.js';
import { holderOf } from '../../src/platform/cache/owner.js';
import { ChangeFeed } from '../../src/platform/database/change-feed.js';
import { type Transaction, Transactions } from '../../src/platform/database/transactions.js';
import type { Caller, Scope, UserId } from '../../src/platform/access/caller.js';
import { eventually } from './mails.js';
import { connectionOf, type TestApp } from './test-app.js';

/** What a shelf answers. */
export interface Books {
  count: number;
  readonly asked: readonly unknown[];
}

interface ShelfRecord {
  readonly _id: string;
  readonly count: number;
}

/** All of them, by their ids: no query goes without an index. */
const EVERYBODYS = { _id: { $gt: '' } };

export function newOwner(): UserId {
  return randomBytes(12).toString('hex') as UserId;
}

/** A provider as features have them: it answers from the database, and what it answers is kept. */
export class Shelf {
  /** How often the database was asked. */
  calls = 0;
  /** Waited for between reading and answering. */
  pause: Promise<unknown> | undefined;
  /** Answered instead. */
  answer: (() => unknown) | undefined;

  private constructor(private readonly connection: Connection) {}

  /** One that the cache stands before, as the start of an application does it. */
  static in({ app }: Pick<TestApp, 'app'>): Shelf {
    const shelf = new Shelf(connectionOf(app));
    app.get(Caches).bind(shelf);
    return shelf;
  }

  @Cache({ ttl: 60 })
  books(owner: UserId | Scope | Caller, ...asked: unknown[]): Promise<Books> {
    const holder = holderOf(owner);
    return this.count(holder === 'all' ? EVERYBODYS : { _id: holder }, asked);
  }

  @Cache({ ttl: 60, shared: true })
  allBooks(): Promise<Books> {
    return this.count(EVERYBODYS, []);
  }

  @Cache({ ttl: 0.3 })
  soonOver(owner: UserId): Promise<Books> {
    return this.count({ _id: owner }, []);
  }

  @CacheEvict()
  async put(owner: UserId, count: number, transaction?: Transaction): Promise<string> {
    await this.write(owner, count, transaction);
    return `${count} books`;
  }

  @CacheEvict()
  async putAndFail(owner: UserId, count: number): Promise<void> {
    await this.write(owner, count);
    throw new Error('after the change');
  }

  @CacheEvict({ shared: true })
  async putForAll(count: number): Promise<void> {
    await this.shelves.updateMany(EVERYBODYS, { $set: { count } });
  }

  /** Changes the database and evicts nothing. */
  async write(owner: UserId, count: number, transaction?: Transaction): Promise<void> {
    const session = transaction?.session;
    await this.shelves.updateOne(
      { _id: owner },
      { $set: { count } },
      { upsert: true, ...(session && { session }) },
    );
  }

  private async count(filter: mongo.Filter<ShelfRecord>, asked: readonly unknown[]): Promise<Books> {
    this.calls++;
    const shelves = await this.shelves.find(filter).toArray();
    await this.pause;
    if (this.answer) return this.answer() as Books;
    return { count: shelves.reduce((sum, each) => sum + each.count, 0), asked };
  }

  private get shelves() {
    return this.connection.collection<ShelfRecord>('shelves');
  }
}

/** Runs work in a transaction of this application. */
export function inTransaction<T>(
  { app }: Pick<TestApp, 'app'>,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  return app.get(Transactions).run(work);
}

/** Resolves once an application hears of changes. Before that, what it knows is read each time. */
export async function hearsOfChanges({ app }: Pick<TestApp, 'app'>): Promise<void> {
  const feed = app.get(ChangeFeed);
  await eventually(() => feed.isFresh);
}
