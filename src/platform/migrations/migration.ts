import type { mongo } from 'mongoose';
import { StartError } from '../config/start-error.js';
import { duplicateKeyOf } from '../errors/driver-errors.js';

/** What a migration works with. */
export interface MigrationContext {
  /** The driver's, without models: what a migration does stays the same when schemas change later. */
  readonly db: mongo.Db;
  /**
   * Tells people how far the work is: `40,000 of 100,000 users`. Long work calls it after each batch, and stops where
   * it throws: the lock was lost, and another process may do the work by now.
   */
  readonly progress: (done: string) => void;
}

/** A step from one version of the database to the next. */
export interface Migration {
  /** The name of its file: `0001-user-flags`. Never changes once it has been released. */
  readonly name: string;
  /**
   * Does the work. Must bear being done again: a process that dies in its middle, or before the ledger says that it
   * was done, leaves it to the next one. What it writes must suit the code before it as well, which still runs.
   */
  up(context: MigrationContext): Promise<void>;
}

/** The database cannot be brought up to date. The message is for people, and quotes no value of a record. */
export class MigrationError extends StartError {}

/** What went wrong, without the value that a duplicate key error quotes. */
export function reasonOf(error: unknown): string {
  const fields = duplicateKeyOf(error);
  if (fields) return `several records have the same ${fields.join(', ') || 'value in a unique index'}`;
  return error instanceof Error ? error.message : String(error);
}
