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
  /** What the user must be in the organization whose they are. */
  readonly least: OrganizationRole;
  /** Opens those of everybody to the user who has it. */
  readonly permission?: Permission;
  /** What the user acted by; of use as long as that is. */
  readonly apiKey?: string | undefined;
}

/** What a user may do now, of whom is only known that it was allowed to some time ago. */
@Injectable()
export class FileRights {
  constructor(
    private readonly standings: Standings,
    private readonly memberships: Memberships,
  ) {}

  /**
   * The scope of a user with the files of an owner.
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
   * An upload takes up to an hour: who began it may be gone by then, and what it leaves would be nobody's.
   * @throws as `scopeNow`
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
