import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Model, mongo } from 'mongoose';
import { isOutage } from '../errors/driver-errors.js';
import { readState } from './database-state.js';
import type { ChangedIndex } from './index-comparison.js';
import { type CollectionIndexes, createIndexes, readIndexes } from './indexes.js';
import { Lease, LeaseLost } from '../concurrency/lease.js';
import { Ledger } from './ledger.js';
import { type Migration, MigrationError, reasonOf } from './migration.js';

/** What an upgrade does, as it does it. Durations are in milliseconds. */
export type UpgradeStep =
  | { readonly event: 'migrations_waiting' }
  | { readonly event: 'migration_started'; readonly migration: string }
  | { readonly event: 'migration_progress'; readonly migration: string; readonly done: string }
  | { readonly event: 'migration_notice'; readonly migration: string; readonly notice: string }
  | { readonly event: 'migration_applied'; readonly migration: string; readonly durationMs: number }
  | { readonly event: 'indexes_building'; readonly collection: string; readonly indexes: readonly string[] }
  | {
      readonly event: 'indexes_created';
      readonly collection: string;
      readonly indexes: readonly string[];
      readonly durationMs: number;
    };

/** What to do about an index that conflicts with another one in MongoDB. */
export function adviceFor(collection: string, { found, differences }: ChangedIndex): string {
  return (
    `The index ${found.name} of ${collection} differs from its schema (${differences.join(', ')}). ` +
    `Drop it, in a migration or by hand with db.${collection}.dropIndex(${JSON.stringify(found.name)}), and migrate again.`
  );
}

/** Brings a database up to date, in one process at a time. */
export class Upgrade {
  private readonly lease: Lease;
  private readonly ledger: Ledger;
  private readonly db: mongo.Db;

  /** @param connection one without the time limits of requests */
  constructor(
    private readonly connection: Connection,
    private readonly migrations: readonly Migration[],
    private readonly models: readonly Model<unknown>[],
    private readonly report: (step: UpgradeStep) => void,
  ) {
    if (!connection.db) throw new Error('There is no connection');
    this.db = connection.db;
    this.lease = new Lease(this.db, 'migrations');
    this.ledger = new Ledger(this.db);
  }

  /**
   * Runs the migrations that the database has not had, in order, and creates the indexes that it lacks. Waits while
   * another process does that.
   * @throws MigrationError when a migration fails, or an index cannot be created; nothing after it is done
   */
  async run(): Promise<void> {
    for (let isWaiting = false; ;) {
      if (await this.attempt()) return;
      if (!isWaiting) this.report({ event: 'migrations_waiting' });
      isWaiting = true;
      await sleep(100 + Math.random() * 150);
      const { isCurrent } = await readState(this.db, this.migrations, this.models);
      if (isCurrent) return;
    }
  }

  /** Answers false when another process has the lock, or got it in the middle of the work. */
  private async attempt(): Promise<boolean> {
    if (!(await this.lease.take())) return false;
    try {
      await this.migrate();
      await this.createMissingIndexes();
      return true;
    } catch (error) {
      if (error instanceof LeaseLost) return false;
      throw error;
    } finally {
      await this.lease.release();
    }
  }

  private async migrate(): Promise<void> {
    const applied = await this.ledger.read();
    for (const migration of this.migrations.filter(({ name }) => !applied.has(name))) {
      await this.lease.require();
      await this.apply(migration);
    }
  }

  private async apply({ name, up }: Migration): Promise<void> {
    const started = performance.now();
    this.report({ event: 'migration_started', migration: name });
    const progress = (done: string): void => {
      if (!this.lease.isHeld) throw new LeaseLost();
      this.report({ event: 'migration_progress', migration: name, done });
    };
    const notice = (text: string): void =>
      this.report({ event: 'migration_notice', migration: name, notice: text });
    await failingAs(`The migration ${name} failed`, () => up({ db: this.db, progress, notice }));
    await this.lease.require();
    const durationMs = Math.round(performance.now() - started);
    await this.ledger.write(name, durationMs);
    this.report({ event: 'migration_applied', migration: name, durationMs });
  }

  private async createMissingIndexes(): Promise<void> {
    const all = await readIndexes(this.db, this.models);
    await this.lease.require();
    // At once: each waits for the journal, and one after the other they would wait for it many times.
    const lacking = all.filter(({ missing }) => missing.length > 0);
    const built = await Promise.allSettled(lacking.map((each) => this.createIn(each)));
    const failed = built.find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    const advice = all.flatMap(({ collection, changed }) =>
      changed.map((index) => adviceFor(collection, index)),
    );
    if (advice.length > 0) throw new MigrationError(advice.join('\n'));
  }

  private async createIn({ collection, missing }: CollectionIndexes): Promise<void> {
    const model = this.models.find((each) => each.collection.name === collection);
    if (!model) return;
    const started = performance.now();
    const indexes = missing.map(({ name }) => name);
    this.report({ event: 'indexes_building', collection, indexes });
    await failingAs(`The indexes ${indexes.join(', ')} of ${collection} cannot be created`, () =>
      createIndexes(this.connection, model, missing),
    );
    const durationMs = Math.round(performance.now() - started);
    this.report({ event: 'indexes_created', collection, indexes, durationMs });
  }
}

/** Tells what has failed, and leaves to the caller what may go on later. */
async function failingAs(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof LeaseLost || isOutage(error)) throw error;
    throw new MigrationError(`${what}: ${reasonOf(error)}`, { cause: error });
  }
}
