import { Injectable } from '@nestjs/common';
import {
  type Actor,
  type Owner,
  type Permission,
  type Scope,
  userActor,
  type UserId,
  userOf,
} from '../../platform/access/caller.js';
import { Memberships, type OrganizationRole } from '../../platform/access/memberships.js';
import { Standings } from '../../platform/access/standings.js';
import { apiError } from '../../platform/errors/errors.js';

interface Asked {
  /** The role that the user must have in the organization that owns the files. */
  readonly least: OrganizationRole;
  /** Gives access to everybody's files. */
  readonly permission?: Permission;
  /** The API key that the user acted with, which must still be valid. */
  readonly apiKey?: string | undefined;
}

/** The current rights of users who were allowed something some time ago. */
@Injectable()
export class FileRights {
  constructor(
    private readonly standings: Standings,
    private readonly memberships: Memberships,
  ) {}

  /**
   * The current scope of a user for the files of an owner.
   * @throws ApiError UNAUTHENTICATED, ORGANIZATION_NOT_FOUND, FORBIDDEN
   */
  async scopeNow(user: UserId, owner: Owner, { least, permission, apiKey }: Asked): Promise<Scope> {
    const standing = await this.standings.of(user, apiKey);
    if (typeof standing === 'string') throw apiError('UNAUTHENTICATED');
    const actor: Actor = apiKey === undefined ? userActor(user) : { kind: 'apiKey', id: apiKey, user };
    if (owner.kind === 'organization') {
      await this.memberships.require(owner.id, user, least);
      return { actor, owner };
    }
    const { permissions } = standing;
    const opens = permission !== undefined && permissions.has(permission);
    return opens ? { actor, permissions, all: true, permission } : { actor, permissions, owner };
  }

  /**
   * Rechecks the rights after an upload, which may take an hour: its user may have been deleted by then.
   * @throws like `scopeNow`
   */
  async requireStill(scope: Scope): Promise<void> {
    const user = userOf(scope);
    if (user === undefined || !scope.owner) return;
    await this.scopeNow(user, scope.owner, { least: 'member', apiKey: keyOf(scope) });
  }
}

/** The API key that acts. */
export function keyOf({ actor }: Scope): string | undefined {
  return actor.kind === 'apiKey' ? actor.id : undefined;
}
