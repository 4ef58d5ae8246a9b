import type { Permission } from '../../platform/security/caller.js';

export const ROLES = ['admin', 'user', 'moderator'] as const;
export type Role = (typeof ROLES)[number];

/** Every permission there is. A user needs none for records of its own. */
export const PERMISSIONS = [
  'users:read',
  'users:write',
  'users:create',
  'projects:read',
  'projects:write',
] as const;

/** What a role may do to records of others. A permission that is missing here is given to nobody. */
export const PERMISSIONS_OF: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  admin: new Set(PERMISSIONS),
  moderator: new Set<Permission>(['users:read', 'projects:read']),
  user: new Set(),
};
