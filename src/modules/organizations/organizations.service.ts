import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { type Caller, scopeOf, SYSTEM, type UserId } from '../../platform/access/caller.js';
import { judge, Memberships, type OrganizationRole } from '../../platform/access/memberships.js';
import { withTimeout } from '../../platform/concurrency/timeout.js';
import { OwnerRemovals } from '../../platform/database/owner-removals.js';
import type { Records } from '../../platform/database/records.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { ApiError, apiError } from '../../platform/errors/errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { Page, PageQuery } from '../../platform/validation/page-query.js';
import { NO_PRECONDITION, type Precondition } from '../../platform/validation/precondition.js';
import { UserErrors } from '../users/user.errors.js';
import { UsersService } from '../users/users.service.js';
import { Invitation } from './invitation.schema.js';
import { members, OrganizationMember } from './member.schema.js';
import {
  type CreateOrganizationDto,
  MemberDto,
  OrganizationDto,
  type UpdateOrganizationDto,
} from './organization.dto.js';
import { OrganizationEvents } from './organization.events.js';
import { OrganizationMembers } from './organization-members.js';
import { type Organization, organizations } from './organization.schema.js';

/**
 * How long a deletion waits for the removal of the organization's records: if there are few, they are gone before the
 * response.
 */
const REMOVAL_MS = 1_000;

@Injectable()
export class OrganizationsService {
  constructor(
    @InjectRecords(organizations) private readonly records: Records<Organization>,
    @InjectRecords(members) private readonly people: Records<OrganizationMember>,
    @InjectModel(OrganizationMember.name) private readonly model: Model<OrganizationMember>,
    @InjectModel(Invitation.name) private readonly invitations: Model<Invitation>,
    private readonly roles: OrganizationMembers,
    private readonly memberships: Memberships,
    private readonly users: UsersService,
    private readonly transactions: Transactions,
    private readonly removals: OwnerRemovals,
    private readonly events: DomainEvents,
  ) {}

  /**
   * Creates an organization that the caller owns.
   * @throws ApiError EMAIL_NOT_VERIFIED, ORGANIZATION_LIMIT_REACHED
   */
  create(caller: Caller, { name }: CreateOrganizationDto, transaction?: Transaction): Promise<Organization> {
    if (!caller.emailVerified) throw apiError('EMAIL_NOT_VERIFIED');
    return this.transactions.join(transaction, async (joined) => {
      await this.roles.joining(caller.id, joined);
      const organization = await this.records.create(scopeOf(caller.id), { name, memberships: 1 }, joined);
      const organizationId = organization._id.toHexString();
      await this.roles.tell(organizationId, 'created', caller.id, joined, [{ field: 'name', to: name }]);
      await this.roles.add(organization._id, caller.id, 'owner', joined);
      joined.afterwards(() =>
        this.events.record(OrganizationEvents.organization_created, { userId: caller.id, organizationId }),
      );
      return organization;
    });
  }

  /** @throws ApiError ORGANIZATION_NOT_FOUND */
  async find(user: UserId, id: string): Promise<Organization> {
    await this.require(user, id, 'viewer');
    return this.records.get(scopeOf(user), id);
  }

  /** @throws ApiError ORGANIZATION_NOT_FOUND */
  async get(user: UserId, id: string): Promise<OrganizationDto> {
    const role = await this.require(user, id, 'viewer');
    return OrganizationDto.from(await this.records.get(scopeOf(user), id), role);
  }

  /** The user's organizations, the most recently joined one first. */
  async list(user: UserId, query: PageQuery): Promise<Page<OrganizationDto>> {
    const mine = await this.people.page(scopeOf(user), query, { userId: new Types.ObjectId(user) });
    const ids = mine.items.map(({ organizationId }) => organizationId);
    const found = await this.namesOf(ids);
    const items = mine.items.flatMap(({ organizationId, role }) => {
      const organization = found.get(organizationId.toHexString());
      // Deleted between the two queries.
      return organization ? [OrganizationDto.from(organization, role)] : [];
    });
    return { ...mine, items };
  }

  /** @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN, PRECONDITION_FAILED */
  async update(
    user: UserId,
    id: string,
    ifMatch: Precondition,
    change: UpdateOrganizationDto,
  ): Promise<OrganizationDto> {
    const role = await this.require(user, id, 'owner');
    const scope = scopeOf(user);
    const organization = await this.transactions.run(async (transaction) => {
      const { name: from } = await this.records.get(scope, id, transaction);
      const updated = await this.records.update(scope, id, ifMatch, change, transaction);
      const changes = [{ field: 'name', from, to: updated.name }];
      await this.roles.tell(id.toLowerCase(), 'updated', user, transaction, changes);
      return updated;
    });
    return OrganizationDto.from(organization, role);
  }

