import mongoose, { type mongo } from 'mongoose';
import { isOutage, isTooSlow } from '../errors/driver-errors.js';

/** What is looked for. `limit` bounds the records, and so the memory, that one answer takes. */
export interface Find {
  readonly filter: Readonly<Record<string, unknown>>;
  readonly limit: number;
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  readonly projection?: Readonly<Record<string, 0 | 1>>;
  readonly skip?: number;
  /** The index to go by. */
  readonly hint?: Readonly<Record<string, 1 | -1>>;
  /** Longest time that the database may take. */
  readonly maxTimeMS?: number;
  /** Of the transaction that the read belongs to. */
  readonly session?: mongo.ClientSession | undefined;
}

interface Batch<T> {
  readonly cursor: { readonly id: unknown; readonly firstBatch: T[]; readonly nextBatch: T[] };
}

/** Sends a command of a read. */
type Send = <T>(command: mongo.Document) => Promise<Batch<T>>;

/**
 * Reads up to `limit` records with the `find` command of the MongoDB wire protocol. The driver's cursor would do
 * the same at twice the cost (`npm run bench`): it is made for results of any length. As with the driver, a read
 * that an outage breaks is tried once more; in a transaction, that is tried again as a whole.
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
  // A cursor belongs to its session, and each command without one takes any: read again in one that is kept.
  await send({ killCursors: collection, cursors: [longOf(cursor.id)] });
  return db.client.withSession((kept) => find<T>(db, collection, { limit, session: kept, ...query }));
}

/** Commands do not inherit what the connection string says of reads; a transaction has a concern of its own. */
function concernOf({ readConcern }: mongo.Db, session: Find['session']): mongo.Document {
  return readConcern && !session?.inTransaction() ? { readConcern: readConcern.toJSON() } : {};
}

function isClosed({ id }: Batch<unknown>['cursor']): boolean {
  return String(id) === '0';
}

/** The driver makes a number of one that is small, and the server takes none. */
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
