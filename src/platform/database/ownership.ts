import { type Schema, Types } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';
import { aOrAn } from '../errors/errors.js';
import { type Owner, ownerIn, type Permission, type Scope, userOf } from '../access/caller.js';
import { ANY_VALUE, type Filter } from './filter.js';
import type { Resource } from './resource.js';

/** Matches no record. */
const NOTHING: Filter = { _id: { $in: [] } };

/** Who owns the records of a collection, as filters. */
export class Ownership {
  /** The field with the owner's id; undefined for shared records. */
  readonly field: string | undefined;
  private readonly readers: Permission | undefined;
  private readonly namesCreator: boolean;

  /** @throws DeclarationError for a schema whose owner field contradicts the declaration */
  constructor(schema: Schema, { name, ownerField, shared, may }: Resource) {
    if (shared && schema.path('ownerId')) {
      throw new DeclarationError(`The schema of ${aOrAn(name)} has an ownerId, though it is shared`);
    }
    if (!shared && !schema.path(ownerField)) {
      throw new DeclarationError(`The schema of ${aOrAn(name)} lacks ${ownerField}, though it is not shared`);
    }
    this.field = shared ? undefined : ownerField;
    this.readers = may['read'];
    this.namesCreator = schema.path('createdBy')?.instance === 'ObjectId';
  }

  /** The records in a scope. */
  filterOf(scope: Scope): Filter {
    return scope.all ? {} : this.of(scope.owner.id);
  }

  /** The records in a scope that match a filter. The filter cannot widen the scope to another owner. */
  fitting(scope: Scope, filter: Filter): Filter {
    const own = this.filterOf(scope);
    const { field } = this;
    if (field === undefined || scope.all || !(field in filter)) return { ...own, ...filter };
    const [asked, given] = [filter[field], own[field]];
    if (!(asked instanceof Types.ObjectId)) return { $and: [own, filter] };
    return asked.equals(given as Types.ObjectId) ? filter : { ...filter, ...NOTHING };
  }

  /** A record, if it is in the scope. */
  one(scope: Scope, id: Types.ObjectId | string): Filter {
    return withId(id, this.filterOf(scope));
  }

  /** A record that the scope's user may read: its own, a shared one, or any by permission. */
  readable(scope: Scope, id: Types.ObjectId): Filter {
    const readsAll = this.readers !== undefined && scope.permissions?.has(this.readers);
    return withId(id, readsAll ? {} : this.of(ownerIn(scope)));
  }

  /** The owner and creator fields of a new record. User records own themselves. */
  ofNew(scope: Scope): Filter {
    if (this.field === '_id') return {};
    const creator = this.namesCreator ? creatorOf(scope) : undefined;
    return { ...this.of(ownerIn(scope)), ...(creator && { createdBy: new Types.ObjectId(creator) }) };
  }

  /** The owner of a record; null if it has none. */
  ownerOf(record: object): string | null {
    const { field } = this;
    return field === undefined ? null : String((record as Readonly<Record<string, unknown>>)[field]);
  }

  /** The fields that give a record to an owner. */
  ofOwner({ id }: Owner): Filter {
    return this.of(id);
  }

  /** Matches every record by an index: shared ones by that of lists, others by that of owners. */
  get everything(): Filter {
    return { [this.field ?? 'createdAt']: ANY_VALUE };
  }

  /** Whether somebody reaches a record of somebody else. The product itself is nobody. */
  isForeign(scope: Scope, fields: object): scope is Scope & { all: true } {
    const owner = this.ownerOf(fields);
    return scope.all === true && scope.actor.kind !== 'system' && owner !== null && owner !== userOf(scope);
  }

  private of(owner: string): Filter {
    return this.field === undefined ? {} : { [this.field]: new Types.ObjectId(owner) };
  }
}

/** What the product does for a user counts as the user's own. */
function creatorOf(scope: Scope): string | undefined {
  return userOf(scope) ?? (scope.owner?.kind === 'user' ? scope.owner.id : undefined);
}

function withId(id: Types.ObjectId | string, conditions: Filter): Filter {
  const _id = new Types.ObjectId(id);
  // Both conditions apply, even on the same field, because user records own themselves.
  return '_id' in conditions ? { $and: [{ _id }, conditions] } : { _id, ...conditions };
}
