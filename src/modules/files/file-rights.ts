import { Injectable } from '@nestjs/common';
import {
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

/** What a user may do now, of whom is only known that it was allowed to some time ago. */
@Injectable()
export class FileRights {
  constructor(
    private readonly standings: Standings,
    private readonly memberships: Memberships,
  ) {}

  /**
   * The scope of a user with the files of an owner.
   * @param least what it must be in the organization whose they are
   * @param permission opens those of everybody to it, if it has it
   * @throws ApiError UNAUTHENTICATED, ORGANIZATION_NOT_FOUND, FORBIDDEN
   */
  async scopeNow(
    user: UserId,
    owner: Owner,
    { least, permission }: { least: OrganizationRole; permission?: Permission },
  ): Promise<Scope> {
    const standing = await this.standings.of(user);
    if (typeof standing === 'string') throw apiError('UNAUTHENTICATED');
    const actor = userActor(user);
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
    if (user !== undefined && scope.owner) await this.scopeNow(user, scope.owner, { least: 'member' });
  }
}
