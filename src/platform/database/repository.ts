import { Injectable } from '@nestjs/common';
import { type Model, type mongo, Types } from 'mongoose';
import { type RecordCipher, RecordCiphers } from '../encryption/record-cipher.js';
import { type ApiError, apiError, notFound, taken } from '../errors/errors.js';
import type { Precondition } from '../http/entity-tag.js';
import type { Page, PageQuery } from '../http/page.js';
import { DomainEvents } from '../logging/events.js';
import type { Scope, UserId } from '../security/caller.js';
import { Cursors } from './cursor.js';
import { ANY_VALUE, asksFor, behind, type Filter, NEWEST_FIRST, uniqueFields } from './filter.js';
import { duplicateKeyOf } from '../errors/driver-errors.js';
import { type Find, find } from './find.js';
import type { StoredRecord } from './record.js';
import { afterwards, type Transaction } from './transactions.js';

interface Options {
  /** What a record is called in messages and codes: `project`. */
  readonly resource: string;
  /** The field that says whose record it is. */
  readonly ownerField?: string;
  /** The error for a value that is taken, where it is not `taken(resource, field)`. */
  readonly taken?: (field: string) => ApiError;
}

/** What a new record starts with. Nothing is filled in by a schema, so that the compiler sees what is missing. */
export type NewRecord<T> = Omit<T, keyof StoredRecord>;

/**
 * Reads and writes the records of one collection, always within a `Scope`.
 * Records come back as plain objects, as they are stored. The driver is called beneath the Mongoose model:
 * inputs have been checked by their DTOs, and a document's machinery would cost more than the operation.
 */
export class Repository<T extends StoredRecord> {
  private readonly ownerField: string;
  private driverCollection: mongo.Collection | undefined;
  /** Only where the schema has encrypted fields. */
  private readonly cipher: RecordCipher | undefined;
  private readonly uniqueFields: readonly string[];

  constructor(
    private readonly model: Model<T>,
    private readonly options: Options,
    private readonly cursors: Cursors,
    private readonly events: DomainEvents,
    ciphers: RecordCiphers,
  ) {
    this.ownerField = options.ownerField ?? 'ownerId';
    this.uniqueFields = uniqueFields(model.schema);
    this.cipher = ciphers.of(model.collection.name, model.schema);
    this.cipher?.refuse({ [this.ownerField]: 1, ...NEWEST_FIRST });
  }

  /**
   * A field that is null or undefined is not stored.
   * @throws ApiError …_TAKEN when a unique field repeats
   */
  async insert(fields: NewRecord<T>, transaction?: Transaction): Promise<T> {
    const now = new Date();
    const _id = new Types.ObjectId();
    const record: Record<string, unknown> = { _id };
    split(fields, record);
    Object.assign(record, { version: 1, createdAt: now, updatedAt: now });
    const stored = this.cipher?.seal(String(_id), record) ?? record;
    const session = transaction?.session;
    await this.collection.insertOne(stored, session && { session }).catch(this.refuseTaken);
    afterwards(transaction, () => this.events.record('record_created', this.subject(_id)));
    return record as unknown as T;
  }

  /** @throws ApiError …_NOT_FOUND when it is not there or not in the scope */
  async get(scope: Scope, id: string): Promise<T> {
    const [found] = await this.find<T>({ filter: this.one(scope, id), limit: 1 });
    if (!found) throw notFound(this.options.resource);
    this.noteForeign(scope, found);
    return this.opened(found);
  }

  /** The newest record of the scope that fits, or null. */
  async first(scope: Scope, filter: Filter = {}, transaction?: Transaction): Promise<T | null> {
    this.cipher?.refuse(filter);
    const all = { ...this.within(scope), ...filter };
    const [found] = await this.find<T>({
      filter: all,
      ...this.inOrder(all),
      limit: 1,
      session: transaction?.session,
    });
    if (!found) return null;
    this.noteForeign(scope, found);
    return this.opened(found);
  }

  /** One page, newest records first. */
  async page(scope: Scope, query: PageQuery, filter: Filter = {}): Promise<Page<T>> {
    this.cipher?.refuse(filter);
    const { limit, cursor } = query;
    const all = { ...this.within(scope), ...filter };
    const binding = JSON.stringify([scope.owner ?? scope.caller, this.options.resource, all]);
    const offset = cursor === undefined ? (query.offset ?? ((query.page ?? 1) - 1) * limit) : null;
    const from = cursor === undefined ? all : behind(this.cursors.decode(cursor, binding), all);
    const counting = query.total ? this.count(scope, all) : undefined;
    // One more than is asked for tells whether there is a next page.
    const page = { skip: offset ?? 0, limit: limit + 1 };
    const reading = this.find<T>({ filter: from, ...this.inOrder(all), ...page });
    const [items, total] = counting ? await Promise.all([reading, counting]) : [await reading];
    const hasMore = items.length > limit;
    if (hasMore) items.pop();
    const last = items.at(-1);
    if (scope.all && String(filter[this.ownerField]) !== scope.caller) {
      this.events.record('foreign_access', { ...this.access(scope), count: items.length });
    }
    return {
      items: this.cipher ? items.map((item) => this.opened(item)) : items,
      pagination: {
        limit,
        offset,
        hasMore,
        nextCursor: hasMore && last ? this.cursors.encode(last, binding) : null,
        ...(total !== undefined && { total }),
      },
    };
  }

