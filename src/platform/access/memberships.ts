import { Injectable } from '@nestjs/common';
import { apiError, define, defineErrors, notFoundError } from '../errors/errors.js';
import type { UserId } from './caller.js';

/** What members may do in an organization, from the least on: each may what the ones before it may. */
export const ORGANIZATION_ROLES = ['viewer', 'member', 'admin', 'owner'] as const;
export type OrganizationRole = (typeof ORGANIZATION_ROLES)[number];

/** Who is a member of what. The feature that has organizations registers it. */
export interface MembershipSource {
  /** Without a promise where it is known already; null for who is no member, or where there is no such organization. */
  roleOf(organization: string, user: UserId): OrganizationRole | null | Promise<OrganizationRole | null>;
}

/** What is answered to everybody who is no member. */
export const ORGANIZATION_NOT_FOUND = notFoundError('organization');

/** Also of what ends an account: an organization without an owner would be nobody's. */
export const { LAST_OWNER } = defineErrors({
  LAST_OWNER: define(409, 'This is the last owner of an organization; make another one first, or delete it'),
});

/** Whether a role may what the other one may. */
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

  /** Whether there can be organizations. */
  get exist(): boolean {
    return this.source !== undefined;
  }

  /** As the source says. */
  roleOf(organization: string, user: UserId): OrganizationRole | null | Promise<OrganizationRole | null> {
    return this.source?.roleOf(organization, user) ?? null;
  }

  /**
   * The role of a user who may at least what another role may.
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
 * The role of who may at least what another role may.
 * @param role null for who is no member
 * @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN
 */
export function judge(role: OrganizationRole | null, least: OrganizationRole): OrganizationRole {
  if (role === null) throw apiError(ORGANIZATION_NOT_FOUND);
  if (!reaches(role, least)) throw apiError('FORBIDDEN');
  return role;
}
