import { type Model, type mongo, type Schema } from 'mongoose';
import type { Scope } from '../access/caller.js';
import type { Cursors } from '../database/cursor.js';
import type { FieldEncryption, RecordCipher } from '../database/field-encryption.js';
import type { Filter } from '../database/filter.js';
import { RecordReads } from '../database/record-reads.js';
import type { StoredRecord } from '../database/record.js';
import { after } from '../database/publishing-records.js';
import type { Resource } from '../database/resource.js';
import { sessionOf, type Transaction } from '../database/transactions.js';
import { DeclarationError } from '../errors/start-error.js';
import type { DomainEvents } from '../logging/events.js';
import type { Page, PageQuery } from '../validation/page-query.js';
import type { Precondition } from '../validation/precondition.js';

const KEPT_SECONDS = 30 * 24 * 60 * 60;

interface Trashed {
  readonly trashedAt: Date;
}

/** Records in the trash count as gone after this time; MongoDB removes them a little later. */
function oldest(): Date {
  return new Date(Date.now() - KEPT_SECONDS * 1000);
}

/** The schema of a feature's trash: the same lists as the records, but no unique indexes. */
function schemaOf({ name, schema }: Resource): Schema {
  if (schema.path('trashedAt')) {
    throw new DeclarationError(
      `resource '${name}': with a trash, no field can be called trashedAt, which says since when a record is there`,
    );
  }
  const indexes = schema.indexes();
  const kept = schema.clone();
  kept.clearIndexes();
  if (kept.indexes().length > 0) {
    throw new DeclarationError(
      `resource '${name}': with a trash, declare its indexes on the schema, not in @Prop`,
    );
  }
  kept.add({ trashedAt: { type: Date, required: true } });
  kept.set('collection', `${schema.get('collection')}_trash`);
  // The same indexes serve lists of the trash.
  for (const [keys, { unique: _, ...options }] of indexes) kept.index(keys, options);
  // No query: MongoDB removes expired records.
  kept.index({ trashedAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });
  return kept;
}

/** The deleted records of one resource, in a separate collection. */
export class Trash<T extends StoredRecord> extends RecordReads<T> {
  constructor(
    live: Model<T>,
    resource: Resource,
    cursors: Cursors,
    events: DomainEvents,
    /** The cipher of the records that are not deleted. */
    private readonly liveCipher: RecordCipher | undefined,
    encryption: FieldEncryption | undefined,
  ) {
    const schema = schemaOf(resource);
    const model = live.db.model<T>(`${live.modelName}InTrash`, schema as Schema<T>);
    // Under another name, so that cursors of one list do not work for the other.
    const ofTrash = { ...resource, name: `${resource.name} in the trash` };
    super(model, ofTrash, cursors, events, encryption?.of(model.collection.name, schema));
  }

  override async page(
    scope: Scope,
    query: PageQuery,
    filter?: Filter,
    transaction?: Transaction,
  ): Promise<Page<T>> {
    const page = await super.page(scope, query, filter, transaction);
    const since = oldest();
    return { ...page, items: page.items.filter((item) => (item as T & Trashed).trashedAt > since) };
  }

  async has(scope: Scope, id: string, { session }: Transaction): Promise<boolean> {
    const filter = this.kept(this.ownership.one(scope, id));
    return (await this.store.find({ filter, limit: 1, projection: { _id: 1 }, session })).length > 0;
  }

  /** Adds a record as it was stored. Its encrypted values are bound to their collection, and so are encrypted anew. */
  async put(stored: T, { session }: Transaction): Promise<void> {
    const { cipher, liveCipher } = this;
    const opened = liveCipher && cipher ? cipher.seal(...namedBy(liveCipher.open({ ...stored }))) : stored;
    await this.store.collection.insertOne({ ...opened, trashedAt: after(stored.updatedAt) }, { session });
  }

  /**
   * Removes a record from the trash and returns it as stored here.
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED (412)
   */
  async take(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction: Transaction,
  ): Promise<T & Trashed> {
    const filter = this.kept(this.expected(scope, id, precondition));
    const taken = await this.store.collection.findOneAndDelete(filter, sessionOf(transaction));
    if (!taken) throw await this.absent(scope, id, precondition, transaction);
    return taken as unknown as T & Trashed;
  }

  /** A record from the trash, in the form in which it was stored before it was deleted. */
  restored(taken: T & Trashed): Readonly<Record<string, unknown>> {
    const { cipher, liveCipher } = this;
    const [id, record] = namedBy(liveCipher && cipher ? cipher.open({ ...taken }) : { ...taken });
    delete record['trashedAt'];
    return liveCipher?.seal(id, record) ?? record;
  }

  /** Removes a record that was just added. */
  async discard({ _id }: T, { session }: Transaction): Promise<void> {
    await this.store.collection.deleteOne({ _id }, { session });
  }

  private kept(filter: Filter): mongo.Filter<mongo.Document> {
    return { ...filter, trashedAt: { $gt: oldest() } };
  }
}

function namedBy(record: StoredRecord): [string, Record<string, unknown>] {
  return [String(record._id), record as unknown as Record<string, unknown>];
}
