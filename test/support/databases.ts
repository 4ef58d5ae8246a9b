import mongoose from 'mongoose';

/** Says of a database that somebody uses it, or that whoever did was ended before it was emptied. */
const IN_USE = 'in_use';
/** Deleting more records than these takes longer than creating their collection with its indexes again. */
const FEW = 2_000;
/** What a database knows of the code's version. */
const KEPT = new Set(['migrations']);

const taken = new Set<number>();

/** A database of this worker that has been brought up to date before, and holds no records. */
export interface PreparedDatabase {
  readonly uri: string;
  /** Empties it for the next test, after the application has been closed. */
  release(collections: Iterable<string>): Promise<void>;
}

/** A database of this name on the server of the run. */
export function uriOf(name: string): string {
  const server = process.env['TEST_MONGODB_URI'];
  if (!server) throw new Error('TEST_MONGODB_URI is not set: run the tests with `npm test`');
  return server.replace(/\/[^/?]+\?/, `/${name}?`);
}

async function withDatabase<T>(uri: string, act: (db: mongoose.mongo.Db) => Promise<T>): Promise<T> {
  const client = await new mongoose.mongo.MongoClient(uri, { appName: 'product-tests' }).connect();
  try {
    return await act(client.db());
  } finally {
    await client.close();
  }
}

/**
 * Takes a database that no other test uses. Its collections and indexes are those of the last application that used
 * it, since making sixty indexes anew takes longer than most tests.
 */
export async function takeDatabase(): Promise<PreparedDatabase> {
  let number = 0;
  while (taken.has(number)) number++;
  taken.add(number);
  const uri = uriOf(`test_${process.env['JEST_WORKER_ID'] ?? '0'}_${number}`);
  await withDatabase(uri, async (db) => {
    if ((await db.listCollections({ name: IN_USE }).toArray()).length > 0) await db.dropDatabase();
    await db.createCollection(IN_USE);
  });
  return {
    uri,
    async release(collections) {
      await withDatabase(uri, (db) => empty(db, new Set(collections)));
      taken.delete(number);
    },
  };
}

/** Leaves the collections named, without records, and what is known of migrations. */
async function empty(db: mongoose.mongo.Db, collections: ReadonlySet<string>): Promise<void> {
  await db.command({ profile: 0 });
  const all = await db.listCollections({}, { nameOnly: true }).toArray();
  await Promise.all(
    all.map(async ({ name }) => {
      if (KEPT.has(name)) return;
      const collection = db.collection(name);
      const isKept = collections.has(name) && (await collection.estimatedDocumentCount()) <= FEW;
      await (isKept ? collection.deleteMany({}) : collection.drop());
    }),
  );
}
