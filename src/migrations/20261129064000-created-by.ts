import type { mongo } from 'mongoose';
import { type Migration, updateInBatches } from '../platform/migrations/migration.js';

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
  const update = [{ $set: { createdBy: '$ownerId', version: { $add: ['$version', 1] } } }];
  await updateInBatches(records, lacking, update, (done) =>
    progress(`${done} ${records.collectionName} have createdBy`),
  );
}
