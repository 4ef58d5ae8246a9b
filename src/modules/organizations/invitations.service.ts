import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { type Caller, scopeOf, type UserId } from '../../platform/access/caller.js';
import { ORGANIZATION_NOT_FOUND } from '../../platform/access/memberships.js';
import { digestOf } from '../../platform/crypto/digest.js';
import type { Records } from '../../platform/database/records.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { ApiError, apiError } from '../../platform/errors/errors.js';
import { HttpConfig } from '../../platform/http/http.config.js';
import { publicOriginOf } from '../../platform/http/public-origin.js';
import { Quotas } from '../../platform/limits/quotas.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { composeLinkMail } from '../../platform/mail/link-mail.js';
import { Mailer } from '../../platform/mail/mailer.js';
import { mailboxOf } from '../../platform/validation/mailbox.js';
import { mapPage, type Page, type PageQuery } from '../../platform/validation/page-query.js';
import { NO_PRECONDITION } from '../../platform/validation/precondition.js';
import { Mailboxes } from '../users/mailboxes.js';
import { UsersService } from '../users/users.service.js';
import { invitation as invitationMail } from './invitation.mail.js';
import { Invitation, invitations } from './invitation.schema.js';
import { OrganizationMember } from './member.schema.js';
import { InvitationDto, type InviteDto, OrganizationDto } from './organization.dto.js';
import { OrganizationErrors } from './organization.errors.js';
import { OrganizationEvents } from './organization.events.js';
import { OrganizationMembers } from './organization-members.js';
import { OrganizationsService } from './organizations.service.js';

const LIFETIME_MS = 7 * 24 * 60 * 60 * 1000;
/** Maximum number of open invitations per organization. */
const MAX_INVITATIONS = 100;
/** Limits of mails to strangers. */
const MAILS_OF_INVITER = { limit: 100, seconds: 24 * 60 * 60 };
const MAILS_TO_ADDRESS = { limit: 10, seconds: 60 * 60 };

/** Invites people by mail. A user with the invited address and the link may join. */
@Injectable()
export class InvitationsService {
  private readonly origin: string;

  constructor(
    @InjectRecords(invitations) private readonly records: Records<Invitation>,
    @InjectModel(Invitation.name) private readonly model: Model<Invitation>,
    @InjectModel(OrganizationMember.name) private readonly members: Model<OrganizationMember>,
    private readonly organizations: OrganizationsService,
    private readonly roles: OrganizationMembers,
    private readonly users: UsersService,
    private readonly mailboxes: Mailboxes,
    private readonly mailer: Mailer,
    private readonly quotas: Quotas,
    private readonly transactions: Transactions,
    private readonly events: DomainEvents,
    http: HttpConfig,
  ) {
    this.origin = publicOriginOf(http);
  }

  /**
   * Mails an invitation. An earlier one to the same address is replaced, and its link becomes invalid.
   * @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN, ALREADY_A_MEMBER, INVITATION_LIMIT_REACHED, RATE_LIMITED,
   * MAIL_NOT_CONFIGURED
   */
  async invite(
    user: UserId,
    id: string,
    { email, role }: InviteDto,
    transaction?: Transaction,
  ): Promise<Invitation> {
    const organization = id.toLowerCase();
    const least = role === 'owner' ? 'owner' : 'admin';
    await this.organizations.require(user, organization, least);
    this.mailer.requireConfigured();
    const organizationId = new Types.ObjectId(organization);
    const invited = await this.mailboxes.find(email);
    if (invited && (await this.members.exists({ organizationId, userId: invited._id }))) {
      throw apiError(OrganizationErrors.ALREADY_A_MEMBER);
    }
    await this.quotas.take('invitations by', user, MAILS_OF_INVITER);
    await this.quotas.take('invitations to', email, MAILS_TO_ADDRESS);
    const token = randomBytes(32).toString('base64url');
    const written = await this.transactions.join(transaction, (joined) =>
      this.roles.changing(organization, joined, async () => {
        await this.organizations.requireRole(organization, user, least, joined);
        const found = await this.records.first(scopeOf(user), { organizationId, email }, joined);
        const fields = {
          role,
          invitedBy: new Types.ObjectId(user),
          tokenHash: digestOf(token),
          expiresAt: new Date(Date.now() + LIFETIME_MS),
        };
        if (found) {
          return this.records.update(scopeOf(user), String(found._id), NO_PRECONDITION, fields, joined);
        }
        const { session } = joined;
        const open = await this.model
          .countDocuments({ organizationId }, { limit: MAX_INVITATIONS })
          .session(session);
        if (open >= MAX_INVITATIONS) throw apiError(OrganizationErrors.INVITATION_LIMIT_REACHED);
        return this.records.create(scopeOf(user), { organizationId, email, ...fields }, joined);
      }),
    );
    const recipient = { id: user, email, name: '' };
    const send = (): void =>
      this.mailer.send(invitationMail.purpose, () =>
        Promise.resolve(composeLinkMail(invitationMail, recipient, this.origin, token)),
      );
    if (transaction) transaction.afterwards(send);
    else send();
    return written;
  }

