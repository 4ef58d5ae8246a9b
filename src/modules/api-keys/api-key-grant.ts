import type { Caller, Permission } from '../../platform/access/caller.js';

/** What a key may do now, by what its user may now. */
export type Grant = (user: Pick<Caller, 'permissions'>) => ReadonlySet<Permission>;

/** What only people do unless a key was given it by name. */
const BY_NAME: ReadonlySet<Permission> = new Set(['users:create']);

/** Remembers the last answer: a role has one set of permissions, and a key is asked at each request. */
export function grantOf(named: readonly Permission[] | null | undefined): Grant {
  let own: ReadonlySet<Permission> | undefined;
  let granted: ReadonlySet<Permission> = new Set();
  return ({ permissions }) => {
    if (permissions !== own) {
      own = permissions;
      const may = (each: Permission): boolean => (named ? named.includes(each) : !BY_NAME.has(each));
      granted = new Set([...permissions].filter(may));
    }
    return granted;
  };
}
