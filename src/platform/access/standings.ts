import type { Permission, UserId } from './caller.js';

/**
 * The current state of a user on whose behalf something runs without a request: its permissions, disabled, or deleted.
 */
export type Standing = { readonly permissions: ReadonlySet<Permission> } | 'disabled' | 'gone';

/** Says what a user may do now. The feature that knows the users provides it. */
export abstract class Standings {
  /**
   * Without a promise if it is cached.
   * @param apiKey what the user has acted by: who had it is gone once it has ended, and may what it may
   */
  abstract of(id: UserId, apiKey?: string): Standing | Promise<Standing>;
}