  /**
   * Deletes an organization, and then everything that belongs to it. If that is a lot, the rest is removed after this
   * has resolved.
   * @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN, PRECONDITION_FAILED
   */
  async remove(user: UserId, id: string, ifMatch: Precondition): Promise<void> {
    await this.require(user, id, 'owner');
    const organizationId = id.toLowerCase();
    const ofIt = { organizationId: new Types.ObjectId(organizationId) };
    await this.transactions.run((transaction) =>
      this.roles.changing(id, transaction, async () => {
        const { session } = transaction;
        await this.requireRole(organizationId, user, 'owner', transaction);
        await this.records.remove(scopeOf(user), id, ifMatch, transaction);
        await this.model.deleteMany(ofIt, { session });
        await this.invitations.deleteMany(ofIt, { session });
        await this.removals.note(organizationId, transaction);
        await this.roles.tell(organizationId, 'deleted', user, transaction);
      }),
    );
    this.events.record(OrganizationEvents.organization_deleted, { userId: user, organizationId });
    await withTimeout(REMOVAL_MS, this.removals.finish(organizationId)).catch(() => undefined);
  }

  /** @throws ApiError ORGANIZATION_NOT_FOUND */
  async members(user: UserId, id: string, query: PageQuery): Promise<Page<MemberDto>> {
    await this.require(user, id, 'viewer');
    const page = await this.people.page(scopeOf(user), query, { organizationId: new Types.ObjectId(id) });
    const items = await Promise.all(page.items.map((member) => this.memberOf(member)));
    return { ...page, items: items.filter((member) => member !== undefined) };
  }

  /** @throws ApiError ORGANIZATION_NOT_FOUND, MEMBER_NOT_FOUND, FORBIDDEN, LAST_OWNER */
  async changeRole(user: UserId, id: string, memberId: string, role: OrganizationRole): Promise<MemberDto> {
    const member = await this.change(user, id, memberId, role);
    const changed = await this.memberOf(member);
    if (!changed) throw apiError(members.notFound);
    return changed;
  }

  /**
   * Removes a member, or lets the caller leave.
   * @throws ApiError ORGANIZATION_NOT_FOUND, MEMBER_NOT_FOUND, FORBIDDEN, LAST_OWNER
   */
  async removeMember(user: UserId, id: string, memberId: string): Promise<void> {
    await this.change(user, id, memberId, null);
  }

  /** @param role null to remove the member */
  private async change(
    user: UserId,
    id: string,
    memberId: string,
    role: OrganizationRole | null,
  ): Promise<OrganizationMember> {
    const [organizationId, userId] = [id.toLowerCase(), memberId.toLowerCase()];
    const isLeaving = role === null && userId === user;
    const least = isLeaving ? 'viewer' : 'admin';
    await this.require(user, id, least);
    const scope = scopeOf(user);
    const member = await this.transactions.run((transaction) =>
      this.roles.changing(id, transaction, async () => {
        const own = await this.requireRole(organizationId, user, least, transaction);
        const found = await this.memberIn(organizationId, userId, transaction);
        if (!found) throw apiError(members.notFound);
        const concernsOwners = found.role === 'owner' || role === 'owner';
        if (concernsOwners && own !== 'owner') throw apiError('FORBIDDEN');
        if (found.role === 'owner' && role !== 'owner') {
          await this.roles.requireAnotherOwner(organizationId, userId, transaction);
        }
        const recordId = found._id.toHexString();
        await this.roles.withdraw(organizationId, userId, transaction);
        await this.roles.tellOfRole(organizationId, userId, [found.role, role], user, transaction);
        if (role === null) await this.roles.removeKeys(organizationId, userId, transaction);
        return role === null
          ? this.people.remove(scope, recordId, NO_PRECONDITION, transaction)
          : this.people.update(scope, recordId, NO_PRECONDITION, { role }, transaction);
      }),
    );
    const event = role === null ? OrganizationEvents.member_removed : OrganizationEvents.member_role_changed;
    this.events.record(event, { organizationId, userId, by: user, role: member.role });
    return member;
  }

  /** Like `require`, but reads the stored membership in a transaction. */
  async requireRole(
    organization: string,
    user: UserId,
    least: OrganizationRole,
    transaction: Transaction,
  ): Promise<OrganizationRole> {
    const role = (await this.memberIn(organization, user, transaction))?.role ?? null;
    return judge(role, least);
  }

  /** @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN */
  async require(user: UserId, id: string, least: OrganizationRole): Promise<OrganizationRole> {
    return this.memberships.require(id.toLowerCase(), user, least);
  }

  /** The existing organizations among these ids. */
  async namesOf(ids: readonly Types.ObjectId[]): Promise<ReadonlyMap<string, Organization>> {
    if (ids.length === 0) return new Map();
    const filter = { _id: { $in: ids } };
    const found = await this.records.find(SYSTEM, { filter, sort: { _id: 1 }, limit: ids.length });
    return new Map(found.map((each) => [each._id.toHexString(), each]));
  }

  private memberIn(
    organization: string,
    user: string,
    transaction: Transaction,
  ): Promise<OrganizationMember | null> {
    const one = { organizationId: new Types.ObjectId(organization), userId: new Types.ObjectId(user) };
    return this.people.first(scopeOf(user as UserId), one, transaction);
  }

  private async memberOf(member: OrganizationMember): Promise<MemberDto | undefined> {
    try {
      return MemberDto.of(await this.users.profile(member.userId.toHexString() as UserId), member);
    } catch (error) {
      // Deleted meanwhile, so the user is no longer a member.
      if (error instanceof ApiError && error.code === UserErrors.USER_NOT_FOUND.code) return undefined;
      throw error;
    }
  }
}
