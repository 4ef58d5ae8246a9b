import type { Permission, UserId } from './caller.js';

/** A user to whom something belongs that happens without a request: with its permissions, disabled, or gone. */
export type Standing = { readonly permissions: ReadonlySet<Permission> } | 'disabled' | 'gone';

/** Says what a user may do now. The feature that knows the users provides it. */
export abstract class Standings {
  /**
   * Without a promise where it is known already.
   * @param apiKey what the user has acted by: who had it is gone once it has ended, and may what it may
   */
  abstract of(id: UserId, apiKey?: string): Standing | Promise<Standing>;
}
