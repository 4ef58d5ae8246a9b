import type { Model, mongo, PipelineStage } from 'mongoose';
import type { RecordCipher } from './field-encryption.js';
import { type ApiError, apiError } from '../errors/errors.js';
import type { Precondition } from '../validation/precondition.js';
import type { Page, PageQuery } from '../validation/page-query.js';
import type { DomainEvents } from '../logging/events.js';
import { type Scope, userOf } from '../access/caller.js';
import { inTurn, MAX_MS } from './counting.js';
import type { Cursors } from './cursor.js';
import { asksFor, type Filter, isGiven, NEWEST_FIRST, newestIndexes, uniqueKeys } from './filter.js';
import type { Find } from './find.js';
import { declaredOrder, type ListOrder, newestFirst, type Part } from './list-order.js';
import { Ownership } from './ownership.js';
import { RecordEvents } from './record-events.js';
import { RecordStore } from './record-store.js';
import type { StoredRecord } from './record.js';
import type { Resource } from './resource.js';
import { sessionOf, type Transaction } from './transactions.js';

/** Stages that access other collections, or change records before their owner has been matched. */
const BEYOND = ['$lookup', '$graphLookup', '$unionWith', '$out', '$merge', '$facet'] as const;

/** What `find` takes. */
interface Search {
  readonly filter?: Filter;
  /** Newest first by default; the schema should have an index for it. */
  readonly sort?: Readonly<Record<string, 1 | -1>>;
  /** Most records to return. */
  readonly limit: number;
  readonly transaction?: Transaction | undefined;
}

/** Reads the records of one resource, always within a `Scope`. */
export class RecordReads<T extends StoredRecord> {
  protected readonly ownership: Ownership;
  protected readonly store: RecordStore<T>;
  protected readonly events: RecordEvents;
  private readonly uniqueKeys: readonly (readonly string[])[];
  /** Only with declared lists, whose indexes MongoDB might choose instead. */
  private readonly newestIndexes: ReturnType<typeof newestIndexes>;

  constructor(
    model: Model<T>,
    protected readonly resource: Resource,
    private readonly cursors: Cursors,
    events: DomainEvents,
    /** Only if the schema has encrypted fields. */
    protected readonly cipher: RecordCipher | undefined,
  ) {
    this.ownership = new Ownership(model.schema, resource);
    this.events = new RecordEvents(resource.name, this.ownership, events);
    this.uniqueKeys = uniqueKeys(model.schema);
    this.newestIndexes = resource.lists ? newestIndexes(model.schema) : [];
    this.store = new RecordStore(model, cipher, resource.lists?.hidden);
    cipher?.refuse({ ...this.ownership.everything, ...NEWEST_FIRST });
  }

  /** @throws ApiError …_NOT_FOUND when it does not exist or is not in the scope */
  async get(scope: Scope, id: string, transaction?: Transaction): Promise<T> {
    const found = await this.store.one(this.ownership.one(scope, id), transaction?.session);
    if (!found) throw apiError(this.resource.notFound);
    this.events.noteRead(scope, found);
    return this.store.opened(found);
  }

  /** The newest matching record in the scope, or null. */
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

