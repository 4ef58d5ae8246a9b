import type { mongo } from 'mongoose';
import type { Migration } from '../platform/migrations/migration.js';

/** Records of these are answered without `createdBy`. */
const OTHERS: ReadonlySet<string> = new Set([
  'api_keys',
  'audit',
  'execution_steps',
  'executions',
  'former_addresses',
  'idempotency_keys',
  'identities',
  'knowndevices',
  'mail_links',
  'second_factors',
  'sessions',
]);
const BATCH = 1000;

/**
 * What users own was created by its owner: until now nobody else could. The version of such records rises, since they
 * are answered differently from then on.
 */
export const createdBy: Migration = {
  name: '20261129064000-created-by',
  async up({ db, progress }) {
    const collections = await db.listCollections({ type: 'collection' }, { nameOnly: true }).toArray();
    for (const { name } of collections) {
      if (OTHERS.has(name) || name.startsWith('system.')) continue;
      await fill(db.collection(name), progress);
    }
  },
};

async function fill(records: mongo.Collection, progress: (done: string) => void): Promise<void> {
  const lacking = {
    ownerId: { $type: 'objectId' },
    createdBy: { $exists: false },
    version: { $type: 'number' },
  };
  let done = 0;
  let ids: mongo.BSON.ObjectId[] = [];
  const write = async (): Promise<void> => {
    progress(`${done} ${records.collectionName} have createdBy`);
    await records.updateMany({ _id: { $in: ids }, ...lacking }, [
      { $set: { createdBy: '$ownerId', version: { $add: ['$version', 1] } } },
    ]);
    done += ids.length;
    ids = [];
  };
  // In the order of the index that is there, so that each record is looked at once.
  for await (const { _id } of records.find(lacking, { projection: { _id: 1 }, sort: { _id: 1 } })) {
    ids.push(_id);
    if (ids.length === BATCH) await write();
  }
  if (ids.length > 0) await write();
}
