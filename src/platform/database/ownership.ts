import { type Schema, Types } from 'mongoose';
import { aOrAn } from '../errors/errors.js';
import type { Permission, Scope, UserId } from '../security/caller.js';
import { ANY_VALUE, type Filter } from './filter.js';

interface Options {
  readonly resource: string;
  readonly ownerField?: string;
  readonly shared?: true;
  readonly readers?: Permission;
}

/** The user in whose name an operation is done. */
export function actorOf(scope: Scope): UserId {
  return scope.owner ?? scope.caller;
}

/** Whose the records of a collection are, as conditions that find them. */
export class Ownership {
  /** The field that says whose record it is; none where all of them belong to nobody. */
  readonly field: string | undefined;
  private readonly readers: Permission | undefined;

  /** @throws Error for a schema with another owner than its repository says */
  constructor(schema: Schema, { resource, ownerField = 'ownerId', shared, readers }: Options) {
    if (shared && schema.path('ownerId')) {
      throw new Error(`The schema of ${aOrAn(resource)} has an ownerId, though it is shared`);
    }
    if (!shared && !schema.path(ownerField)) {
      throw new Error(`The schema of ${aOrAn(resource)} lacks ${ownerField}, though it is not shared`);
    }
    this.field = shared ? undefined : ownerField;
    this.readers = readers;
  }

  /** The records that a scope may touch. */
  within(scope: Scope): Filter {
    return scope.all ? {} : this.of(scope.owner);
  }

  /** A record, if the scope may touch it. */
  one(scope: Scope, id: Types.ObjectId | string): Filter {
    return withId(id, this.within(scope));
  }

  /** A record, if whoever is behind the scope may read it: its own, one of nobody, or any by the permission. */
  readable(scope: Scope, id: Types.ObjectId): Filter {
    const readsAll = this.readers !== undefined && scope.permissions?.has(this.readers);
    return withId(id, readsAll ? {} : this.of(actorOf(scope)));
  }

  /** What makes a new record belong to whoever is behind the scope. Users belong to themselves already. */
  ofNew(scope: Scope): Filter {
    return this.field === '_id' ? {} : this.of(actorOf(scope));
  }

  /** Every record, by an index: of nobody's by the one that lists have, of others by the one that owners have. */
  get everything(): Filter {
    return { [this.field ?? 'createdAt']: ANY_VALUE };
  }

  /** Whether the scope has opened a record, or records, of somebody else. */
  isForeign(scope: Scope, fields: object): scope is Scope & { all: true } {
    const { field } = this;
    if (!scope.all || field === undefined) return false;
    return String((fields as Readonly<Record<string, unknown>>)[field]) !== scope.caller;
  }

  private of(owner: UserId): Filter {
    return this.field === undefined ? {} : { [this.field]: new Types.ObjectId(owner) };
  }
}

function withId(id: Types.ObjectId | string, conditions: Filter): Filter {
  const _id = new Types.ObjectId(id);
  // Both conditions, also where they are on the same field: users own themselves.
  return '_id' in conditions ? { $and: [{ _id }, conditions] } : { _id, ...conditions };
}
