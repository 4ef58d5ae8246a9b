declare const userIdBrand: unique symbol;

/** The id of a user: 24 hex digits. A text becomes one only where a user was found. */
export type UserId = string & { readonly [userIdBrand]: true };

/** What a role may do to records of others: `projects:read`, or any other verb that a resource declares. */
export type Permission = `${string}:${string}`;

/** The permissions that somebody has. */
export interface Permissions {
  has(permission: Permission): boolean;
}

/** A signed-in user, as it stood when the request arrived. */
export interface Caller {
  readonly id: UserId;
  readonly role: string;
  readonly permissions: Permissions;
  /** The session of its access token; absent where it has shown something else. */
  readonly session?: string;
  /** The API key that it has shown. */
  readonly apiKey?: string;
  /** The key may only read. */
  readonly readOnly?: boolean;
  /** When it last proved its identity, in milliseconds since 1970. Absent for API keys. */
  readonly provenAt?: number;
  readonly emailVerified: boolean;
  readonly otpEnabled: boolean;
  /** Tokens of other issuers from before this time are refused; milliseconds since 1970. */
  readonly validFrom: number;
}

/**
 * Whose records an operation may touch: those of one owner, or everybody's by a permission.
 * Every operation of a feature asks for one, so that a forgotten owner does not compile.
 */
export type Scope = (
  | { readonly owner: UserId; readonly all?: never }
  | { readonly all: true; readonly permission: Permission; readonly caller: UserId; readonly owner?: never }
) & {
  /** What whoever is behind it may do besides: they open what a record may refer to. */
  readonly permissions?: Permissions;
};
