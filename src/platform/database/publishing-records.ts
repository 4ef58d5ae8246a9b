import { type Schema, type SchemaType, Types } from 'mongoose';
import type { Actor, Scope, UserId } from '../access/caller.js';
import { mayBeCommitted } from '../errors/driver-errors.js';
import { requestContext } from '../logging/request-context.js';
import type { Precondition } from '../validation/precondition.js';
import type { Filter } from './filter.js';
import { GroupCommit } from './group-commit.js';
import type { Change, StoredRecord } from './record.js';
import type { NewVersion } from './record-store.js';
import { Records } from './records.js';
import type { Link } from './references.js';
import { transferredOf } from './resource.js';
import { consumersOf } from './subscribed.js';
import type { EventConsumer, ChangeEvent, FieldChange, ChangeEvents } from './change-events.js';
import { afterwards, type Transaction } from './transactions.js';

type Fields = Readonly<Record<string, unknown>>;

/** Records that may be changed at once, since each is reported in the same transaction. */
const MOST_AT_ONCE = 1_000;
const OWN_FIELDS: ReadonlySet<string> = new Set(['_id', 'version', 'createdBy', 'createdAt', 'updatedAt']);
/** Options of a field whose values must not leave its record. */
const WITHHELD = ['encrypted', 'secret', 'rich'] as const;

/** A new record, and what is reported of it. */
interface Creation<T> {
  readonly version: NewVersion<T>;
  readonly event: ChangeEvent;
}

/** Records of a resource whose changes are reported to other parts, each in its transaction. */
export class PublishingRecords<T extends StoredRecord> extends Records<T> {
  /** The fields, and whether their values may leave the record. */
  private readonly fields: ReadonlyMap<string, boolean>;
  private readonly consumers: ReadonlySet<EventConsumer>;
  private readonly creations: GroupCommit<Creation<T>>;

  constructor(
    private readonly changeEvents: ChangeEvents,
    ...parts: ConstructorParameters<typeof Records<T>>
  ) {
    super(...parts);
    const [model, resource] = parts;
    this.fields = fieldsOf(model.schema);
    this.consumers = consumersOf(resource);
    this.creations = new GroupCommit((creations) => this.commit(creations));
    changeEvents.offer(
      [...Object.values(resource.actions), ...Object.values(resource.commands)],
      this.consumers,
    );
  }

  override async updateWhere(
    scope: Scope,
    filter: Filter,
    change: Change<T>,
    transaction?: Transaction,
  ): Promise<number> {
    if (!this.hasListener) return super.updateWhere(scope, filter, change, transaction);
    return this.changeEvents.join(transaction, async (joined) => {
      const session = joined?.session;
      const matching = this.ownership.fitting(scope, filter);
      const before = await this.store.find<T>({ filter: matching, limit: MOST_AT_ONCE + 1, session });
      if (before.length > MOST_AT_ONCE) {
        throw new Error(`updateWhere would change more than ${MOST_AT_ONCE} records: change fewer at a time`);
      }
      const these = { _id: { $in: before.map(({ _id }) => _id) } };
      const count = await super.updateWhere(scope, these, change, joined);
      const changed = await this.store.find<T>({ filter: these, limit: MOST_AT_ONCE, session });
      const byId = new Map(changed.map((record) => [String(record._id), record]));
      const pairs = before.map((record) => [record, byId.get(String(record._id))] as const);
      await this.publish(this.resource.actions.updated, scope.actor, pairs, joined);
      return count;
    });
  }

  protected override async write(fields: object, given?: Transaction, actor?: Actor): Promise<T> {
    if (!this.hasListener) return super.write(fields, given, actor);
    const version = this.prepare(fields);
    const creation = {
      version,
      event: this.eventOf(this.resource.actions.created, actor, undefined, version.record),
    };
    // What else starts in the transaction, such as deliveries, would make others wait.
    if (given || !this.changeEvents.isOnlyListener('audit', this.consumers)) {
      await this.changeEvents.join(given, (joined) => this.writeAll([creation], joined));
    } else await this.creations.add(creation);
    afterwards(given, () => this.events.note('record_created', version.record._id));
    return version.record;
  }

  /** Writes creations in a transaction that is not repeated: whoever is in conflict must not hold up the others. */
  private async commit(creations: readonly Creation<T>[]): Promise<readonly number[]> {
    let attempts = 0;
    try {
      await this.changeEvents.join(undefined, (joined) => {
        if (creations.length > 1 && attempts++ > 0) throw new Error('The group is in conflict');
        return this.writeAll(creations, joined);
      });
      return [];
    } catch (error) {
      if (creations.length === 1 || mayBeCommitted(error)) throw error;
      return [...creations.keys()];
    }
  }

  private async writeAll(creations: readonly Creation<T>[], joined?: Transaction): Promise<void> {
    const versions = creations.map(({ version }) => version);
    await this.store.insert(versions, joined?.session).catch(this.refuseTaken);
    const events = creations.map(({ event }) => event);
    if (joined) await this.changeEvents.publish(events, joined);
  }

