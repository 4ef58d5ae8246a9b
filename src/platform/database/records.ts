import { type Model, Types } from 'mongoose';
import { duplicateKeyOf } from '../errors/driver-errors.js';
import { apiError, takenError } from '../errors/errors.js';
import type { Precondition } from '../validation/precondition.js';
import type { DomainEvents } from '../logging/events.js';
import type { Actor, Owner, Scope } from '../access/caller.js';
import type { Cursors } from './cursor.js';
import type { RecordCipher } from './field-encryption.js';
import type { Filter } from './filter.js';
import type { Find } from './find.js';
import { RecordReads } from './record-reads.js';
import type { NewVersion } from './record-store.js';
import type { Change, NewFields, NewRecord, StoredRecord } from './record.js';
import { type Link, linksIn, type ReferenceField, type References } from './references.js';
import { requireUniqueFields, type Resource } from './resource.js';
import { asRead } from './states.js';
import { afterwards, type CreatesOnce, isTransaction, sessionOf, type Transaction } from './transactions.js';

/** Reads and writes the records of one resource, always within a `Scope`. Records come back as plain objects. */
export class Records<T extends StoredRecord> extends RecordReads<T> {
  readonly referenceFields: readonly ReferenceField[];

  constructor(
    private readonly model: Model<T>,
    resource: Resource,
    cursors: Cursors,
    protected readonly references: References,
    events: DomainEvents,
    cipher: RecordCipher | undefined,
  ) {
    requireUniqueFields(resource);
    super(model, resource, cursors, events, cipher);
    this.referenceFields = references.add(model as Model<unknown>, {
      resource: resource.name,
      isReadable: async (scope, id, transaction) => {
        const filter = this.ownership.readable(scope, id);
        return (
          (await this.store.find({ filter, limit: 1, projection: { _id: 1 }, session: transaction?.session }))
            .length > 0
        );
      },
    });
  }

  /**
   * Creates a record for the owner in the scope or, without one, for its user. Fields that are null or undefined are
   * not stored.
   * @param atomic the request's `@CreateOnce()`, which makes it idempotent, or a transaction
   * @throws ApiError …_TAKEN if a unique value is taken, VALIDATION_ERROR for a reference to a missing record
   */
  create(scope: Scope, fields: NewFields<T>, atomic?: Transaction | CreatesOnce): Promise<T> {
    if (!atomic || isTransaction(atomic)) return this.add(scope, fields, atomic);
    return atomic.run(
      (transaction) => this.add(scope, fields, transaction),
      (id) => this.get(scope, id),
    );
  }

  private async add(scope: Scope, fields: NewFields<T>, transaction: Transaction | undefined): Promise<T> {
    const record = { ...fields, ...this.ownership.ofNew(scope) };
    const links = linksIn(this.referenceFields, record);
    if (links.length === 0) return this.write(record, transaction, scope.actor);
    return this.references.linking(links, transaction, async (joined) => {
      await this.references.require(
        scope,
        links,
        joined,
        this.ownership.field === undefined ? null : undefined,
      );
      return this.write(record, joined, scope.actor);
    });
  }

  /**
   * Creates a record without a scope. Fields that are null or undefined are not stored.
   * @param actor who creates it, if not its owner
   * @throws ApiError …_TAKEN if a unique value is taken
   * @throws Error for a record with references: without a scope there are no rights to read their targets
   */
  async insert(fields: NewRecord<T>, transaction?: Transaction, actor?: Actor): Promise<T> {
    const [link] = linksIn(this.referenceFields, fields);
    if (link) throw new Error(`${link.field} is a reference: create the record in a scope`);
    return this.write(fields, transaction, actor);
  }

  /**
   * Changes the fields in `change`; null or undefined unsets a field, unless it is a state. Always increments the
   * version.
   * @param command the event to report instead of `tickets.updated`: `tickets.commands.assign`
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED (412), …_TAKEN, TRANSITION_NOT_ALLOWED (409), VALIDATION_ERROR
   *   for a reference to a missing record
   */
  update(
    scope: Scope,
    id: string,
    precondition: Precondition,
    change: Change<T>,
    transaction?: Transaction,
    command?: string,
  ): Promise<T> {
    const { states } = this.resource;
    const write = async (known: Precondition, next: Change<T>): Promise<T> => {
      const links = linksIn(this.referenceFields, next);
      if (links.length === 0) return this.change(scope, id, known, next, transaction, links, command);
      return this.references.linking(links, transaction, (joined) =>
        this.change(scope, id, known, next, joined, links, command),
      );
    };
    if (!states?.areIn(change)) return write(precondition, change);
    return asRead(
      async () => this.store.opened(await this.findExpected(scope, id, precondition, transaction)),
      (read) => write({ versions: [read.version], required: true }, states.applied(read, change)),
    );
  }

  /**
   * Changes all matching records in the scope in one operation, and returns their number.
   * @throws Error for encrypted fields, references and states, which are checked record by record: use `update`
   * @throws ApiError …_TAKEN; outside a transaction some of them may already have been changed
   */
  async updateWhere(
    scope: Scope,
    filter: Filter,
    change: Change<T>,
    transaction?: Transaction,
  ): Promise<number> {
    this.cipher?.refuse(filter);
    this.cipher?.refuse(change);
    const [link] = linksIn(this.referenceFields, change);
    if (link) throw new Error(`${link.field} is a reference: change the records one by one, with update`);
    const { states, orders } = this.resource;
    if (states?.areIn(change) || orders?.compares(change)) {
      throw new Error(
        'States and rules are judged record by record: change the records one by one, with update',
      );
    }
    const { modifiedCount } = await this.store.collection
      .updateMany(
        this.ownership.fitting(scope, filter),
        this.store.updateOf('', change),
        sessionOf(transaction),
      )
      .catch(this.refuseTaken);
    afterwards(transaction, () => {
      this.events.notePage(scope, filter, modifiedCount);
      this.events.noteAll('record_updated', modifiedCount);
    });
    return modifiedCount;
  }

