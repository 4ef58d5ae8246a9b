import { Injectable } from '@nestjs/common';
import { type Model, type Schema, type SchemaType, Types } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';
import { aOrAn, apiError, invalid } from '../errors/errors.js';
import { ownerIn, type Scope } from '../access/caller.js';
import { type Filter, holdsAllWith } from './filter.js';
import { driverDatabase } from './driver.js';
import { find } from './find.js';
import { type Transaction, Transactions } from './transactions.js';

type AnyModel = Pick<Model<unknown>, 'modelName' | 'schema' | 'collection' | 'db'>;

/** A field of a model's records that holds the id of another record. */
export interface ReferenceField {
  readonly field: string;
  /** The name of the other record's model. */
  readonly target: string;
  /** The other options of the field: `@Prop({ type: ObjectId, ref: 'StoredFile', picture: true })`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A reference that a write sets. */
export interface Link extends ReferenceField {
  readonly id: Types.ObjectId;
}

type Held = Pick<Link, 'target' | 'id'>;

/**
 * Locks for each record. Setting a reference to it takes one of them, so that several writes may do so at once;
 * removing it takes all, so that no reference can be set in the meantime.
 */
const LOCKS = 8;
/** How many referring records are checked for read access through them. */
const MOST_ASKED = 20;

/** @param held the locks that the transaction has already: a retry takes the same ones, so that none deadlock */
function locksOf({ target, id }: Held, removing: boolean, held?: ReadonlySet<string>): string[] {
  const all = Array.from({ length: LOCKS }, (_, n) => `${target} ${id.toHexString()} ${n}`);
  if (removing) return all;
  const kept = all.find((name) => held?.has(name));
  return [kept ?? all[Math.floor(Math.random() * LOCKS)] ?? ''];
}

/** A collection that others may refer to. */
interface Target {
  readonly resource: string;
  /** Whether the scope may read the record. */
  readonly isReadable: (scope: Scope, id: Types.ObjectId, transaction?: Transaction) => Promise<boolean>;
}

/** Why a record of this owner (or of none) may not refer to the linked one, as the rest of a sentence. */
type Judge = (owner: string | null, link: Link, transaction: Transaction) => Promise<string | undefined>;

interface Member extends Target {
  readonly model: AnyModel;
  readonly fields: readonly ReferenceField[];
}

const NO_LINKS: readonly Link[] = [];

/** The references that a write sets. */
export function linksIn(fields: readonly ReferenceField[], written: object): readonly Link[] {
  if (fields.length === 0) return NO_LINKS;
  return fields.flatMap(({ field, target, options }) => {
    const id = (written as Readonly<Record<string, unknown>>)[field];
    if (id === undefined || id === null) return [];
    if (!(id instanceof Types.ObjectId)) throw new TypeError(`The reference ${field} takes an ObjectId`);
    return [{ field, target, id, ...(options && { options }) }];
  });
}

/**
 * Enforces references between records: a write may refer only to existing records that its caller may read, and a
 * record that others refer to cannot be removed. References are declared as
 * `@Prop({ type: ObjectId, ref: 'Project' })`.
 */
@Injectable()
export class References {
  private readonly members = new Map<string, Member>();
  private readonly judges = new Map<string, Judge>();
  private readonly openings = new Map<string, Target['isReadable']>();
  private referrers = new Map<string, { readonly model: AnyModel; readonly field: string }[]>();

  constructor(private readonly transactions: Transactions) {}

  /**
   * Adds a collection, and returns its reference fields.
   * @throws Error for a reference that cannot be enforced, or that no index begins with
   */
  add(model: AnyModel, target: Target): readonly ReferenceField[] {
    const fields = referencesOf(model);
    this.members.set(model.modelName, { ...target, model, fields });
    const all = [...this.members.values()].flatMap((member) =>
      member.fields.map((each) => ({ model: member.model, ...each })),
    );
    this.referrers = Map.groupBy(all, (each) => each.target);
    return fields;
  }

  /** Allows further callers, besides those who may read them, to refer to records of a model. */
  open(target: string, isOpen: Target['isReadable']): void {
    this.openings.set(target, isOpen);
  }

  /** Attaches records of a model to those that refer to them: they share an owner and are transferred together. */
  attach(target: string, judge: Judge): void {
    this.judges.set(target, judge);
  }

  /** Whether records of a model are attached to those that refer to them. */
  isAttached(target: string): boolean {
    return this.judges.has(target);
  }

  /** Whether the scope may read a record that refers to this one. */
  async isReadThrough(scope: Scope, { target, id }: Held): Promise<boolean> {
    for (const { model, field } of this.referrers.get(target) ?? []) {
      const query = { filter: { [field]: id }, limit: MOST_ASKED, projection: { _id: 1 } } as const;
      const referring = await find<{ _id: Types.ObjectId }>(
        driverDatabase(model),
        model.collection.name,
        query,
      );
      const { isReadable } = this.memberOf(model.modelName);
      for (const { _id } of referring) if (await isReadable(scope, _id)) return true;
    }
    return false;
  }

