import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { type LiveCache, LiveCaches } from '../../platform/database/live-cache.js';
import { withOwnerLimit } from '../../platform/database/owner-limit.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { ApiError, apiError, invalid } from '../../platform/errors/errors.js';
import { NO_PRECONDITION } from '../../platform/validation/precondition.js';
import type { Page, PageQuery } from '../../platform/validation/page-query.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { scopeOf, type UserId } from '../../platform/access/caller.js';
import { UsersService } from '../users/users.service.js';
import { Identity, identities } from './identity.schema.js';
import { type Bearer, SupabaseTokens } from './supabase-tokens.js';
import { SupabaseErrors } from './supabase.errors.js';
import { SupabaseEvents } from './supabase.events.js';
import { UserEvents } from '../users/user.events.js';

/** Most identities of a user. */
const MAX_IDENTITIES = 10;

/** Identities at other providers and their users, linked by issuer and subject alone. */
@Injectable()
export class IdentitiesService {
  private readonly known: LiveCache<{ readonly owner: UserId }>;

  constructor(
    @InjectModel(Identity.name) private readonly model: Model<Identity>,
    @InjectRecords(identities) private readonly records: Records<Identity>,
    private readonly tokens: SupabaseTokens,
    private readonly users: UsersService,
    private readonly transactions: Transactions,
    private readonly events: DomainEvents,
    caches: LiveCaches,
  ) {
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

  /** The user of a bearer, without a promise where it is known already; null when there is none yet. */
  ownerOf(bearer: Bearer): UserId | null | Promise<UserId | null> {
    const known = bearer.identityId === undefined ? null : this.known.get(bearer.identityId);
    return known && !(known instanceof Promise) ? known.owner : this.look(bearer, known);
  }

  /** The owner of an identity, as far as it is remembered. */
  peek(id: string | undefined): UserId | undefined {
    return id === undefined ? undefined : this.known.peek(id)?.owner;
  }

  /**
   * Links an identity to a user who proves it with a token. Idempotent.
   * @throws ApiError VALIDATION_ERROR, IDENTITY_TAKEN, IDENTITY_LIMIT_REACHED, AUTH_SERVER_UNAVAILABLE
   */
  async link(owner: UserId, accessToken: string, transaction?: Transaction): Promise<Identity> {
    const bearer = await this.tokens.verify(accessToken);
    if (!bearer) {
      throw invalid([
        { path: 'accessToken', message: 'accessToken must be a valid access token of the Supabase project' },
      ]);
    }
    const linked = await this.find(bearer);
    if (linked) return theirs(linked, owner);
    const limit = {
      owner,
      max: MAX_IDENTITIES,
      refusal: () => apiError(SupabaseErrors.IDENTITY_LIMIT_REACHED),
    };
    try {
      return await withOwnerLimit(this.transactions, this.model, limit, transaction, (joined) =>
        this.insert(owner, bearer, joined),
      );
    } catch (error) {
      // Somebody was first: perhaps the same user, by the same click.
      const first = isTaken(error) ? await this.find(bearer) : null;
      if (!first) throw error;
      return theirs(first, owner);
    }
  }

  /**
   * @throws ApiError IDENTITY_NOT_FOUND, LAST_WAY_IN for a user who could not sign in any more
   */
  async unlink(owner: UserId, id: string): Promise<void> {
    await this.transactions.run(async (transaction) => {
      const { session } = transaction;
      await this.records.require(scopeOf(owner), id, NO_PRECONDITION, transaction);
      // Written to, so that of two removals at the same time one comes after the other.
      const all = { ownerId: new Types.ObjectId(owner) };
      await this.model.updateMany(all, { updatedAt: new Date() }, { session, timestamps: false });
      const count = await this.model.countDocuments(all).session(session);
      const { passwordHash } = await this.users.get(scopeOf(owner), owner);
      if (count === 1 && passwordHash === undefined) throw apiError(SupabaseErrors.LAST_WAY_IN);
      await this.records.remove(scopeOf(owner), id, NO_PRECONDITION, transaction);
    });
    this.known.forget(id.toLowerCase());
    this.events.record(SupabaseEvents.identity_unlinked, { userId: owner, recordId: id });
  }

  /**
   * Creates the user of a bearer who has none: both records or neither.
   * @throws ApiError ACCOUNT_LINK_REQUIRED when the address belongs to a user, also since a moment ago
   */
  async createUser(bearer: Bearer, email: string): Promise<UserId> {
    const [name = email] = email.split('@');
    try {
      return await this.transactions.run(async (transaction) => {
        const user = await this.users.createProved({ email, name }, transaction);
        const owner = user._id.toHexString() as UserId;
        transaction.afterwards(() => this.events.record(UserEvents.user_registered, { userId: owner }));
        await this.insert(owner, bearer, transaction);
        return owner;
      });
    } catch (error) {
      if (!isTaken(error)) throw error;
      return this.ownerSince(bearer);
    }
  }

  /**
   * The user of a bearer whose address is taken: another process may have created it for this identity a moment ago.
   * @throws ApiError ACCOUNT_LINK_REQUIRED
   */
  async ownerSince(bearer: Bearer): Promise<UserId> {
    const identity = await this.find(bearer);
    if (!identity) throw apiError(SupabaseErrors.ACCOUNT_LINK_REQUIRED);
    return ownerOf(identity);
  }

  private async look(
    bearer: Bearer,
    known: PromiseLike<{ owner: UserId } | null> | null,
  ): Promise<UserId | null> {
    const remembered = await known;
    if (remembered) return remembered.owner;
    const identity = await this.find(bearer);
    if (!identity) return null;
    bearer.identityId = identity._id.toHexString();
    return ownerOf(identity);
  }

  private find({ issuer, subject }: Bearer): Promise<Identity | null> {
    return this.model.findOne({ issuer, subject }).lean<Identity>();
  }

  private async insert(owner: UserId, bearer: Bearer, transaction?: Transaction): Promise<Identity> {
    const { issuer, subject } = bearer;
    const ownerId = new Types.ObjectId(owner);
    const identity = await this.records.insert({ ownerId, issuer, subject }, transaction);
    const note = (): void =>
      this.events.record(SupabaseEvents.identity_linked, {
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
  if (ownerOf(identity) !== owner) throw apiError(SupabaseErrors.IDENTITY_TAKEN);
  return identity;
}

function isTaken(error: unknown): boolean {
  return error instanceof ApiError && ['IDENTITY_TAKEN', 'EMAIL_TAKEN'].includes(error.code);
}