  /**
   * One page: newest records first, or in the order that the query asks for and the resource declares.
   * @throws ApiError VALIDATION_ERROR for an order that is not declared, DEADLINE_EXCEEDED, OVERLOADED when too many
   *   totals for the caller are waiting
   */
  async page(
    scope: Scope,
    query: PageQuery,
    filter: Filter = {},
    transaction?: Transaction,
  ): Promise<Page<T>> {
    this.cipher?.refuse(filter);
    const { limit, cursor } = query;
    const order = this.orderOf(query, this.ownership.fitting(scope, filter));
    const list = [userOf(scope) ?? 'system', this.resource.name, order.filter];
    const binding = JSON.stringify(order.name === '' ? list : [...list, order.name]);
    const offset = cursor === undefined ? (query.offset ?? ((query.page ?? 1) - 1) * limit) : null;
    const parts = order.parts(cursor === undefined ? undefined : this.cursors.decode(cursor, binding));
    const session = transaction?.session;
    // One more record than asked for shows whether there is a next page.
    const read = (): Promise<T[]> => this.read(parts, offset ?? 0, limit + 1, session);
    const count = (): Promise<number> => this.count(order, session);
    const [items, total] = !query.total
      ? [await read()]
      : transaction
        ? // Its operations must run one at a time.
          [await read(), await count()]
        : await Promise.all([read(), inTurn(scope, count)]);
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
        nextCursor: hasMore && last ? this.cursors.encode(order.positionOf(last), binding) : null,
        ...(total !== undefined && { total }),
      },
    };
  }

  /**
   * How many matching records in the scope have each value of a field, most frequent first; null counts records without
   * a value.
   * @throws Error for a field that the resource does not declare in `stats`
   */
  async counts(
    scope: Scope,
    field: string,
    filter: Filter = {},
  ): Promise<{ value: unknown; count: number }[]> {
    const { lists, name } = this.resource;
    if (!lists?.stats.includes(field)) throw new Error(`resource '${name}' declares no stats of ${field}`);
    const all = this.ownership.fitting(scope, filter);
    const { field: owner } = this.ownership;
    const hint = owner === undefined || owner in all ? lists.statsIndex(field) : undefined;
    const stages = [
      { $match: { ...this.ownership.everything, ...all } },
      { $group: { _id: `$${field}`, count: { $sum: 1 } } },
    ];
    const options = { maxTimeMS: MAX_MS, ...(hint && { hint }) };
    const groups = await inTurn(scope, () => this.store.collection.aggregate(stages, options).toArray());
    this.events.notePage(scope, filter, groups.length);
    return groups
      .map(({ _id, count }) => ({ value: _id as unknown, count: count as number }))
      .toSorted((a, b) => b.count - a.count || (String(a.value) < String(b.value) ? -1 : 1));
  }

  /** The matching records in the scope, in any order. */
  async find(scope: Scope, { filter = {}, sort, limit, transaction }: Search): Promise<T[]> {
    this.cipher?.refuse({ ...filter, ...sort });
    const all = this.ownership.fitting(scope, filter);
    const order = sort ? { sort } : this.inOrder(all);
    const found = await this.store.find<T>({ filter: all, ...order, limit, session: transaction?.session });
    this.events.notePage(scope, filter, found.length);
    return this.store.allOpened(found);
  }

  /**
   * The result of a pipeline on the records in the scope: its first stage sees no others.
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
      { $match: { ...this.ownership.everything, ...this.ownership.filterOf(scope) } },
      ...pipeline,
    ];
    const results = await this.store.collection.aggregate(stages, sessionOf(transaction)).toArray();
    this.events.notePage(scope, {}, results.length);
    return results as R[];
  }

  /** A record, if it is in the scope and meets the precondition. */
  protected expected(scope: Scope, id: string, { versions, except }: Precondition): Filter {
    const one = this.ownership.one(scope, id);
    if (versions === 'any' && !except) return one;
    return {
      ...one,
      version: { ...(versions !== 'any' && { $in: versions }), ...(except && { $nin: except }) },
    };
  }

  /** Why no record matched: it is not in the scope, or does not meet the precondition. */
  protected async absent(
    scope: Scope,
    id: string,
    { required }: Precondition,
    transaction: Transaction | undefined,
  ): Promise<ApiError> {
    const one = this.ownership.one(scope, id);
    const count = () => this.store.collection.countDocuments(one, { limit: 1, ...sessionOf(transaction) });
    const exists = required && (await count()) > 0;
    return apiError(exists ? 'PRECONDITION_FAILED' : this.resource.notFound);
  }

  private orderOf(query: PageQuery, all: Filter): ListOrder {
    const { lists } = this.resource;
    const declared = lists && declaredOrder(query, all, lists, this.ownership.field);
    if (declared) return declared;
    const isSingle = this.isSingle(all);
    return newestFirst(all, isSingle, isSingle ? undefined : this.hintOf(all));
  }

  /** Indexes of declared lists match filters as well, but do not sort newest first: MongoDB would sort in memory. */
  private hintOf(all: Filter): Find['hint'] {
    return this.newestIndexes.find(({ before }) => before.every((field) => isGiven(all, field)))?.keys;
  }

  /** Reads the parts of a list one after the other. */
  private async read(
    parts: readonly Part[],
    offset: number,
    limit: number,
    session: mongo.ClientSession | undefined,
  ): Promise<T[]> {
    const items: T[] = [];
    let skip = offset;
    for (const [index, part] of parts.entries()) {
      const left = limit - items.length;
      const found = await this.store.find<T>({ ...part, skip, limit: left, session, maxTimeMS: MAX_MS });
      items.push(...found);
      if (items.length >= limit || index === parts.length - 1) break;
      skip = found.length > 0 ? 0 : skip - (skip > 0 ? await this.countOf(part, session, skip) : 0);
    }
    return items;
  }

  /** A single record needs no sort, which MongoDB would perform in memory. */
  private isSingle(filter: Filter): boolean {
    return this.uniqueKeys.some((fields) => fields.every((field) => asksFor(filter, field)));
  }

  private inOrder(filter: Filter): Pick<Find, 'sort'> {
    return this.isSingle(filter) ? {} : { sort: NEWEST_FIRST };
  }

  private count({ filter, hint }: ListOrder, session: mongo.ClientSession | undefined): Promise<number> {
    return this.countOf(
      { filter: { ...this.ownership.everything, ...filter }, ...(hint && { hint }) },
      session,
    );
  }

  private countOf(
    { filter, hint }: Pick<Part, 'filter' | 'hint'>,
    session: mongo.ClientSession | undefined,
    limit?: number,
  ): Promise<number> {
    return this.store.collection.countDocuments(filter, {
      maxTimeMS: MAX_MS,
      ...(hint && { hint }),
      ...(limit !== undefined && { limit }),
      ...(session && { session }),
    });
  }
}
