import mongoose, { type mongo } from 'mongoose';
import { isOutage, isTooSlow } from '../errors/driver-errors.js';

/** What to find. `limit` bounds the records, and so the memory, of one answer. */
export interface Find {
  readonly filter: Readonly<Record<string, unknown>>;
  readonly limit: number;
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly projection?: Readonly<Record<string, 0 | 1>>;
  readonly skip?: number;
  /** The index to use. */
  readonly hint?: Readonly<Record<string, 1 | -1>>;
  /** Time limit in the database. */
  readonly maxTimeMS?: number;
  /** The session of the transaction that the read belongs to. */
  readonly session?: mongo.ClientSession | undefined;
}

interface Batch<T> {
  readonly cursor: { readonly id: unknown; readonly firstBatch: T[]; readonly nextBatch: T[] };
}

/** Sends a read command. */
type Send = <T>(command: mongo.Document) => Promise<Batch<T>>;

/**
 * Reads up to `limit` records with MongoDB's `find` command. The driver's cursor, which is made for results of any
 * length, would cost twice as much (`npm run bench`). As with the driver, a read that an outage interrupts is retried
 * once, except in a transaction, which is retried as a whole.
 */
export async function find<T>(
  db: mongo.Db,
  collection: string,
  { limit, session, ...query }: Find,
): Promise<T[]> {
  const send = ((command) => db.command(command, session && { session })) as Send;
  // A batch longer than the limit: only then does the server always close its cursor with the first answer.
  const command = { find: collection, ...query, limit, batchSize: limit + 1, ...concernOf(db, session) };
  const { cursor } = await send<T>(command).catch((error: unknown) => {
    if (session || !isOutage(error) || isTooSlow(error)) throw error;
    return send<T>(command);
  });
  // A batch ends at 16 MiB, so that large records may take several.
  if (isClosed(cursor)) return cursor.firstBatch;
  if (session) return [...cursor.firstBatch, ...(await rest<T>(send, collection, cursor))];
  // A cursor belongs to its session, and commands without one get any: read again with a session that is kept.
  await send({ killCursors: collection, cursors: [longOf(cursor.id)] });
  return db.client.withSession((kept) => find<T>(db, collection, { limit, session: kept, ...query }));
}

/** Commands do not inherit read options of the connection string; a transaction has its own read concern. */
function concernOf({ readConcern }: mongo.Db, session: Find['session']): mongo.Document {
  return readConcern && !session?.inTransaction() ? { readConcern: readConcern.toJSON() } : {};
}

function isClosed({ id }: Batch<unknown>['cursor']): boolean {
  return String(id) === '0';
}

/** The driver turns a small cursor id into a number, which the server does not accept. */
function longOf(id: unknown): mongo.Long {
  return mongoose.mongo.Long.fromString(String(id));
}

async function rest<T>(send: Send, collection: string, first: Batch<T>['cursor']): Promise<T[]> {
  const records: T[] = [];
  for (let cursor = first; !isClosed(cursor);) {
    ({ cursor } = await send<T>({ getMore: longOf(cursor.id), collection }));
    records.push(...cursor.nextBatch);
  }
  return records;
}