  protected override change(
    scope: Scope,
    id: string,
    precondition: Precondition,
    change: object,
    transaction: Transaction | undefined,
    links: readonly Link[] = [],
    command: string = this.resource.actions.updated,
  ): Promise<T> {
    if (!this.hasListener) return super.change(scope, id, precondition, change, transaction, links);
    return this.changeEvents.join(transaction, async (joined) => {
      const filter = this.expected(scope, id, precondition);
      const [before] = await this.store.find<T>({ filter, limit: 1, session: joined?.session });
      // Increases whichever process writes next, so that reports are in the order of the changes.
      const next = before ? { ...change, updatedAt: after(before.updatedAt) } : change;
      const changed = await super.change(scope, id, precondition, next, joined, links);
      const isMoved = this.ownership.field !== undefined && this.ownership.field in change;
      const action = isMoved ? transferredOf(this.resource) : command;
      if (before) await this.publish(action, scope.actor, [[this.store.opened(before), changed]], joined);
      return changed;
    });
  }

  protected override erase(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction: Transaction | undefined,
  ): Promise<T> {
    if (!this.hasListener) return super.erase(scope, id, precondition, transaction);
    return this.changeEvents.join(transaction, async (joined) => {
      const removed = await super.erase(scope, id, precondition, joined);
      await this.publish(this.resource.actions.deleted, scope.actor, [[removed, undefined]], joined);
      return removed;
    });
  }

  protected get hasListener(): boolean {
    return this.changeEvents.hasListener(this.consumers);
  }

  protected async publish(
    action: string,
    actor: Actor | undefined,
    pairs: readonly (readonly [T | undefined, T | undefined])[],
    transaction: Transaction | undefined,
  ): Promise<void> {
    if (!transaction) return;
    const events = pairs.map(([before, record]) => this.eventOf(action, actor, before, record));
    // The previous owner is notified, too.
    const left = action === transferredOf(this.resource) ? pairs.map(([before]) => this.ownerOf(before)) : [];
    const toFormer = left.flatMap((ownerId, n) => (events[n] ? [{ ...events[n], ownerId }] : []));
    await this.changeEvents.publish([...events, ...toFormer], transaction);
  }

  private ownerOf(record: T | undefined): Types.ObjectId | undefined {
    const owner = this.ownership.field && (record as Fields | undefined)?.[this.ownership.field];
    return owner ? new Types.ObjectId(String(owner)) : undefined;
  }

  private eventOf(
    action: string,
    actor: Actor | undefined,
    before: T | undefined,
    record: T | undefined,
  ): ChangeEvent {
    const known = record ?? before;
    const { plural } = this.resource;
    const id = String(known?._id);
    const owner = this.ownerOf(known);
    const isUser = this.ownership.field === '_id';
    const object = () => known && this.objectOf(known);
    // In the trash since then, if it was deleted before.
    const { trashedAt: last = before?.updatedAt } = (before ?? {}) as { readonly trashedAt?: Date };
    return {
      actor: actor ?? (owner ? { kind: 'user', id: String(owner) as UserId } : { kind: 'system' }),
      // The entry about who deleted a user outlives the user's records.
      ownerId: isUser && !record ? undefined : owner,
      action,
      record: `${plural}/${id}`,
      at: record?.updatedAt ?? after(last),
      changes: isUser && !record ? [] : this.changesOf(before, record),
      // Only webhooks ask for it.
      get object() {
        return object();
      },
      requestId: requestContext.getStore()?.requestId,
      consumers: this.consumers,
    };
  }

  private changesOf(before: T | undefined, record: T | undefined): FieldChange[] {
    const changes: FieldChange[] = [];
    for (const [field, isDisclosed] of this.fields) {
      // Reported separately as the owner, unless it changes.
      if (field === this.ownership.field && !(before && record)) continue;
      const from = plain((before as Fields | undefined)?.[field]);
      const to = plain((record as Fields | undefined)?.[field]);
      if (from === to || (from !== null && to !== null && JSON.stringify(from) === JSON.stringify(to)))
        continue;
      changes.push(isDisclosed ? { field, from, to } : { field });
    }
    return changes;
  }

  private objectOf(record: T): Fields {
    const { _id, version, createdAt, updatedAt } = record;
    const { createdBy } = record as { readonly createdBy?: unknown };
    const fields = this.fields.entries().filter(([, isDisclosed]) => isDisclosed);
    return {
      id: String(_id),
      ...Object.fromEntries(fields.map(([field]) => [field, plain((record as Fields)[field])])),
      ...(createdBy !== undefined && { createdBy: plain(createdBy) }),
      version,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
  }
}

/** The current time, or right after a later one that another process has written. */
export function after(time: Date | undefined): Date {
  return new Date(Math.max(Date.now(), (time?.getTime() ?? 0) + 1));
}

function fieldsOf(schema: Schema): Map<string, boolean> {
  const fields = new Map<string, boolean>();
  schema.eachPath((path, type) => {
    const [field = path] = path.split('.');
    if (!OWN_FIELDS.has(field)) fields.set(field, (fields.get(field) ?? true) && mayLeave(type));
  });
  return fields;
}

/** A field withholds its values if any part of it does, such as the items of a list. */
function mayLeave(type: SchemaType): boolean {
  if (WITHHELD.some((option) => Boolean(type.options[option]))) return false;
  const items = type.getEmbeddedSchemaType();
  const parts = type.schema ? Object.values(type.schema.paths) : items ? [items] : [];
  return parts.every(mayLeave);
}

/** A value as JSON represents it; null if absent. */
function plain(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object') return value;
  if (isConvertible(value)) return plain(value.toJSON());
  if (Array.isArray(value)) return value.map(plain);
  // What a Decimal128 converts itself to.
  if ('$numberDecimal' in value) return value.$numberDecimal;
  const present = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(present.map(([name, part]) => [name, plain(part)]));
}

/** As dates, ids and exact numbers are. */
function isConvertible(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
