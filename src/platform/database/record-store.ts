import mongoose, { type Model, type mongo, type Schema, Types } from 'mongoose';
import type { RecordCipher } from './field-encryption.js';
import { driverDatabase } from './driver.js';
import type { Filter } from './filter.js';
import type { FieldOrders } from './field-orders.js';
import { type Find, find } from './find.js';
import { GroupCommit } from './group-commit.js';
import { GroupedReads } from './grouped-reads.js';
import type { HiddenKeys } from '../validation/hidden-keys.js';
import type { StoredRecord } from './record.js';
import { SchemaRules } from './schema-rules.js';

const { MongoBulkWriteError, MongoServerError } = mongoose.mongo;

/** A record as its service sees it, and as it is stored: sealed, with hidden keys. */
export interface NewVersion<T> {
  readonly record: T;
  readonly stored: mongo.Document;
}

/**
 * The records of one collection as they are stored. The driver is called beneath the Mongoose model: inputs have been
 * checked by their DTOs, and a document's machinery would cost more than the operation.
 */
export class RecordStore<T extends StoredRecord> {
  private driverCollection: mongo.Collection | undefined;
  private readonly rules: SchemaRules;
  private readonly additions = new GroupCommit<NewVersion<T>>((versions) => this.insert(versions));
  private readonly reads = new GroupedReads<T>((filter, limit) => this.find({ filter, limit }));

  constructor(
    private readonly model: Model<T>,
    /** Only if the schema has encrypted fields. */
    private readonly cipher: RecordCipher | undefined,
    /** Only if lists are sorted by texts or can be searched. */
    private readonly hidden: HiddenKeys | undefined,
  ) {
    this.rules = new SchemaRules({ modelName: model.modelName, schema: model.schema as Schema });
  }

  /** Returns encrypted fields as stored. */
  find<R>(query: Find): Promise<R[]> {
    const { projection } = this;
    return find<R>(this.db, this.model.collection.name, projection ? { projection, ...query } : query);
  }

  /**
   * The record that matches a filter by its id: outside a transaction read together with others that are asked for at the
   * same time. Returns encrypted fields as stored.
   */
  async one(filter: Filter, session: mongo.ClientSession | undefined): Promise<T | undefined> {
    if (!session) return this.reads.one(filter);
    return (await this.find<T>({ filter, limit: 1, session }))[0];
  }

  /** Leaves out hidden keys for sorting and search. */
  get projection(): Find['projection'] {
    return this.hidden?.projection;
  }

  /** Created once: creating it for each use, or using Mongoose's, costs more than the use itself. */
  get collection(): mongo.Collection {
    return (this.driverCollection ??= this.db.collection(this.model.collection.name));
  }

  /** The first version of a record, to be inserted. */
  prepare(fields: object, orders: FieldOrders | undefined): NewVersion<T> {
    const now = new Date();
    const _id = new Types.ObjectId();
    const record: Record<string, unknown> = { _id };
    split(fields, record);
    this.rules.fillIn(record, fields);
    this.rules.check(record);
    Object.assign(record, { version: 1, createdAt: now, updatedAt: now });
    orders?.require(record);
    const sealed = this.cipher?.seal(String(_id), record) ?? record;
    const stored = this.hidden ? { ...sealed, ...this.hidden.ofNew(record) } : sealed;
    return { record: record as unknown as T, stored };
  }

  /** Inserts a version: outside a transaction together with others that are inserted at the same time. */
  async add(version: NewVersion<T>, session: mongo.ClientSession | undefined): Promise<void> {
    if (session) await this.insert([version], session);
    else await this.additions.add(version);
  }

  /**
   * Inserts versions: in a transaction all or none, otherwise each whether or not the others can be.
   * @returns the places of those that could not be
   */
  async insert(
    versions: readonly NewVersion<T>[],
    session?: mongo.ClientSession,
  ): Promise<readonly number[]> {
    const documents = versions.map(({ stored }) => stored);
    if (session) {
      await this.insertAll(documents, session);
      return [];
    }
    const [first, ...others] = documents;
    try {
      if (first && others.length === 0) await this.collection.insertOne(first);
      else await this.collection.insertMany(documents, { ordered: false });
      return [];
    } catch (error) {
      const isPartial = error instanceof MongoBulkWriteError && !error.result.getWriteConcernError();
      if (!isPartial) throw error;
      return [error.writeErrors].flat().map(({ index }) => index);
    }
  }

  /** In a transaction, where the driver repeats no write by itself, the command costs less than the driver's methods. */
  private async insertAll(documents: readonly mongo.Document[], session: mongo.ClientSession): Promise<void> {
    const command = { insert: this.model.collection.name, documents };
    const { writeErrors } = await this.db.command(command, { session });
    if (writeErrors) throw new MongoServerError((writeErrors as mongo.ErrorDescription[])[0] ?? {});
  }

  /** The update that writes the next version of a record. */
  updateOf(id: string, change: object): mongo.UpdateFilter<mongo.Document> | mongo.Document[] {
    const fields: Record<string, unknown> = { updatedAt: new Date() };
    const absent = split(change, fields);
    this.rules.check(fields);
    const sealed = this.cipher?.seal(id.toLowerCase(), fields) ?? fields;
    const { keys, words } = this.hidden?.ofChange(fields, absent) ?? {};
    const $set = keys ? { ...sealed, ...keys } : sealed;
    const $unset = this.hidden ? [...absent, ...this.hidden.without(absent)] : absent;
    if (words) return pipelineOf({ $set, $unset, words });
    const update = { $inc: { version: 1 }, $set };
    return $unset.length > 0
      ? { ...update, $unset: Object.fromEntries($unset.map((name) => [name, ''])) }
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

interface Computed {
  readonly $set: Readonly<Record<string, unknown>>;
  readonly $unset: readonly string[];
  /** Expressions over the stored fields. */
  readonly words: mongo.Document;
}

/** The same update as a pipeline, for values computed from stored ones. Other values are literals. */
function pipelineOf({ $set, $unset, words }: Computed): mongo.Document[] {
  const fields = Object.entries($set).map(([name, $literal]) => [name, { $literal }] as const);
  const version = { $add: ['$version', 1] };
  return [
    { $set: { ...Object.fromEntries(fields), ...words, version } },
    ...($unset.length > 0 ? [{ $unset }] : []),
  ];
}

/** Adds the fields that have a value to `record` and returns the names of the others. */
function split(fields: object, record: Record<string, unknown>): string[] {
  const absent: string[] = [];
  for (const name of Object.keys(fields)) {
    const value = (fields as Record<string, unknown>)[name];
    if (value === undefined || value === null) absent.push(name);
    else record[name] = value;
  }
  return absent;
}
