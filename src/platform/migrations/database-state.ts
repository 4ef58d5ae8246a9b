import type { Model, mongo } from 'mongoose';
import { type CollectionIndexes, readIndexes } from './indexes.js';
import { Ledger } from './ledger.js';
import type { Migration } from './migration.js';

/** What is to be done about a database that is not current. */
export const BEHIND =
  'The database is older than the code: run `npm run migrate`, in an image `node dist/migrate.js`.';

/** The state of a database relative to the code. */
export interface DatabaseState {
  /** The migrations of the code, in order; without a time those that the database has yet to get. */
  readonly migrations: readonly { readonly name: string; readonly appliedAt: Date | undefined }[];
  /** Migrations of the database that this code does not know: a newer version of it has been here. */
  readonly newer: readonly { readonly name: string; readonly appliedAt: Date }[];
  readonly indexes: readonly CollectionIndexes[];
  /**
   * Whether the code can work with the database. One that a newer version has migrated may have other indexes, for
   * the processes of the older one go on until they are replaced.
   */
  readonly isCurrent: boolean;
}

/** Reads the state of the database relative to the code. Changes nothing and takes no lock. */
export async function readState(
  db: mongo.Db,
  migrations: readonly Migration[],
  models: readonly Model<unknown>[],
): Promise<DatabaseState> {
  const [applied, indexes] = await Promise.all([new Ledger(db).read(), readIndexes(db, models)]);
  const known = new Set(migrations.map(({ name }) => name));
  const newer = [...applied].flatMap(([name, appliedAt]) => (known.has(name) ? [] : [{ name, appliedAt }]));
  const hasAll = migrations.every(({ name }) => applied.has(name));
  const fits = indexes.every(({ missing, changed }) => missing.length === 0 && changed.length === 0);
  return {
    migrations: migrations.map(({ name }) => ({ name, appliedAt: applied.get(name) })),
    newer,
    indexes,
    isCurrent: hasAll && (fits || newer.length > 0),
  };
}
