import { Injectable } from '@nestjs/common';
import { type Model, Types } from 'mongoose';
import { type RecordCipher, RecordCiphers } from '../encryption/record-cipher.js';
import { duplicateKeyOf } from '../errors/driver-errors.js';
import { type ApiError, apiError, notFound, taken } from '../errors/errors.js';
import { allows, type Precondition } from '../http/entity-tag.js';
import type { Page, PageQuery } from '../http/page.js';
import { DomainEvents } from '../logging/events.js';
import type { Permission, Scope } from '../security/caller.js';
import { Cursors } from './cursor.js';
import { asksFor, behind, type Filter, NEWEST_FIRST, uniqueKeys } from './filter.js';
import type { Find } from './find.js';
import { actorOf, Ownership } from './ownership.js';
import { RecordEvents } from './record-events.js';
import { RecordStore } from './record-store.js';
import type { StoredRecord } from './record.js';
import { type Link, linksIn, type ReferenceField, References } from './references.js';
import { afterwards, type Transaction } from './transactions.js';

interface Options {
  /** What a record is called in messages and codes: `project`. */
  readonly resource: string;
  /** The field that says whose record it is: `ownerId` unless told. */
  readonly ownerField?: string;
  /** The records belong to nobody: every scope has all of them. */
  readonly shared?: true;
  /** Who has this permission may refer to records of others. */
  readonly readers?: Permission;
  /** The error for a value that is taken, where it is not `taken(resource, field)`. */
  readonly taken?: (field: string) => ApiError;
}

/** What a new record starts with. Nothing is filled in by a schema, so that the compiler sees what is missing. */
export type NewRecord<T> = Omit<T, keyof StoredRecord>;

/**
 * Reads and writes the records of one collection, always within a `Scope`.
 * Records come back as plain objects.
 */
export class Repository<T extends StoredRecord> {
  private readonly ownership: Ownership;
  private readonly store: RecordStore<T>;
  /** Only where the schema has encrypted fields. */
  private readonly cipher: RecordCipher | undefined;
  private readonly uniqueKeys: readonly (readonly string[])[];
  private readonly events: RecordEvents;
  private readonly referenceFields: readonly ReferenceField[];

  constructor(
    private readonly model: Model<T>,
    private readonly options: Options,
    private readonly cursors: Cursors,
    private readonly references: References,
    events: DomainEvents,
    ciphers: RecordCiphers,
  ) {
    const { resource } = options;
    this.ownership = new Ownership(model.schema, options);
    this.events = new RecordEvents(resource, this.ownership, events);
    this.uniqueKeys = uniqueKeys(model.schema);
    this.cipher = ciphers.of(model.collection.name, model.schema);
    this.store = new RecordStore(model, this.cipher);
    this.cipher?.refuse({ ...this.ownership.everything, ...NEWEST_FIRST });
    this.referenceFields = references.add(model as Model<unknown>, {
      resource,
      isReadable: async (scope, id, { session }) => {
        const filter = this.ownership.readable(scope, id);
        return (await this.store.find({ filter, limit: 1, projection: { _id: 1 }, session })).length > 0;
      },
    });
  }

  /**
   * Writes a new record, which belongs to whoever is behind the scope. A field that is null or undefined is not stored.
   * @throws ApiError …_TAKEN when a unique field repeats, VALIDATION_ERROR for a reference that leads nowhere
   */
  async create(scope: Scope, fields: Omit<NewRecord<T>, 'ownerId'>, transaction?: Transaction): Promise<T> {
    const record = { ...fields, ...this.ownership.ofNew(scope) };
    const links = linksIn(this.referenceFields, record);
    if (links.length === 0) return this.write(record, transaction);
    return this.references.linking(links, transaction, async (within) => {
      await this.references.require(scope, links, within);
      return this.write(record, within);
    });
  }

  /**
   * Writes a new record where there is no scope. A field that is null or undefined is not stored.
   * @throws ApiError …_TAKEN when a unique field repeats
   * @throws Error for a record with references: nobody is there who may read what they lead to
   */
  async insert(fields: NewRecord<T>, transaction?: Transaction): Promise<T> {
    const [link] = linksIn(this.referenceFields, fields);
    if (link) throw new Error(`${link.field} is a reference: create the record in a scope`);
    return this.write(fields, transaction);
  }

  /** @throws ApiError …_NOT_FOUND when it is not there or not in the scope */
  async get(scope: Scope, id: string): Promise<T> {
    const [found] = await this.store.find<T>({ filter: this.ownership.one(scope, id), limit: 1 });
    if (!found) throw notFound(this.options.resource);
    this.events.noteRead(scope, found);
    return this.store.opened(found);
  }

  /** The newest record of the scope that fits, or null. */
  async first(scope: Scope, filter: Filter = {}, transaction?: Transaction): Promise<T | null> {
    this.cipher?.refuse(filter);
    const all = { ...this.ownership.within(scope), ...filter };
    const [found] = await this.store.find<T>({
      filter: all,
      ...this.inOrder(all),
      limit: 1,
      session: transaction?.session,
    });
    if (!found) return null;
    this.events.noteRead(scope, found);
    return this.store.opened(found);
  }

