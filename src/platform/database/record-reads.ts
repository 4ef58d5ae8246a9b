import type { Model, PipelineStage } from 'mongoose';
import type { RecordCipher } from './field-encryption.js';
import { apiError } from '../errors/errors.js';
import type { Page, PageQuery } from '../validation/page.js';
import type { DomainEvents } from '../logging/events.js';
import { type Scope, userOf } from '../access/caller.js';
import type { Cursors } from './cursor.js';
import { asksFor, behind, type Filter, NEWEST_FIRST, uniqueKeys } from './filter.js';
import type { Find } from './find.js';
import { Ownership } from './ownership.js';
import { RecordEvents } from './record-events.js';
import { RecordStore } from './record-store.js';
import type { StoredRecord } from './record.js';
import type { Resource } from './resource.js';
import { sessionOf, type Transaction } from './transactions.js';

/** Stages that read or write other collections, or change what a record is before its owner was asked for. */
const BEYOND = ['$lookup', '$graphLookup', '$unionWith', '$out', '$merge', '$facet'] as const;

/** What `find` looks for. */
interface Search {
  readonly filter?: Filter;
  /** Newest first unless told; an index of the schema should have it. */
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  /** How many records at most. */
  readonly limit: number;
  readonly transaction?: Transaction | undefined;
}

/** Reads the records of one resource, always within a `Scope`. */
export class RecordReads<T extends StoredRecord> {
  protected readonly ownership: Ownership;
  protected readonly store: RecordStore<T>;
  protected readonly events: RecordEvents;
  private readonly uniqueKeys: readonly (readonly string[])[];

  constructor(
    model: Model<T>,
    protected readonly resource: Resource,
    private readonly cursors: Cursors,
    events: DomainEvents,
    /** Only where the schema has encrypted fields. */
    protected readonly cipher: RecordCipher | undefined,
  ) {
    this.ownership = new Ownership(model.schema, resource);
    this.events = new RecordEvents(resource.name, this.ownership, events);
    this.uniqueKeys = uniqueKeys(model.schema);
    this.store = new RecordStore(model, cipher);
    cipher?.refuse({ ...this.ownership.everything, ...NEWEST_FIRST });
  }

  /** @throws ApiError …_NOT_FOUND when it is not there or not in the scope */
  async get(scope: Scope, id: string, transaction?: Transaction): Promise<T> {
    const [found] = await this.store.find<T>({
      filter: this.ownership.one(scope, id),
      limit: 1,
      session: transaction?.session,
    });
    if (!found) throw apiError(this.resource.notFound);
    this.events.noteRead(scope, found);
    return this.store.opened(found);
  }

  /** The newest record of the scope that fits, or null. */
  async first(scope: Scope, filter: Filter = {}, transaction?: Transaction): Promise<T | null> {
    this.cipher?.refuse(filter);
    const all = this.ownership.fitting(scope, filter);
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
  async page(
    scope: Scope,
    query: PageQuery,
    filter: Filter = {},
    transaction?: Transaction,
  ): Promise<Page<T>> {
    this.cipher?.refuse(filter);
    const { limit, cursor } = query;
    const all = this.ownership.fitting(scope, filter);
    const binding = JSON.stringify([userOf(scope) ?? 'system', this.resource.name, all]);
    const offset = cursor === undefined ? (query.offset ?? ((query.page ?? 1) - 1) * limit) : null;
    const from = cursor === undefined ? all : behind(this.cursors.decode(cursor, binding), all);
    const session = transaction?.session;
    // One more than is asked for tells whether there is a next page.
    const page = { skip: offset ?? 0, limit: limit + 1, session };
    const read = (): Promise<T[]> => this.store.find<T>({ filter: from, ...this.inOrder(all), ...page });
    const count = (): Promise<number> | undefined => (query.total ? this.count(all, transaction) : undefined);
    // A transaction does one thing at a time.
    const [items, total] = transaction ? [await read(), await count()] : await Promise.all([read(), count()]);
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

  /** The records of the scope that fit, in any order. */
  async find(scope: Scope, { filter = {}, sort, limit, transaction }: Search): Promise<T[]> {
    this.cipher?.refuse({ ...filter, ...sort });
    const all = this.ownership.fitting(scope, filter);
    const order = sort ? { sort } : this.inOrder(all);
    const found = await this.store.find<T>({ filter: all, ...order, limit, session: transaction?.session });
    this.events.notePage(scope, filter, found.length);
    return this.store.allOpened(found);
  }

  /**
   * What a pipeline makes of the records of the scope: its first stage sees no others.
   * @throws Error for stages that reach beyond them, and for encrypted fields
   */
  async aggregate<R>(
    scope: Scope,
    pipeline: readonly PipelineStage[],
    transaction?: Transaction,
  ): Promise<R[]> {
    this.cipher?.refuse(pipeline);
    const beyond = BEYOND.find((stage) => pipeline.some((each) => stage in each));
    if (beyond !== undefined) {
      throw new Error(
        `aggregate(scope, …): ${beyond} reaches beyond the scope; read the other records by theirs`,
      );
    }
    const stages = [
      { $match: { ...this.ownership.everything, ...this.ownership.within(scope) } },
      ...pipeline,
    ];
    const results = await this.store.collection.aggregate(stages, sessionOf(transaction)).toArray();
    this.events.notePage(scope, {}, results.length);
    return results as R[];
  }

  /** A single record needs no order, and MongoDB would sort it in memory. */
  private inOrder(filter: Filter): Pick<Find, 'sort'> {
    return this.uniqueKeys.some((fields) => fields.every((field) => asksFor(filter, field)))
      ? {}
      : { sort: NEWEST_FIRST };
  }

  private count(filter: Filter, transaction: Transaction | undefined): Promise<number> {
    return this.store.collection.countDocuments(
      { ...this.ownership.everything, ...filter },
      sessionOf(transaction),
    );
  }
}