  /**
   * Ensures that a record exists and meets the precondition, before other records are changed for it.
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED (412)
   */
  async require(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction?: Transaction,
  ): Promise<void> {
    await this.findExpected(scope, id, precondition, transaction, { _id: 1 });
  }

  /**
   * Removes a record and returns it as stored, still encrypted. Users are removed even if other records refer to them.
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED (412), IN_USE (409) for what other records refer to
   */
  async remove(scope: Scope, id: string, precondition: Precondition, transaction?: Transaction): Promise<T> {
    const target = this.model.modelName;
    if (this.ownership.field === '_id' || !this.references.leadTo(target)) {
      return this.erase(scope, id, precondition, transaction);
    }
    const record = { target, id: new Types.ObjectId(id) };
    return this.references.removing(record, transaction, async (joined) => {
      // After the removal: a record that only refers to itself is not in use.
      const removed = await this.erase(scope, id, precondition, joined);
      await this.references.requireUnused(record, joined);
      return removed;
    });
  }

  /** Gives a record to another owner. Only for `Transfers`, which checks whether that is allowed. */
  give(scope: Scope, id: string, precondition: Precondition, to: Owner, joined: Transaction): Promise<T> {
    return this.change(scope, id, precondition, this.ownership.ofOwner(to), joined);
  }

  protected async write(fields: object, transaction: Transaction | undefined, _actor?: Actor): Promise<T> {
    const version = this.prepare(fields);
    await this.store.add(version, transaction?.session).catch(this.refuseTaken);
    afterwards(transaction, () => this.events.note('record_created', version.record._id));
    return version.record;
  }

  protected prepare(fields: object): NewVersion<T> {
    const { states, orders } = this.resource;
    states?.requireInitial(fields);
    return this.store.prepare(fields, orders);
  }

  protected async change(
    scope: Scope,
    id: string,
    precondition: Precondition,
    change: object,
    transaction: Transaction | undefined,
    links: readonly Link[] = [],
    _command?: string,
  ): Promise<T> {
    if (transaction && links.length > 0) {
      const owner = await this.ownerNow(scope, id, precondition, transaction);
      await this.references.require(scope, links, transaction, owner);
    }
    const expected = this.expected(scope, id, precondition);
    const condition = this.resource.orders?.conditionOf(change as Filter);
    const filter = condition ? { $and: [expected, condition] } : expected;
    const updated = (await this.store.collection
      .findOneAndUpdate(filter, this.store.updateOf(id, change), {
        returnDocument: 'after',
        ...(this.store.projection && { projection: this.store.projection }),
        ...sessionOf(transaction),
      })
      .catch(this.refuseTaken)) as T | null;
    if (!updated && condition) await this.requireOrder(expected, change, transaction);
    if (!updated) throw await this.absent(scope, id, precondition, transaction);
    afterwards(transaction, () => {
      this.events.noteRead(scope, updated);
      this.events.note('record_updated', updated._id);
    });
    return this.store.opened(updated);
  }

  /**
   * The owner of a record to be changed; undefined if it is that of the scope, null if there is none.
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED
   */
  private async ownerNow(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction: Transaction,
  ): Promise<string | null | undefined> {
    const { field } = this.ownership;
    const found = await this.findExpected<Filter>(scope, id, precondition, transaction, {
      [field ?? '_id']: 1,
    });
    if (field === undefined) return null;
    return scope.all ? String(found[field]) : undefined;
  }

  protected async erase(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction: Transaction | undefined,
  ): Promise<T> {
    const removed = (await this.store.collection.findOneAndDelete(
      this.expected(scope, id, precondition),
      sessionOf(transaction),
    )) as T | null;
    if (!removed) throw await this.absent(scope, id, precondition, transaction);
    afterwards(transaction, () => {
      this.events.noteRead(scope, removed);
      this.events.note('record_deleted', removed._id);
    });
    return removed;
  }

  /** @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED */
  private async findExpected<F = T>(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction: Transaction | undefined,
    only?: Find['projection'],
  ): Promise<F> {
    const filter = this.expected(scope, id, precondition);
    const query = { filter, limit: 1, session: transaction?.session, ...(only && { projection: only }) };
    const [found] = await this.store.find<F>(query);
    if (!found) throw await this.absent(scope, id, precondition, transaction);
    return found;
  }

  /** @throws ApiError if the change would break an order rule of the record, or the record was changed concurrently */
  private async requireOrder(filter: Filter, change: object, transaction?: Transaction): Promise<void> {
    const [found] = await this.store.find<T>({ filter, limit: 1, session: transaction?.session });
    if (!found) return;
    this.resource.orders?.require({ ...(found as object), ...change });
    throw apiError('CONFLICT');
  }

  protected readonly refuseTaken = (error: unknown): never => {
    const fields = duplicateKeyOf(error);
    if (!fields || fields.length === 0) throw error;
    // For an index of the owner field alone, that is the field to name.
    const field = fields.findLast((name) => name !== this.ownership.field) ?? String(fields[0]);
    throw apiError(this.resource.taken[field] ?? takenError(this.resource.name, field));
  };
}
