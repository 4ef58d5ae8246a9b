import type { Permission, Permissions } from '../../platform/security/caller.js';

/** What each role may do to records of others. Nobody needs a permission for records of its own. */
const MAY = {
  admin: () => true,
  user: () => false,
  moderator: (permission) => permission.endsWith(':read'),
} as const satisfies Record<string, (permission: Permission) => boolean>;

export type Role = keyof typeof MAY;

export const ROLES = Object.keys(MAY) as Role[];

/** The permissions of a role: which there are, resources declare. */
export const PERMISSIONS_OF = Object.fromEntries(
  Object.entries(MAY).map(([role, has]) => [role, { has }]),
) as Readonly<Record<Role, Permissions>>;
