import { Inject, Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import mongoose, { type Connection, type Model } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { DatabaseConfig } from '../config/database.config.js';
import { ProcessConfig } from '../config/process.config.js';
import { isOutage, LENIENT_DECODING } from '../errors/driver-errors.js';
import { BEHIND, type DatabaseState, readState } from './database-state.js';
import { type Migration, MigrationError } from './migration.js';
import { Upgrade, type UpgradeStep } from './upgrade.js';

/** Token of the list of migrations, in the order in which they are applied. */
export const MIGRATIONS = Symbol('MIGRATIONS');

/** Work of the start that needs the database as the schemas declare it. */
type Work = () => Promise<void>;

/**
 * Whether the database is as old as the code, and how it gets there: by the start in development and test, in
 * production by `migrate up` only, so that nothing is changed by a process that serves.
 */
@Injectable()
export class Migrations {
  private isUpToDate = false;
  private waiting: Work[] = [];

  constructor(
    @Inject(MIGRATIONS) private readonly migrations: readonly Migration[],
    @InjectConnection() private readonly connection: Connection,
    private readonly config: DatabaseConfig,
    private readonly process: ProcessConfig,
    private readonly logger: PinoLogger,
  ) {}

  /** Whether the code can work with the database, as far as it was looked at. Once it can, it stays so. */
  get isCurrent(): boolean {
    return this.isUpToDate;
  }

  /**
   * For the start, once the connection is open. May be called again when an outage was in the way.
   * @throws MigrationError when the database cannot be brought up to date
   */
  async begin(): Promise<void> {
    const state = await this.read();
    if (this.process.mode === 'production') {
      if (!state.isCurrent) this.logBehind(state);
    } else {
      // No lock where there is nothing to do.
      if (!state.isCurrent)
        await this.upgrade((step) => this.logger[step.event === 'migration_notice' ? 'warn' : 'info'](step));
      this.logUndeclared(state);
    }
    this.isUpToDate = this.process.mode !== 'production' || state.isCurrent;
  }

  /** Checks whether the database is up to date, and then runs what has waited for it. */
  async check(): Promise<void> {
    if (this.isUpToDate || !(await this.read()).isCurrent) return;
    while (this.waiting.length > 0) {
      await this.waiting[0]?.().catch((error: unknown) => {
        // It is done at the next look.
        if (isOutage(error)) throw error;
        this.logger.error({ event: 'start_failed', err: error });
      });
      this.waiting.shift();
    }
    this.isUpToDate = true;
    this.logger.info({ event: 'database_current' });
  }

  /**
   * Does work of the start that needs the database up to date: now, and what it throws stops the start; or once that
   * is so, and then what it throws is logged. Until it is done the process is not ready.
   */
  async whenCurrent(work: Work): Promise<void> {
    if (this.isUpToDate) await work();
    else this.waiting.push(work);
  }

  /** The state of the database, read through the connection of the application. */
  read(): Promise<DatabaseState> {
    return this.readFrom(this.connection);
  }

  /**
   * Brings the database up to date, with a client of its own: an upgrade takes longer than any request may.
   * @throws MigrationError when it cannot be brought up to date
   */
  upgrade(report: (step: UpgradeStep) => void): Promise<void> {
    return this.withClient((client) => new Upgrade(client, this.migrations, this.models, report).run());
  }

  /** The state of the database, for an application that is not connected. */
  inspect(): Promise<DatabaseState> {
    return this.withClient((client) => this.readFrom(client));
  }

  private get models(): readonly Model<unknown>[] {
    return Object.values(this.connection.models) as Model<unknown>[];
  }

  private readFrom({ db }: Connection): Promise<DatabaseState> {
    if (!db) throw new Error('There is no connection');
    return readState(db, this.migrations, this.models);
  }

  private async withClient<T>(work: (client: Connection) => Promise<T>): Promise<T> {
    const client = await mongoose
      .createConnection(this.config.mongodbUri ?? '', {
        ...LENIENT_DECODING,
        autoIndex: false,
        autoCreate: false,
        maxPoolSize: 10,
        readPreference: 'primary',
        writeConcern: { w: 'majority', journal: true },
      })
      .asPromise();
    try {
      return await work(client);
    } catch (error) {
      this.logCause(error);
      throw error;
    } finally {
      await client.close();
    }
  }

  /** The person at the terminal sees the message; the author of the migration needs the stack. */
  private logCause(error: unknown): void {
    if (error instanceof MigrationError && error.cause) {
      this.logger.error({ event: 'migration_failed', err: error.cause });
    }
  }

  private logBehind({ migrations, indexes }: DatabaseState): void {
    const pending = migrations.filter(({ appliedAt }) => !appliedAt).map(({ name }) => name);
    const lacking = indexes.flatMap(({ collection, missing, changed }) =>
      [...missing, ...changed.map(({ declared }) => declared)].map(({ name }) => `${collection}.${name}`),
    );
    this.logger.warn({ event: 'database_behind', migrations: pending, indexes: lacking }, BEHIND);
  }

  private logUndeclared({ indexes }: DatabaseState): void {
    for (const { collection, undeclared } of indexes) {
      for (const { name } of undeclared)
        this.logger.warn({ event: 'index_undeclared', collection, index: name });
    }
  }
}
