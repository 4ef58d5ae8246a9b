import type { Connection, mongo } from 'mongoose';
import { encryptedFieldsOf } from '../database/field-encryption.js';
import type { CipherFault, FieldCipher, Place } from './field-cipher.js';

/** Records that are read and written together. */
const BATCH = 200;
/** How many passes are made while processes with another first key keep writing. */
const ROUNDS = 5;

/** A value that cannot be re-encrypted. */
export type Unreadable = Place & CipherFault;

/** What a rotation has come to. */
export interface Rotated {
  /** Values that were re-encrypted, by collection. */
  readonly renewed: ReadonlyMap<string, number>;
  /** A stored value that cannot be decrypted. */
  readonly unreadable: readonly Unreadable[];
  readonly end: 'complete' | 'stopped' | 'others write under another key';
}

/** Is told how far it is. */
export interface RotationLog {
  /** @param renewed of `total` values that were under another key when the round began */
  progress(collection: string, renewed: number, total: number): void;
  /** All is gone through once more, and so many values were found to have come under another key. */
  again(found: number): void;
}

/** Fields by the name of their collection. */
export type EncryptedFields = ReadonlyMap<string, ReadonlySet<string>>;

/** The encrypted fields of all models of a connection. */
export function encryptedFieldsIn({ models }: Connection): EncryptedFields {
  const fields = new Map<string, ReadonlySet<string>>();
  for (const { collection, schema } of Object.values(models)) {
    const all = encryptedFieldsOf(schema).union(fields.get(collection.name) ?? new Set<string>());
    if (all.size > 0) fields.set(collection.name, all);
  }
  return fields;
}

/**
 * Brings every value under the key that encrypts, while others read and write. A value is replaced only where it
 * still stands as it was read, so that no write is lost; wherever a rotation ends, and however many run, each value
 * stays readable. What is done needs no note: a rotation looks for what is not.
 */
export async function rotateKeys(
  db: mongo.Db,
  fields: EncryptedFields,
  cipher: FieldCipher,
  log: RotationLog,
  stop: AbortSignal,
): Promise<Rotated> {
  const rotations = [...fields].map(
    ([name, each]) => new CollectionRotation(db.collection(name), [...each], cipher),
  );
  const state = (end: Rotated['end']): Rotated => ({
    renewed: new Map(rotations.map(({ name, renewed }) => [name, renewed])),
    unreadable: rotations.flatMap(({ unreadable }) => unreadable),
    end,
  });
  for (let round = 1; round <= ROUNDS; round++) {
    let found = 0;
    for (const rotation of rotations) found += await rotation.go(log, stop);
    if (stop.aborted) return state('stopped');
    // Only a round that found nothing to do shows that nothing is left.
    if (found === 0) return state('complete');
    if (round > 1) log.again(found);
  }
  return state('others write under another key');
}

class CollectionRotation {
  renewed = 0;
  /** As the latest round found it. */
  unreadable: Unreadable[] = [];

  constructor(
    private readonly collection: mongo.Collection,
    private readonly fields: readonly string[],
    private readonly cipher: FieldCipher,
  ) {}

  get name(): string {
    return this.collection.collectionName;
  }

  /** Goes through the records in the order of their ids. Resolves with how many values it found to re-encrypt. */
  async go(log: RotationLog, stop: AbortSignal): Promise<number> {
    const before = this.renewed;
    const total = await this.count();
    let found = 0;
    this.unreadable = [];
    for (let last: unknown; !stop.aborted;) {
      const records = await this.read(last);
      if (records.length === 0) break;
      last = records.at(-1)?.['_id'];
      const writes = records.flatMap((record) => this.renewalsOf(record));
      found += writes.length;
      if (writes.length > 0) {
        this.renewed += (await this.collection.bulkWrite(writes, { ordered: false })).modifiedCount;
      }
      log.progress(this.name, this.renewed - before, total);
    }
    return found;
  }

  private async count(): Promise<number> {
    const counts = this.fields.map((field) => this.collection.countDocuments({ [field]: this.outdated }));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  private read(last: unknown): Promise<mongo.Document[]> {
    const filter = { $or: this.fields.map((field) => ({ [field]: this.outdated })) };
    const next = last === undefined ? filter : { ...filter, _id: { $gt: last as mongo.ObjectId } };
    const projection = Object.fromEntries(this.fields.map((field) => [field, 1]));
    return this.collection.find(next, { projection, sort: { _id: 1 }, limit: BATCH }).toArray();
  }

  private renewalsOf(record: mongo.Document): mongo.AnyBulkWriteOperation[] {
    const _id = record['_id'] as mongo.ObjectId;
    return this.fields.flatMap((field) => {
      const value: unknown = record[field];
      if (value === null || value === undefined) return [];
      if (typeof value === 'string' && value.startsWith(this.cipher.head)) return [];
      const place = { collection: this.name, recordId: String(_id), field };
      const renewal = this.cipher.renew(value, place);
      if (typeof renewal === 'string') {
        return { updateOne: { filter: { _id, [field]: value }, update: { $set: { [field]: renewal } } } };
      }
      this.unreadable.push({ ...place, ...renewal });
      return [];
    });
  }

  /** A condition on a field: it has a value that is not under the key that encrypts. */
  private get outdated(): mongo.Document {
    return { $exists: true, $ne: null, $not: new RegExp(`^${this.cipher.head}`) };
  }
}
