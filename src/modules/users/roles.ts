import { Injectable } from '@nestjs/common';
import { Repositories } from '../../platform/database/repositories.js';
import type { Permission } from '../../platform/access/caller.js';

/** The permissions of each role, for other people's records. Nobody needs a permission for their own. */
const MAY = {
  admin: () => true,
  user: () => false,
  moderator: (permission) => permission.endsWith(':read'),
} as const satisfies Record<string, (permission: Permission) => boolean>;

export type Role = keyof typeof MAY;

export const ROLES = Object.keys(MAY) as Role[];

/** Resolves each role to the permissions that resources declare. */
@Injectable()
export class Roles {
  private readonly known = new Map<Role, ReadonlySet<Permission>>();

  constructor(private readonly repositories: Repositories) {}

  permissionsOf(role: Role): ReadonlySet<Permission> {
    const known = this.known.get(role);
    if (known) return known;
    const permissions = new Set([...this.repositories.permissions].filter(MAY[role]));
    this.known.set(role, permissions);
    return permissions;
  }
}
