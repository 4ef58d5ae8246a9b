import { type Model, type mongo, type Schema, Types } from 'mongoose';
import type { RecordCipher } from './field-encryption.js';
import { driverDatabase } from './driver.js';
import { type Find, find } from './find.js';
import type { StoredRecord } from './record.js';
import { SchemaRules } from './schema-rules.js';

/**
 * The records of one collection as they are stored. The driver is called beneath the Mongoose model: inputs have been
 * checked by their DTOs, and a document's machinery would cost more than the operation.
 */
export class RecordStore<T extends StoredRecord> {
  private driverCollection: mongo.Collection | undefined;
  private readonly rules: SchemaRules;

  constructor(
    private readonly model: Model<T>,
    /** Only where the schema has encrypted fields. */
    private readonly cipher: RecordCipher | undefined,
  ) {
    this.rules = new SchemaRules({ modelName: model.modelName, schema: model.schema as Schema });
  }

  /** What is encrypted stays so. */
  find<R>(query: Find): Promise<R[]> {
    return find<R>(this.db, this.model.collection.name, query);
  }

  /** Made once: Mongoose's collection, and making the driver's at each use, cost more than using it. */
  get collection(): mongo.Collection {
    return (this.driverCollection ??= this.db.collection(this.model.collection.name));
  }

  /** Writes the first version of a record. */
  async insert(fields: object, session: mongo.ClientSession | undefined): Promise<T> {
    const now = new Date();
    const _id = new Types.ObjectId();
    const record: Record<string, unknown> = { _id };
    split(fields, record);
    this.rules.fillIn(record, fields);
    this.rules.check(record);
    Object.assign(record, { version: 1, createdAt: now, updatedAt: now });
    const stored = this.cipher?.seal(String(_id), record) ?? record;
    await this.collection.insertOne(stored, session && { session });
    return record as unknown as T;
  }

  /** What makes the next version of a record. */
  updateOf(id: string, change: object): mongo.UpdateFilter<mongo.Document> {
    const fields: Record<string, unknown> = { updatedAt: new Date() };
    const absent = split(change, fields);
    this.rules.check(fields);
    const $set = this.cipher?.seal(id.toLowerCase(), fields) ?? fields;
    const update = { $inc: { version: 1 }, $set };
    return absent.length > 0
      ? { ...update, $unset: Object.fromEntries(absent.map((name) => [name, ''])) }
      : update;
  }

  /** Decrypts a record, in place. */
  opened(record: T): T {
    return this.cipher ? this.cipher.open(record) : record;
  }

  allOpened(records: T[]): T[] {
    return this.cipher ? records.map((record) => this.opened(record)) : records;
  }

  private get db(): mongo.Db {
    return driverDatabase(this.model);
  }
}

/** Adds the fields that have a value to `record`; names the others. */
function split(fields: object, record: Record<string, unknown>): string[] {
  const absent: string[] = [];
  for (const name of Object.keys(fields)) {
    const value = (fields as Record<string, unknown>)[name];
    if (value === undefined || value === null) absent.push(name);
    else record[name] = value;
  }
  return absent;
}
