import type { mongo } from 'mongoose';
import { isOutage } from '../errors/driver-errors.js';

/** What is looked for. `limit` bounds the records, and so the memory, that one answer takes. */
export interface Find {
  readonly filter: Readonly<Record<string, unknown>>;
  readonly limit: number;
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly projection?: Readonly<Record<string, 0 | 1>>;
  readonly skip?: number;
}

interface Batch<T> {
  readonly cursor: { readonly id: unknown; readonly firstBatch: T[]; readonly nextBatch: T[] };
}

/**
 * Reads up to `limit` records with the `find` command of the MongoDB wire protocol. The driver's cursor would do
 * the same at twice the cost (`npm run bench`): it is made for results of any length. As with the driver, a read
 * that an outage breaks is tried once more.
 */
export async function find<T>(db: mongo.Db, collection: string, { limit, ...query }: Find): Promise<T[]> {
  // One batch as long as the limit: the server closes its cursor with the first answer.
  const command = { find: collection, ...query, limit, batchSize: limit, ...concernOf(db) };
  const { cursor } = await run<T>(db, command).catch((error: unknown) => {
    if (!isOutage(error)) throw error;
    return run<T>(db, command);
  });
  // A batch ends at 16 MiB, so that large records may take several.
  return isClosed(cursor)
    ? cursor.firstBatch
    : [...cursor.firstBatch, ...(await rest<T>(db, collection, cursor))];
}

function run<T>(db: mongo.Db, command: mongo.Document): Promise<Batch<T>> {
  return db.command(command) as unknown as Promise<Batch<T>>;
}

/** Commands do not inherit what the connection string says of reads. */
function concernOf({ readConcern }: mongo.Db): mongo.Document {
  return readConcern ? { readConcern: readConcern.toJSON() } : {};
}

function isClosed({ id }: Batch<unknown>['cursor']): boolean {
  return String(id) === '0';
}

async function rest<T>(db: mongo.Db, collection: string, first: Batch<T>['cursor']): Promise<T[]> {
  const records: T[] = [];
  for (let cursor = first; !isClosed(cursor);) {
    ({ cursor } = await run<T>(db, { getMore: cursor.id, collection }));
    records.push(...cursor.nextBatch);
  }
  return records;
}
