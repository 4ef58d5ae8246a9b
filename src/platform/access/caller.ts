declare const userIdBrand: unique symbol;

/** The id of a user: 24 hex digits. A string is cast to it only where a user was found. */
export type UserId = string & { readonly [userIdBrand]: true };

/** What a role may do to other people's records: `projects:read`, or any other verb that a resource declares. */
export type Permission = `${string}:${string}`;

/** What a permission looks like. */
export const PERMISSION_FORM = /^[a-z][a-z0-9-]{0,63}:[a-z][a-z-]{0,31}$/;

/** A signed-in user, as it stood when the request arrived. */
export interface Caller {
  readonly id: UserId;
  readonly role: string;
  readonly permissions: ReadonlySet<Permission>;
  /** The session of its access token; absent for other credentials. */
  readonly session?: string;
  /** The API key that it authenticated with. */
  readonly apiKey?: string;
  /** The organization that the key belongs to: it works nowhere else. */
  readonly organization?: string;
  /** The key may only read. */
  readonly readOnly?: boolean;
  /** When it last proved its identity, in milliseconds since 1970. Absent for API keys. */
  readonly provenAt?: number;
  readonly emailVerified: boolean;
  readonly otpEnabled: boolean;
  /** Tokens of other issuers that were issued before this time are refused; milliseconds since 1970. */
  readonly validFrom: number;
}

/** Whose a record is. */
export interface Owner {
  readonly kind: 'user' | 'organization';
  /** 24 hex digits. */
  readonly id: string;
}

/** Who acts: a user, a program with a user's API key, or the product itself. */
export type Actor =
  | { readonly kind: 'user'; readonly id: UserId }
  | { readonly kind: 'apiKey'; readonly id: string; readonly user: UserId }
  | { readonly kind: 'system' };

/**
 * Who acts, and whose records it may touch: those of one owner, or everybody's by a permission. Every operation of a
 * feature takes one, so that a forgotten owner does not compile.
 */
export type Scope = (
  | { readonly owner: Owner; readonly all?: never }
  | { readonly all: true; readonly permission: Permission; readonly owner?: never }
) & {
  readonly actor: Actor;
  /** The actor's permissions: they extend what a record may refer to. */
  readonly permissions?: ReadonlySet<Permission>;
};

/** A user who acts for itself. */
export function scopeOf(id: UserId): Scope {
  return { actor: userActor(id), owner: { kind: 'user', id } };
}

export function userActor(id: UserId): Actor {
  return { kind: 'user', id };
}

export function actorOf({ id, apiKey }: Caller): Actor {
  return apiKey === undefined ? userActor(id) : { kind: 'apiKey', id: apiKey, user: id };
}

/** The product itself, for schedules and deletions. No request has it. */
export const SYSTEM = {
  actor: { kind: 'system' },
  all: true,
  permission: 'system:all',
} as const satisfies Scope;

/** The user who acts, or whose API key does; undefined for the product itself. */
export function userOf({ actor }: Scope): UserId | undefined {
  if (actor.kind === 'system') return undefined;
  return actor.kind === 'user' ? actor.id : actor.user;
}

/**
 * The owner of records created in a scope: the scope's owner, or else its user.
 * @throws Error for the product itself
 */
export function ownerIn(scope: Scope): string {
  const owner = scope.owner?.id ?? userOf(scope);
  if (owner === undefined)
    throw new Error('The product itself owns no records: create them in the scope of an owner');
  return owner;
}
