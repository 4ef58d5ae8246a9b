import mongoose, { type Connection, type Model, type mongo } from 'mongoose';
import { compareIndexes, type Index, type IndexComparison } from './index-comparison.js';

const { MongoServerError } = mongoose.mongo;

/** The indexes of a collection, as schemas declare them and as the database has them. */
export interface CollectionIndexes extends IndexComparison {
  readonly collection: string;
}

/** The name that MongoDB's driver gives: `ownerId_1_createdAt_-1`. */
function nameOf(keys: Index['key']): string {
  return Object.entries(keys).flat().join('_');
}

function declaredBy({ schema }: Model<unknown>): Index[] {
  return schema.indexes().map(([key, declared]) => {
    // `background` means nothing any more.
    const { background: _, ...options } = declared as mongo.Document;
    const collation = options['collation'] ?? schema.get('collation');
    return { name: nameOf(key), ...options, ...(collation && !isTextIndex(key) && { collation }), key };
  });
}

function isTextIndex(key: Index['key']): boolean {
  return Object.values(key).includes('text');
}

async function foundIn(db: mongo.Db, collection: string): Promise<Index[]> {
  try {
    return (await db.collection(collection).indexes()) as Index[];
  } catch (error) {
    if (error instanceof MongoServerError && error.codeName === 'NamespaceNotFound') return [];
    throw error;
  }
}

/** Compares the indexes of all collections that schemas declare. Changes nothing. */
export function readIndexes(db: mongo.Db, models: readonly Model<unknown>[]): Promise<CollectionIndexes[]> {
  const collections = Map.groupBy(models, (model) => model.collection.name);
  return Promise.all(
    [...collections].map(async ([collection, its]) => {
      return { collection, ...compareIndexes(its.flatMap(declaredBy), await foundIn(db, collection)) };
    }),
  );
}

/** Creates indexes, and their collection with the options of its schema where there is none. */
export async function createIndexes(
  connection: Connection,
  { modelName, schema, collection: { name } }: Model<unknown>,
  indexes: readonly Index[],
): Promise<void> {
  await connection.model(modelName, schema, name).createCollection();
  // In one command: each waits for the journal, and reads all records.
  await connection.collection(name).createIndexes(indexes as mongo.IndexDescription[]);
}
