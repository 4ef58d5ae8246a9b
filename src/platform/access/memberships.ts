import { Injectable } from '@nestjs/common';
import { apiError, define, defineErrors, notFoundError } from '../errors/errors.js';
import type { UserId } from './caller.js';

/** The roles of members, from the lowest: each includes the rights of the ones before it. */
export const ORGANIZATION_ROLES = ['viewer', 'member', 'admin', 'owner'] as const;
export type OrganizationRole = (typeof ORGANIZATION_ROLES)[number];

/** Looks up memberships. The organizations feature registers it. */
export interface MembershipSource {
  /** Without a promise if it is cached; null if the user is not a member or the organization does not exist. */
  roleOf(organization: string, user: UserId): OrganizationRole | null | Promise<OrganizationRole | null>;
}

/** The error for everybody who is not a member. */
export const ORGANIZATION_NOT_FOUND = notFoundError('organization');

/** Also answered when an account is deleted: an organization must keep an owner. */
export const { LAST_OWNER } = defineErrors({
  LAST_OWNER: define(409, 'This is the last owner of an organization; make another one first, or delete it'),
});

/** Whether a role includes the rights of another one. */
export function reaches(role: OrganizationRole, least: OrganizationRole): boolean {
  return ORGANIZATION_ROLES.indexOf(role) >= ORGANIZATION_ROLES.indexOf(least);
}

/** The memberships of users in organizations; none where no feature has organizations. */
@Injectable()
export class Memberships {
  private source: MembershipSource | undefined;

  register(source: MembershipSource): void {
    this.source = source;
  }

  /** Whether a feature with organizations is installed. */
  get exist(): boolean {
    return this.source !== undefined;
  }

  /** As the source says. */
  roleOf(organization: string, user: UserId): OrganizationRole | null | Promise<OrganizationRole | null> {
    return this.source?.roleOf(organization, user) ?? null;
  }

  /**
   * The user's role, if it is at least the required one.
   * @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN
   */
  require(
    organization: string,
    user: UserId,
    least: OrganizationRole,
  ): OrganizationRole | Promise<OrganizationRole> {
    const role = this.roleOf(organization, user);
    return role instanceof Promise ? role.then((known) => judge(known, least)) : judge(role, least);
  }
}

/**
 * The given role, if it is at least the required one.
 * @param role null if the user is not a member
 * @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN
 */
export function judge(role: OrganizationRole | null, least: OrganizationRole): OrganizationRole {
  if (role === null) throw apiError(ORGANIZATION_NOT_FOUND);
  if (!reaches(role, least)) throw apiError('FORBIDDEN');
  return role;
}
