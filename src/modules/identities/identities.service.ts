import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { type LiveCache, LiveCaches } from '../../platform/database/live-cache.js';
import { withOwnerLimit } from '../../platform/database/owner-limit.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { ApiError, apiError } from '../../platform/errors/errors.js';
import { NO_PRECONDITION } from '../../platform/validation/precondition.js';
import type { Page, PageQuery } from '../../platform/validation/page-query.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { scopeOf, type UserId } from '../../platform/access/caller.js';
import { UsersService } from '../users/users.service.js';
import { Identity, identities } from './identity.schema.js';
import { IdentityErrors } from './identity.errors.js';
import { IdentityEvents } from './identity.events.js';
import { UserEvents } from '../users/user.events.js';
import { WaysIn } from '../users/ways-in.js';

/** A person as identified by an issuer. */
export interface Outsider {
  readonly issuer: string;
  readonly subject: string;
  /** The record that links it to a user, if known; it may have been removed since. */
  identityId?: string;
}

/** Maximum number of identities per user. */
const MAX_IDENTITIES = 10;

/** Identities at other providers and their users, linked by issuer and subject only. */
@Injectable()
export class IdentitiesService {
  private readonly known: LiveCache<{ readonly owner: UserId }>;

  constructor(
    @InjectModel(Identity.name) private readonly model: Model<Identity>,
    @InjectRecords(identities) private readonly records: Records<Identity>,
    private readonly users: UsersService,
    private readonly ways: WaysIn,
    private readonly transactions: Transactions,
    private readonly events: DomainEvents,
    caches: LiveCaches,
  ) {
    ways.register((owner, { session }) =>
      model.countDocuments({ ownerId: new Types.ObjectId(owner) }).session(session),
    );
    this.known = caches.of(model, async (id) => {
      const identity = await model.findById(id, { ownerId: 1 }).lean<Identity>();
      return identity && { owner: ownerOf(identity) };
    });
  }

  /** @throws ApiError IDENTITY_NOT_FOUND */
  get(owner: UserId, id: string): Promise<Identity> {
    return this.records.get(scopeOf(owner), id);
  }

  list(owner: UserId, query: PageQuery): Promise<Page<Identity>> {
    return this.records.page(scopeOf(owner), query);
  }

  /** The user of an identity, without a promise if it is cached; null if there is none. */
  ownerOf(outsider: Outsider): UserId | null | Promise<UserId | null> {
    const known = outsider.identityId === undefined ? null : this.known.get(outsider.identityId);
    return known && !(known instanceof Promise) ? known.owner : this.look(outsider, known);
  }

  /** The cached owner of an identity. */
  peek(id: string | undefined): UserId | undefined {
    return id === undefined ? undefined : this.known.peek(id)?.owner;
  }

  /**
   * Links an identity to a user who has proven to own it. Idempotent.
   * @throws ApiError IDENTITY_TAKEN, IDENTITY_LIMIT_REACHED
   */
  async link(owner: UserId, outsider: Outsider, transaction?: Transaction): Promise<Identity> {
    const linked = await this.find(outsider);
    if (linked) return theirs(linked, owner);
    const limit = {
      owner,
      max: MAX_IDENTITIES,
      refusal: () => apiError(IdentityErrors.IDENTITY_LIMIT_REACHED),
    };
    try {
      return await withOwnerLimit(this.transactions, this.model, limit, transaction, (joined) =>
        this.insert(owner, outsider, joined),
      );
    } catch (error) {
      // Another request was first, perhaps of the same user.
      const first = isTaken(error) ? await this.find(outsider) : null;
      if (!first) throw error;
      return theirs(first, owner);
    }
  }

  /**
   * @throws ApiError IDENTITY_NOT_FOUND, LAST_WAY_IN for a user who could no longer sign in
   */
  async unlink(owner: UserId, id: string): Promise<void> {
    await this.transactions.run(async (transaction) => {
      await this.records.require(scopeOf(owner), id, NO_PRECONDITION, transaction);
      await this.ways.requireAnother(owner, transaction);
      await this.records.remove(scopeOf(owner), id, NO_PRECONDITION, transaction);
    });
    this.known.forget(id.toLowerCase());
    this.events.record(IdentityEvents.identity_unlinked, { userId: owner, recordId: id });
  }

  /**
   * Creates a user for an identity that has none: both records or neither.
   * @throws ApiError ACCOUNT_LINK_REQUIRED if the address belongs to a user, even one created just now
   */
  async createUser(outsider: Outsider, email: string, called?: string): Promise<UserId> {
    const [localPart = email] = email.split('@');
    const name = called ?? localPart;
    try {
      return await this.transactions.run(async (transaction) => {
        const user = await this.users.createProved({ email, name }, transaction);
        const owner = user._id.toHexString() as UserId;
        transaction.afterwards(() => this.events.record(UserEvents.user_registered, { userId: owner }));
        await this.insert(owner, outsider, transaction);
        return owner;
      });
    } catch (error) {
      if (!isTaken(error)) throw error;
      return this.ownerSince(outsider);
    }
  }

  /**
   * The user of an identity whose address is taken: another process may just have created it for this identity.
   * @throws ApiError ACCOUNT_LINK_REQUIRED
   */
  async ownerSince(outsider: Outsider): Promise<UserId> {
    const identity = await this.find(outsider);
    if (!identity) throw apiError(IdentityErrors.ACCOUNT_LINK_REQUIRED);
    return ownerOf(identity);
  }

  private async look(
    outsider: Outsider,
    known: PromiseLike<{ owner: UserId } | null> | null,
  ): Promise<UserId | null> {
    const remembered = await known;
    if (remembered) return remembered.owner;
    const identity = await this.find(outsider);
    if (!identity) return null;
    outsider.identityId = identity._id.toHexString();
    return ownerOf(identity);
  }

  private find({ issuer, subject }: Outsider): Promise<Identity | null> {
    return this.model.findOne({ issuer, subject }).lean<Identity>();
  }

  private async insert(owner: UserId, outsider: Outsider, transaction?: Transaction): Promise<Identity> {
    const { issuer, subject } = outsider;
    const ownerId = new Types.ObjectId(owner);
    const identity = await this.records.insert({ ownerId, issuer, subject }, transaction);
    const note = (): void =>
      this.events.record(IdentityEvents.identity_linked, {
        userId: owner,
        recordId: identity._id.toHexString(),
      });
    if (transaction) transaction.afterwards(note);
    else note();
    return identity;
  }
}

function ownerOf({ ownerId }: Identity): UserId {
  return ownerId.toHexString() as UserId;
}

/** @throws ApiError IDENTITY_TAKEN */
function theirs(identity: Identity, owner: UserId): Identity {
  if (ownerOf(identity) !== owner) throw apiError(IdentityErrors.IDENTITY_TAKEN);
  return identity;
}

function isTaken(error: unknown): boolean {
  return error instanceof ApiError && ['IDENTITY_TAKEN', 'EMAIL_TAKEN'].includes(error.code);
}
