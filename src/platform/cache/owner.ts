import type { Caller, Scope, UserId } from '../access/caller.js';

/** What says whose data is meant. */
export type Owner = UserId | Scope | Caller;

/** Data of everybody, and data that belongs to nobody. */
export const ALL = 'all';

/** Whose data it is. */
export type Holder = UserId | typeof ALL;

function isId(value: unknown): value is UserId {
  return typeof value === 'string' && /^[\da-f]{24}$/.test(value);
}

/**
 * Whose data an operation for this owner reads or changes. The compiler asks for an owner already; this is for what
 * goes round it.
 * @throws TypeError where none can be read from the value
 */
export function holderOf(value: unknown): Holder {
  if (isId(value)) return value;
  const { owner, all, id, permissions } = (value ?? {}) as Partial<Record<string, unknown>>;
  const ownerId = (owner as { id?: unknown } | undefined)?.id;
  if (isId(ownerId) && all === undefined) return ownerId;
  if (all === true && owner === undefined) return ALL;
  if (isId(id) && permissions instanceof Set) return id;
  throw new TypeError('The first argument names no owner: a UserId, a Scope or a Caller');
}
