import type { Caller, Permission, Permissions } from '../../platform/security/caller.js';

/** What a key may do now, by what its user may now. */
export type Grant = (user: Pick<Caller, 'permissions'>) => Permissions;

/** What only people do unless a key was given it by name. */
const BY_NAME: ReadonlySet<Permission> = new Set(['users:create']);

export function grantOf(named: readonly Permission[] | null | undefined): Grant {
  const mayPass = (permission: Permission): boolean =>
    named ? named.includes(permission) : !BY_NAME.has(permission);
  return ({ permissions }) => ({
    has: (permission) => mayPass(permission) && permissions.has(permission),
  });
}
