import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { scopeOf, userActor, type UserId } from '../../platform/access/caller.js';
import {
  LAST_OWNER,
  Memberships,
  type MembershipSource,
  ORGANIZATION_NOT_FOUND,
  type OrganizationRole,
} from '../../platform/access/memberships.js';
import { ChangeFeed } from '../../platform/database/change-feed.js';
import { type LiveCache, LiveCaches } from '../../platform/database/live-cache.js';
import { OwnedRecords } from '../../platform/database/owned-records.js';
import { OwnerRemovals } from '../../platform/database/owner-removals.js';
import type { Records } from '../../platform/database/records.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import { References } from '../../platform/database/references.js';
import { type FieldChange, ChangeEvents } from '../../platform/database/change-events.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import { Invitation } from './invitation.schema.js';
import { members as resource, OrganizationMember } from './member.schema.js';
import { OrganizationErrors } from './organization.errors.js';
import { Organization } from './organization.schema.js';

/** Maximum number of organizations per user. */
const MAX_ORGANIZATIONS = 100;
/** Maximum number of members per organization: all of them are cached while one is active. */
const MAX_MEMBERS = 500;
/** The events of organizations. */
const ACTIONS = {
  created: 'created',
  updated: 'updated',
  deleted: 'deleted',
  joined: 'member-joined',
  changed: 'member-changed',
  left: 'member-left',
} as const;

type Roles = ReadonlyMap<string, OrganizationRole>;

/** Looks up and changes the members of organizations; changes of one organization are serialized. */
@Injectable()
export class OrganizationMembers implements MembershipSource {
  /** By organization. Each change of a member also changes its organization, which the change feed reports. */
  private readonly known: LiveCache<Roles>;

  constructor(
    @InjectModel(Organization.name) private readonly organizations: Model<Organization>,
    @InjectRecords(resource) private readonly people: Records<OrganizationMember>,
    @InjectModel(OrganizationMember.name) private readonly members: Model<OrganizationMember>,
    @InjectModel(Invitation.name) private readonly invitations: Model<Invitation>,
    private readonly transactions: Transactions,
    private readonly feed: ChangeFeed,
    private readonly owned: OwnedRecords,
    private readonly changeEvents: ChangeEvents,
    removals: OwnerRemovals,
    memberships: Memberships,
    references: References,
    caches: LiveCaches,
  ) {
    this.known = caches.of(organizations, (id) => this.load(id));
    removals.before((owner, transaction) => this.leaveAll(owner, transaction));
    memberships.register(this);
    // Records of an organization may refer to its members.
    references.open('User', async ({ owner }, id) => {
      if (owner?.kind !== 'organization') return false;
      return (await this.roleOf(owner.id, id.toHexString() as UserId)) !== null;
    });
    changeEvents.offer(Object.values(ACTIONS).map((action) => `organizations.${action}`));
  }

  roleOf(organization: string, user: UserId): OrganizationRole | null | Promise<OrganizationRole | null> {
    const roles = this.known.get(organization);
    if (roles instanceof Promise) return roles.then((found) => found?.get(user) ?? null);
    return roles?.get(user) ?? null;
  }

  /**
   * Locks the user, so that it can neither join another organization nor be deleted. Call it before `changing`.
   */
  joining(user: string, transaction: Transaction): Promise<void> {
    return this.transactions.lock(`organizations of ${user}`, transaction);
  }

  /**
   * Runs work that changes the members of an organization: concurrent changes are serialized, and every process is
   * notified.
   * @throws ApiError ORGANIZATION_NOT_FOUND
   */
  async changing<T>(id: string, transaction: Transaction, work: () => Promise<T>): Promise<T> {
    const organization = id.toLowerCase();
    await this.transactions.lock(`organization ${organization}`, transaction);
    const { session } = transaction;
    const touched = await this.organizations.updateOne(
      { _id: organization },
      { $inc: { memberships: 1 } },
      { session, timestamps: false },
    );
    if (touched.matchedCount === 0) throw apiError(ORGANIZATION_NOT_FOUND);
    transaction.afterwards(() => this.feed.note(this.organizations.collection.name, organization));
    return work();
  }