  /** @throws Error for a reference to a model that has no repository */
  check(): void {
    for (const target of this.referrers.keys()) this.memberOf(target);
  }

  /** Whether any model has references to this one. */
  leadTo(modelName: string): boolean {
    return this.referrers.has(modelName);
  }

  /** Does work in a transaction during which the records that it refers to cannot be removed. */
  linking<T>(
    links: readonly Link[],
    transaction: Transaction | undefined,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    return this.hold(
      links.flatMap((link) => locksOf(link, false, transaction?.locks)),
      transaction,
      work,
    );
  }

  /** Does work in a transaction during which no reference to the record can be set. */
  removing<T>(
    record: Held,
    transaction: Transaction | undefined,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    return this.hold(locksOf(record, true), transaction, work);
  }

  /** Both: no reference to the record can be set, and the records that it refers to cannot be removed. */
  moving<T>(
    record: Held,
    links: readonly Link[],
    transaction: Transaction,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    const own = this.leadTo(record.target) ? locksOf(record, true) : [];
    const led = links.flatMap((link) => locksOf(link, false, transaction.locks));
    return this.hold([...own, ...led], transaction, work);
  }

  private hold<T>(
    locks: readonly string[],
    transaction: Transaction | undefined,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    const names = new Set(locks);
    return this.transactions.join(transaction, async (joined) => {
      // Always in the same order, so that no two transactions deadlock.
      for (const name of [...names].toSorted()) await this.transactions.lock(name, joined);
      return work(joined);
    });
  }

  /**
   * @param owner the owner of the referring record, if not that of the scope; null if it has none
   * @throws ApiError VALIDATION_ERROR for records that do not exist or that the caller may not read
   */
  async require(
    scope: Scope,
    links: readonly Link[],
    transaction: Transaction,
    owner?: string | null,
  ): Promise<void> {
    const faults = [];
    for (const link of links) {
      const { field, target, id } = link;
      const { resource, isReadable } = this.memberOf(target);
      const judge = this.judges.get(target);
      if (judge && (owner !== null || (await isReadable(scope, id, transaction)))) {
        const fault = await judge(owner === undefined ? ownerIn(scope) : owner, link, transaction);
        if (fault !== undefined) faults.push({ path: field, message: `${field} ${fault}` });
        continue;
      }
      if (await isReadable(scope, id, transaction)) continue;
      if (await this.openings.get(target)?.(scope, id, transaction)) continue;
      faults.push({
        path: field,
        message: `${field} must be the id of ${aOrAn(resource)} that you may read`,
      });
    }
    if (faults.length > 0) throw invalid(faults);
  }

  /**
   * @param except a record that may refer to it
   * @throws ApiError IN_USE if others refer to it
   */
  async requireUnused(
    { target, id }: Held,
    { session }: Transaction,
    except?: Types.ObjectId,
  ): Promise<void> {
    const others: Filter = except ? { _id: { $ne: except } } : {};
    for (const { model, field } of this.referrers.get(target) ?? []) {
      const query = {
        filter: { [field]: id, ...others },
        limit: 1,
        projection: { _id: 1 },
        session,
      } as const;
      const referring = await find(driverDatabase(model), model.collection.name, query);
      if (referring.length > 0) throw apiError('IN_USE');
    }
  }

  private memberOf(target: string): Member {
    const member = this.members.get(target);
    if (member) return member;
    const [referrer] = this.referrers.get(target) ?? [];
    const field = referrer && `${referrer.model.modelName}.${referrer.field}`;
    throw new DeclarationError(`${field} refers to ${target}, which has no repository`);
  }
}

/** The references that a schema declares. */
function referencesOf({ modelName, schema }: AnyModel): ReferenceField[] {
  const fields: ReferenceField[] = [];
  schema.eachPath((path, type) => {
    if (!holdsReference(type)) return;
    const problem = problemOf(schema, path, type);
    if (problem) throw new DeclarationError(`The reference ${modelName}.${path} ${problem}`);
    const options = type.options as Record<string, unknown>;
    fields.push({ field: path, target: options['ref'] as string, options });
  });
  return fields;
}

/** Why a reference cannot be enforced; undefined if it can. */
function problemOf(schema: Schema, path: string, type: SchemaType): string | undefined {
  if (path.includes('.') || type.instance !== 'ObjectId') return 'must be one ObjectId, of the record itself';
  if (typeof type.options['ref'] !== 'string') return 'must name its model by a text';
  const isFound = schema
    .indexes()
    .some(([keys, options]) => Object.keys(keys)[0] === path && holdsAllWith([path], options));
  return isFound ? undefined : 'needs an index that begins with it';
}

function holdsReference(type: SchemaType): boolean {
  if (type.options['ref'] !== undefined) return true;
  const { schema } = type;
  if (schema) return Object.values(schema.paths).some((inner) => holdsReference(inner));
  const items = type.getEmbeddedSchemaType();
  return items !== undefined && holdsReference(items);
}