  /** One page, newest records first. */
  async page(scope: Scope, query: PageQuery, filter: Filter = {}): Promise<Page<T>> {
    this.cipher?.refuse(filter);
    const { limit, cursor } = query;
    const all = { ...this.ownership.within(scope), ...filter };
    const binding = JSON.stringify([actorOf(scope), this.options.resource, all]);
    const offset = cursor === undefined ? (query.offset ?? ((query.page ?? 1) - 1) * limit) : null;
    const from = cursor === undefined ? all : behind(this.cursors.decode(cursor, binding), all);
    const counting = query.total ? this.count(all) : undefined;
    // One more than is asked for tells whether there is a next page.
    const page = { skip: offset ?? 0, limit: limit + 1 };
    const reading = this.store.find<T>({ filter: from, ...this.inOrder(all), ...page });
    const [items, total] = counting ? await Promise.all([reading, counting]) : [await reading];
    const hasMore = items.length > limit;
    if (hasMore) items.pop();
    const last = items.at(-1);
    this.events.notePage(scope, filter, items.length);
    return {
      items: this.store.allOpened(items),
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
   *   and the caller named no version, …_TAKEN, VALIDATION_ERROR for a reference that leads nowhere
   */
  async update(
    scope: Scope,
    id: string,
    precondition: Precondition,
    change: object,
    transaction?: Transaction,
  ): Promise<T> {
    const links = linksIn(this.referenceFields, change);
    if (links.length === 0) return this.change(scope, id, precondition, change, transaction);
    return this.references.linking(links, transaction, (within) =>
      this.change(scope, id, precondition, change, within, links),
    );
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
    const [current] = await this.store.find<Pick<StoredRecord, 'version'>>({
      filter: this.ownership.one(scope, id),
      limit: 1,
      projection: { version: 1 },
      session: transaction?.session,
    });
    if (!current) throw notFound(this.options.resource);
    if (!allows(precondition, current.version)) throw apiError('PRECONDITION_FAILED');
    return current.version;
  }

  /**
   * Users are removed whatever refers to them.
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED (412), IN_USE (409) for what other records refer to
   */
  async remove(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction?: Transaction,
  ): Promise<void> {
    const target = this.model.modelName;
    if (this.ownership.field === '_id' || !this.references.leadTo(target)) {
      return this.erase(scope, id, precondition, transaction);
    }
    const record = { target, id: new Types.ObjectId(id) };
    return this.references.removing(record, transaction, async (within) => {
      // Afterwards: what only refers to itself is in nobody's use.
      await this.erase(scope, id, precondition, within);
      await this.references.requireUnused(record, within);
    });
  }

  private async write(fields: object, transaction: Transaction | undefined): Promise<T> {
    const record = await this.store.insert(fields, transaction?.session).catch(this.refuseTaken);
    afterwards(transaction, () => this.events.note('record_created', record._id));
    return record;
  }

  private async change(
    scope: Scope,
    id: string,
    precondition: Precondition,
    change: object,
    transaction: Transaction | undefined,
    links: readonly Link[] = [],
  ): Promise<T> {
    const session = transaction?.session;
    const version = await this.require(scope, id, precondition, transaction);
    if (transaction && links.length > 0) await this.references.require(scope, links, transaction);
    const updated = (await this.store.collection
      .findOneAndUpdate({ ...this.ownership.one(scope, id), version }, this.store.updateOf(id, change), {
        returnDocument: 'after',
        ...(session && { session }),
      })
      .catch(this.refuseTaken)) as T | null;
    if (!updated) throw apiError(precondition.required ? 'PRECONDITION_FAILED' : 'CONFLICT');
    afterwards(transaction, () => {
      this.events.noteRead(scope, updated);
      this.events.note('record_updated', updated._id);
    });
    return this.store.opened(updated);
  }

  private async erase(
    scope: Scope,
    id: string,
    { versions, except }: Precondition,
    transaction: Transaction | undefined,
  ): Promise<void> {
    const one = this.ownership.one(scope, id);
    const session = transaction && { session: transaction.session };
    const version = { ...(versions !== 'any' && { $in: versions }), ...(except && { $nin: except }) };
    const isConditional = Object.keys(version).length > 0;
    const removed = (await this.store.collection.findOneAndDelete(isConditional ? { ...one, version } : one, {
      ...session,
    })) as T | null;
    if (!removed) {
      const count = () => this.store.collection.countDocuments(one, { limit: 1, ...session });
      const exists = isConditional && (await count()) > 0;
      throw exists ? apiError('PRECONDITION_FAILED') : notFound(this.options.resource);
    }
    afterwards(transaction, () => {
      this.events.noteRead(scope, removed);
      this.events.note('record_deleted', removed._id);
    });
  }

  /** A single record needs no order, and MongoDB would sort it in memory. */
  private inOrder(filter: Filter): Pick<Find, 'sort'> {
    return this.uniqueKeys.some((fields) => fields.every((field) => asksFor(filter, field)))
      ? {}
      : { sort: NEWEST_FIRST };
  }

  private count(filter: Filter): Promise<number> {
    return this.store.collection.countDocuments({ ...this.ownership.everything, ...filter });
  }

  private readonly refuseTaken = (error: unknown): never => {
    const fields = duplicateKeyOf(error);
    if (!fields || fields.length === 0) throw error;
    // An owner has one: only its own field is left to name.
    const field = fields.findLast((name) => name !== this.ownership.field) ?? String(fields[0]);
    throw this.options.taken?.(field) ?? taken(this.options.resource, field);
  };
}

/** Makes the repositories of features: `repositories.of(model, { resource: 'project' })`. */
@Injectable()
export class Repositories {
  constructor(
    private readonly cursors: Cursors,
    private readonly references: References,
    private readonly events: DomainEvents,
    private readonly ciphers: RecordCiphers,
  ) {}

  of<T extends StoredRecord>(model: Model<T>, options: Options): Repository<T> {
    return new Repository(model, options, this.cursors, this.references, this.events, this.ciphers);
  }
}