  /** @throws ApiError LAST_OWNER unless the organization has another owner; only within `changing` */
  async requireAnotherOwner(organization: string, user: string, { session }: Transaction): Promise<void> {
    const organizationId = new Types.ObjectId(organization);
    const userId = { $ne: new Types.ObjectId(user) };
    const another = await this.members.exists({ organizationId, role: 'owner', userId }).session(session);
    if (!another) throw apiError(LAST_OWNER);
  }

  /**
   * Adds a member; only in a transaction that has called `joining`.
   * @throws ApiError MEMBER_LIMIT_REACHED, ORGANIZATION_LIMIT_REACHED
   */
  async add(
    organizationId: Types.ObjectId,
    user: UserId,
    role: OrganizationRole,
    transaction: Transaction,
  ): Promise<void> {
    const { session } = transaction;
    const userId = new Types.ObjectId(user);
    const all = await this.members
      .countDocuments({ organizationId }, { limit: MAX_MEMBERS })
      .session(session);
    if (all >= MAX_MEMBERS) throw apiError(OrganizationErrors.MEMBER_LIMIT_REACHED);
    const mine = await this.members.countDocuments({ userId }, { limit: MAX_ORGANIZATIONS }).session(session);
    if (mine >= MAX_ORGANIZATIONS) throw apiError(OrganizationErrors.ORGANIZATION_LIMIT_REACHED);
    await this.people.create(scopeOf(user), { organizationId, userId, role }, transaction);
    await this.tellOfRole(organizationId.toHexString(), user, [null, role], user, transaction);
  }

  /** Reports an action on an organization to its administrators. */
  tell(
    organization: string,
    action: keyof typeof ACTIONS,
    by: UserId,
    transaction: Transaction,
    changes: readonly FieldChange[] = [],
  ): Promise<void> {
    return this.changeEvents.organization(organization, ACTIONS[action], transaction, changes, userActor(by));
  }

  /** Reports a change of a member's role; null means not a member. */
  tellOfRole(
    organization: string,
    user: string,
    [from, to]: readonly [OrganizationRole | null, OrganizationRole | null],
    by: UserId,
    transaction: Transaction,
  ): Promise<void> {
    const action = from === null ? 'joined' : to === null ? 'left' : 'changed';
    return this.tell(organization, action, by, transaction, [{ field: `members.${user}`, from, to }]);
  }

  /** Permanently invalidates the API keys of a member who leaves; only within `changing`. */
  async removeKeys(organization: string, user: string, transaction: Transaction): Promise<void> {
    await this.owned.removeMadeIn(organization, user as UserId, transaction);
  }

  /**
   * Invalidates the invitations of a member who may no longer invite, or not in the same role; only within `changing`.
   */
  async withdraw(organization: string, inviter: string, { session }: Transaction): Promise<void> {
    await this.invitations.deleteMany(
      { organizationId: new Types.ObjectId(organization), invitedBy: new Types.ObjectId(inviter) },
      { session },
    );
  }

  /** @throws ApiError LAST_OWNER */
  private async leaveAll(user: string, transaction: Transaction): Promise<void> {
    const { session } = transaction;
    await this.joining(user, transaction);
    const all = await this.members
      .find({ userId: new Types.ObjectId(user) })
      .session(session)
      .lean<OrganizationMember[]>();
    const ids = all.map(({ organizationId }) => organizationId.toHexString()).toSorted();
    for (const id of ids) {
      await this.changing(id, transaction, async () => {
        await this.requireAnotherOwner(id, user, transaction);
        await this.members.deleteOne(
          { organizationId: new Types.ObjectId(id), userId: new Types.ObjectId(user) },
          { session },
        );
        const { role } = all.find(({ organizationId }) => organizationId.equals(id)) ?? { role: null };
        await this.tellOfRole(id, user, [role, null], user as UserId, transaction);
        await this.withdraw(id, user, transaction);
        await this.removeKeys(id, user, transaction);
      });
    }
  }

  private async load(id: string): Promise<Roles | null> {
    const all = await this.members
      .find({ organizationId: new Types.ObjectId(id) }, { userId: 1, role: 1 })
      .lean<OrganizationMember[]>();
    return all.length === 0 ? null : new Map(all.map(({ userId, role }) => [userId.toHexString(), role]));
  }
}