  /** @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN, INVITATION_NOT_FOUND */
  async get(user: UserId, id: string, invitationId: string): Promise<Invitation> {
    await this.organizations.require(user, id, 'admin');
    return this.find(id, invitationId);
  }

  /** @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN */
  async list(user: UserId, id: string, query: PageQuery): Promise<Page<InvitationDto>> {
    await this.organizations.require(user, id, 'admin');
    return this.pageOf(user, query, { organizationId: new Types.ObjectId(id) });
  }

  /** @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN, INVITATION_NOT_FOUND */
  async withdraw(user: UserId, id: string, invitationId: string): Promise<void> {
    await this.organizations.require(user, id, 'admin');
    await this.find(id, invitationId);
    await this.records.remove(scopeOf(user), invitationId, NO_PRECONDITION);
  }

  /**
   * Those to the caller's address.
   * @throws ApiError EMAIL_NOT_VERIFIED
   */
  async mine(caller: Caller, query: PageQuery): Promise<Page<InvitationDto>> {
    return this.pageOf(caller.id, query, { email: await this.addressOf(caller) });
  }

  /**
   * Joins the organization.
   * @throws ApiError EMAIL_NOT_VERIFIED, INVALID_INVITATION, MEMBER_LIMIT_REACHED, ORGANIZATION_LIMIT_REACHED
   */
  async accept(caller: Caller, token: string): Promise<OrganizationDto> {
    const email = await this.addressOf(caller);
    const { organizationId } = await this.valid(email, token);
    const organization = organizationId.toHexString();
    const userId = caller.id;
    await this.transactions
      .run(async (transaction) => {
        await this.roles.joining(userId, transaction);
        await this.roles.changing(organization, transaction, async () => {
          // Only in its current state: of several concurrent requests, one succeeds.
          const { _id, role } = await this.valid(email, token, transaction);
          await this.model.deleteOne({ _id }, { session: transaction.session });
          if (!(await this.users.findById(userId))) throw apiError('UNAUTHENTICATED');
          const { session } = transaction;
          if (await this.members.exists({ organizationId, userId }).session(session)) return;
          await this.roles.add(organizationId, userId, role, transaction);
          const event = { organizationId: organization, userId, role };
          transaction.afterwards(() => this.events.record(OrganizationEvents.member_joined, event));
        });
      })
      .catch(invalidWhereGone);
    return this.organizations.get(userId, organization).catch(invalidWhereGone);
  }

  /** @throws ApiError EMAIL_NOT_VERIFIED, INVALID_INVITATION */
  async decline(caller: Caller, token: string): Promise<void> {
    const { _id } = await this.valid(await this.addressOf(caller), token);
    await this.model.deleteOne({ _id });
  }

  async shown(invitation: Invitation): Promise<InvitationDto> {
    const found = await this.organizations.namesOf([invitation.organizationId]);
    return InvitationDto.of(invitation, found.get(invitation.organizationId.toHexString())?.name ?? '');
  }

  private async pageOf(user: UserId, query: PageQuery, filter: object): Promise<Page<InvitationDto>> {
    const page = await this.records.page(scopeOf(user), query, { ...filter });
    const named = await this.organizations.namesOf(page.items.map(({ organizationId }) => organizationId));
    return mapPage(page, (each) =>
      InvitationDto.of(each, named.get(each.organizationId.toHexString())?.name ?? ''),
    );
  }

  /** @throws ApiError INVITATION_NOT_FOUND */
  private async find(id: string, invitationId: string): Promise<Invitation> {
    const one = { _id: new Types.ObjectId(invitationId), organizationId: new Types.ObjectId(id) };
    const found = await this.model.findOne(one).lean<Invitation>();
    if (!found) throw apiError(invitations.notFound);
    return found;
  }

  /** @throws ApiError INVALID_INVITATION */
  private async valid(email: string, token: string, transaction?: Transaction): Promise<Invitation> {
    const found = await this.model
      .findOne({ tokenHash: digestOf(token), expiresAt: { $gt: new Date() } })
      .session(transaction?.session ?? null)
      .lean<Invitation>();
    if (found?.email !== email) throw apiError(OrganizationErrors.INVALID_INVITATION);
    return found;
  }

  /** @throws ApiError EMAIL_NOT_VERIFIED */
  private async addressOf({ id, emailVerified }: Caller): Promise<string> {
    if (!emailVerified) throw apiError('EMAIL_NOT_VERIFIED');
    return mailboxOf((await this.users.profile(id)).email);
  }
}

/** Treats a concurrently deleted organization like an invalid invitation. */
function invalidWhereGone(error: unknown): never {
  const isGone = error instanceof ApiError && error.code === ORGANIZATION_NOT_FOUND.code;
  throw isGone ? apiError(OrganizationErrors.INVALID_INVITATION) : error;
}