  /**
   * Changes the fields that `change` has; null or undefined unsets one. Raises the version, always.
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED (412), CONFLICT (409) when another writer was first
   *   and the caller named no version, …_TAKEN
   */
  async update(
    scope: Scope,
    id: string,
    precondition: Precondition,
    change: object,
    transaction?: Transaction,
  ): Promise<T> {
    const session = transaction?.session;
    const version = await this.require(scope, id, precondition, transaction);
    const same = { ...this.one(scope, id), version };
    const updated = (await this.collection
      .findOneAndUpdate(same, this.updateOf(id, change), {
        returnDocument: 'after',
        ...(session && { session }),
      })
      .catch(this.refuseTaken)) as T | null;
    if (!updated) throw apiError(precondition.required ? 'PRECONDITION_FAILED' : 'CONFLICT');
    afterwards(transaction, () => {
      this.noteForeign(scope, updated);
      this.events.record('record_updated', this.subject(updated._id));
    });
    return this.opened(updated);
  }

  /**
   * The version of a record that the caller is ready to change.
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED (412)
   */
  async require(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction?: Transaction,
  ): Promise<number> {
    const [current] = await this.find<Pick<StoredRecord, 'version'>>({
      filter: this.one(scope, id),
      limit: 1,
      projection: { version: 1 },
      session: transaction?.session,
    });
    if (!current) throw notFound(this.options.resource);
    if (!allows(precondition, current.version)) throw apiError('PRECONDITION_FAILED');
    return current.version;
  }

  /** @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED (412) */
  async remove(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction?: Transaction,
  ): Promise<void> {
    const { versions } = precondition;
    const session = transaction?.session && { session: transaction.session };
    const wanted = versions === 'any' ? {} : { version: { $in: versions } };
    const removed = (await this.collection.findOneAndDelete(
      { ...this.one(scope, id), ...wanted },
      { ...session },
    )) as T | null;
    if (!removed) {
      const count = () => this.collection.countDocuments(this.one(scope, id), { limit: 1, ...session });
      const exists = versions !== 'any' && (await count()) > 0;
      throw exists ? apiError('PRECONDITION_FAILED') : notFound(this.options.resource);
    }
    afterwards(transaction, () => {
      this.noteForeign(scope, removed);
      this.events.record('record_deleted', this.subject(removed._id));
    });
  }

  private within(scope: Scope): Filter {
    return scope.all ? {} : { [this.ownerField]: new Types.ObjectId(scope.owner) };
  }

  private one(scope: Scope, id: string): Filter {
    const _id = new Types.ObjectId(id);
    const within = this.within(scope);
    // Both conditions, also where they are on the same field: users own themselves.
    return '_id' in within ? { $and: [{ _id }, within] } : { _id, ...within };
  }

  /** A single record needs no order, and MongoDB would sort it in memory. */
  private inOrder(filter: Filter): Pick<Find, 'sort'> {
    return this.uniqueFields.some((field) => asksFor(filter, field)) ? {} : { sort: NEWEST_FIRST };
  }

  private count(scope: Scope, filter: Filter): Promise<number> {
    return this.collection.countDocuments(scope.all ? { [this.ownerField]: ANY_VALUE, ...filter } : filter);
  }

  private opened(record: T): T {
    return this.cipher ? this.cipher.open(record) : record;
  }

  private updateOf(id: string, change: object): mongo.UpdateFilter<mongo.Document> {
    const fields: Record<string, unknown> = { updatedAt: new Date() };
    const absent = split(change, fields);
    const $set = this.cipher?.seal(id.toLowerCase(), fields) ?? fields;
    const update = { $inc: { version: 1 }, $set };
    return absent.length > 0
      ? { ...update, $unset: Object.fromEntries(absent.map((name) => [name, ''])) }
      : update;
  }

  private find<R>(query: Find): Promise<R[]> {
    return find<R>(this.db, this.model.collection.name, query);
  }

  private get db(): mongo.Db {
    const { db } = this.model.db;
    if (!db) throw apiError('DATABASE_UNAVAILABLE');
    return db;
  }

  /** Made once: Mongoose's collection, and making the driver's at each use, cost more than using it. */
  private get collection(): mongo.Collection {
    return (this.driverCollection ??= this.db.collection(this.model.collection.name));
  }

  private subject(id: Types.ObjectId): { resource: string; recordId: string } {
    return { resource: this.options.resource, recordId: String(id) };
  }

  private access(scope: Scope & { all: true }): { resource: string; permission: string; userId: UserId } {
    return { resource: this.options.resource, permission: scope.permission, userId: scope.caller };
  }

  private noteForeign(scope: Scope, record: T): void {
    const owner = String((record as unknown as Record<string, unknown>)[this.ownerField]);
    if (!scope.all || owner === scope.caller) return;
    this.events.record('foreign_access', { ...this.access(scope), recordId: String(record._id) });
  }

  private readonly refuseTaken = (error: unknown): never => {
    const fields = duplicateKeyOf(error);
    if (!fields || fields.length === 0) throw error;
    // An owner has one: only its own field is left to name.
    const field = fields.findLast((name) => name !== this.ownerField) ?? this.ownerField;
    throw this.options.taken?.(field) ?? taken(this.options.resource, field);
  };
}

function allows({ versions }: Precondition, version: number): boolean {
  return versions === 'any' || versions.includes(version);
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

/** Makes the repositories of features: `repositories.of(model, { resource: 'project' })`. */
@Injectable()
export class Repositories {
  constructor(
    private readonly cursors: Cursors,
    private readonly events: DomainEvents,
    private readonly ciphers: RecordCiphers,
  ) {}

  of<T extends StoredRecord>(model: Model<T>, options: Options): Repository<T> {
    return new Repository(model, options, this.cursors, this.events, this.ciphers);
  }
}
