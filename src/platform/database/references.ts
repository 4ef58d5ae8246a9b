import { Injectable } from '@nestjs/common';
import { type Model, type Schema, type SchemaType, Types } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';
import { aOrAn, apiError, invalid } from '../errors/errors.js';
import { ownerIn, type Scope } from '../access/caller.js';
import { type Filter, holdsAllWith } from './filter.js';
import { driverDatabase } from './driver.js';
import { find } from './find.js';
import { type Transaction, Transactions } from './transactions.js';

/** A model, as far as it matters here. */
type AnyModel = Pick<Model<unknown>, 'modelName' | 'schema' | 'collection' | 'db'>;

/** A field of a model's records that holds the id of another record. */
export interface ReferenceField {
  readonly field: string;
  /** The name of the other record's model. */
  readonly target: string;
  /** What else the field says: `@Prop({ type: ObjectId, ref: 'StoredFile', picture: true })`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The other record that a write leads to. */
export interface Link extends ReferenceField {
  readonly id: Types.ObjectId;
}

type Held = Pick<Link, 'target' | 'id'>;

/**
 * The locks of a record. Who refers to it takes one of them, so that many may do so at once; who removes it takes all,
 * so that nobody does meanwhile.
 */
const LOCKS = 8;
/** So many records that refer to one are asked at most whether they open it. */
const MOST_ASKED = 20;

/** @param held what the transaction has locked already: begun anew it keeps to that, so that no two wait for each other */
function locksOf({ target, id }: Held, removing: boolean, held?: ReadonlySet<string>): string[] {
  const all = Array.from({ length: LOCKS }, (_, n) => `${target} ${id.toHexString()} ${n}`);
  if (removing) return all;
  const kept = all.find((name) => held?.has(name));
  return [kept ?? all[Math.floor(Math.random() * LOCKS)] ?? ''];
}

/** A collection that others may refer to. */
interface Target {
  readonly resource: string;
  /** Whether whoever is behind the scope may read the record. */
  readonly isReadable: (scope: Scope, id: Types.ObjectId, transaction?: Transaction) => Promise<boolean>;
}

/** What is wrong with a record for a field of another one of this owner, or of nobody, as the rest of a sentence. */
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
 * Keeps references between records whole: a write leads to records that are there and that its caller may read, and
 * what others refer to is not removed. Fields declared as `@Prop({ type: ObjectId, ref: 'Project' })` are references.
 */
@Injectable()
export class References {
  private readonly members = new Map<string, Member>();
  private readonly judges = new Map<string, Judge>();
  private readonly openings = new Map<string, Target['isReadable']>();
  private referrers = new Map<string, { readonly model: AnyModel; readonly field: string }[]>();

  constructor(private readonly transactions: Transactions) {}

  /**
   * Adds a collection, and answers which fields of it are references.
   * @throws Error for a reference that cannot be honoured, or that no index begins with
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

  /** Lets records of a model be referred to also by others than who may read them. */
  open(target: string, isOpen: Target['isReadable']): void {
    this.openings.set(target, isOpen);
  }

  /** Lets records of a model belong to those that refer to them: they have the same owner, and go along with it. */
  attach(target: string, judge: Judge): void {
    this.judges.set(target, judge);
  }

  /** Whether records of a model belong to those that refer to them. */
  isAttached(target: string): boolean {
    return this.judges.has(target);
  }

  /** Whether whoever is behind the scope may read a record that refers to this one. */
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

  /** Whether records of a model may be referred to. */
  leadTo(modelName: string): boolean {
    return this.referrers.has(modelName);
  }

  /** Does work in a transaction, while nobody removes the records that it refers to. */
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

  /** Does work in a transaction, while nobody begins to refer to the record. */
  removing<T>(
    record: Held,
    transaction: Transaction | undefined,
    work: (transaction: Transaction) => Promise<T>,
  ): Promise<T> {
    return this.hold(locksOf(record, true), transaction, work);
  }

  /** Does work in a transaction, while nobody begins to refer to the record, or removes those that it refers to. */
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
      // In the same order for everybody, so that no two wait for each other.
      for (const name of [...names].toSorted()) await this.transactions.lock(name, joined);
      return work(joined);
    });
  }

  /**
   * @param owner whose record refers to them, where that is not the scope's; null for a record that is nobody's
   * @throws ApiError VALIDATION_ERROR for what is not there, or not for the caller to read
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
   * @throws ApiError IN_USE for a record that others refer to
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

/** Why a reference cannot be honoured; undefined where it can. */
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
