import { timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { KeyedMac } from '../../platform/crypto/keyed-mac.js';
import { type LiveCache, LiveCaches } from '../../platform/database/live-cache.js';
import { withOwnerLimit } from '../../platform/database/owner-limit.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import { Repositories } from '../../platform/database/repositories.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { apiError, invalid } from '../../platform/errors/errors.js';
import { NO_PRECONDITION } from '../../platform/validation/precondition.js';
import type { Page, PageQuery } from '../../platform/validation/page-query.js';
import { DomainEvents } from '../../platform/logging/events.js';
import {
  type Caller,
  ownerIn,
  type Permission,
  type Scope,
  type UserId,
  userOf,
} from '../../platform/access/caller.js';
import type { CreateApiKeyDto } from './api-key.dto.js';
import { ApiKey, apiKeys } from './api-key.schema.js';
import { grantOf, type Grant } from './api-key-grant.js';
import { newSalt, readKey, secretFrom, writeKey } from './api-key-text.js';
import { ApiKeysConfig } from './api-keys.config.js';
import { ApiKeyErrors } from './api-key.errors.js';
import { ApiKeyEvents } from './api-key.events.js';

/** How exact `lastUsedAt` is, in milliseconds: a busy key is not written at each request. */
const USE_PRECISION_MS = 60_000;
/** Uses are written so much later, in milliseconds: when the request has most probably been answered. */
const WRITE_USE_AFTER_MS = 1_000;

/** What is remembered of a key. */
interface KnownKey {
  /** Whose rights it has: its owner, or who made it in an organization. */
  readonly owner: UserId;
  readonly organization: string | undefined;
  readonly hash: Buffer;
  readonly permissionsOf: Grant;
  readonly readOnly: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** The last use that is in the database, or about to be; milliseconds since 1970. */
  usedAt: number;
}

/** Whose key it is. */
export interface KeyHolder {
  /** Whose rights it has. */
  readonly owner: UserId;
  /** Where it was made, and alone works; undefined for a user's own key. */
  readonly organization: string | undefined;
  /** Of the key. */
  readonly id: string;
  readonly permissionsOf: Grant;
  readonly readOnly: boolean;
}

@Injectable()
export class ApiKeysService {
  private readonly known: LiveCache<KnownKey>;
  private readonly mac: KeyedMac;

  constructor(
    @InjectModel(ApiKey.name) private readonly model: Model<ApiKey>,
    @InjectRecords(apiKeys) private readonly records: Records<ApiKey>,
    private readonly transactions: Transactions,
    private readonly events: DomainEvents,
    private readonly repositories: Repositories,
    private readonly config: ApiKeysConfig,
    secrets: CryptoConfig,
    caches: LiveCaches,
  ) {
    this.mac = new KeyedMac(secrets, 'API key');
    this.known = caches.of(model, (id) => this.load(id));
  }

  /**
   * Only the caller ever knows the key: what is stored of it cannot be reversed.
   * @param seed the secret is derived from it; only the caller knows it
   * @throws ApiError VALIDATION_ERROR for unknown permissions, and for any in an organization, FORBIDDEN for
   *   permissions that the caller lacks, API_KEY_LIMIT_REACHED
   */
  create(
    { id: user, permissions: own }: Pick<Caller, 'id' | 'permissions'>,
    scope: Scope,
    dto: CreateApiKeyDto,
    seed: string,
    transaction?: Transaction,
  ): Promise<ApiKey> {
    const { name, permissions = null } = dto;
    requireKnown(this.repositories.permissions, permissions ?? []);
    const owner = ownerIn(scope);
    const isOfOrganization = owner !== user;
    if (isOfOrganization) requireNone(permissions ?? []);
    requireOwn(own, permissions ?? []);
    const expiresAt = dto.expiresAt ?? new Date(Date.now() + this.config.lifetimeS * 1000);
    const readOnly = dto.readOnly ?? false;
    const ownerId = new Types.ObjectId(owner);
    const salt = newSalt();
    const { hash, hint } = secretFrom(this.mac, [owner, salt, seed]);
    const limit = {
      owner,
      max: this.config.maxPerUser,
      refusal: () => apiError(ApiKeyErrors.API_KEY_LIMIT_REACHED),
    };
    return withOwnerLimit(this.transactions, this.model, limit, transaction, async (joined) => {
      const fields = { ownerId, name, permissions, readOnly, salt, hash, hint, expiresAt };
      const createdBy = isOfOrganization ? new Types.ObjectId(user) : undefined;
      const record = await this.records.insert(createdBy ? { ...fields, createdBy } : fields, joined);
      joined.afterwards(() =>
        this.events.record(ApiKeyEvents.api_key_created, {
          userId: user,
          recordId: record._id.toHexString(),
        }),
      );
      return record;
    });
  }

  /** The key for this seed: returned on creation, and again when that request is repeated. */
  textOf({ _id, ownerId, salt = '' }: ApiKey, seed: string): string {
    const { secret } = secretFrom(this.mac, [ownerId.toHexString(), salt, seed]);
    return writeKey(_id.toHexString(), secret);
  }

  /** @throws ApiError API_KEY_NOT_FOUND */
  get(scope: Scope, id: string): Promise<ApiKey> {
    return this.records.get(scope, id);
  }

  list(scope: Scope, query: PageQuery): Promise<Page<ApiKey>> {
    return this.records.page(scope, query);
  }

  /**
   * The key is refused from the next request on.
   * @throws ApiError API_KEY_NOT_FOUND
   */
  async remove(scope: Scope, id: string): Promise<void> {
    await this.records.remove(scope, id, NO_PRECONDITION);
    this.known.forget(id.toLowerCase());
    this.events.record(ApiKeyEvents.api_key_deleted, { userId: userOf(scope), recordId: id });
  }

  /** Whose key this is, without a promise where it is known already; null for one that is not valid now. */
  resolve(key: string): KeyHolder | null | Promise<KeyHolder | null> {
    const claim = readKey(key);
    if (!claim) return null;
    const { id, hash } = claim;
    const known = this.known.get(id);
    return known instanceof Promise
      ? known.then((found) => this.holderOf(id, hash, found))
      : this.holderOf(id, hash, known);
  }

  /** Whose the key with an id is; null for one that is not valid now. */
  async holder(id: string): Promise<KeyHolder | null> {
    const known = await this.known.get(id);
    return known && this.holderOf(id, known.hash, known);
  }

  subjectOf(key: string): string | undefined {
    const claim = readKey(key);
    const known = claim && this.known.peek(claim.id);
    return known && timingSafeEqual(claim.hash, known.hash) ? known.owner : undefined;
  }

  private holderOf(id: string, hash: Buffer, known: KnownKey | null): KeyHolder | null {
    if (!known || !timingSafeEqual(hash, known.hash) || known.expiresAt <= Date.now()) return null;
    this.noteUse(id, known);
    const { owner, organization, permissionsOf, readOnly } = known;
    return { owner, organization, id, permissionsOf, readOnly };
  }

  private noteUse(id: string, known: KnownKey): void {
    const now = Date.now();
    if (now - known.usedAt < USE_PRECISION_MS) return;
    known.usedAt = now;
    setTimeout(() => void this.writeUse(id, new Date(now)), WRITE_USE_AFTER_MS).unref();
  }

  /** Only where it is news, since other processes note uses too. */
  private async writeUse(_id: string, lastUsedAt: Date): Promise<void> {
    const before = new Date(lastUsedAt.getTime() - USE_PRECISION_MS);
    const isNews = { $or: [{ lastUsedAt: null }, { lastUsedAt: { $lte: before } }] };
    try {
      await this.model.updateOne({ _id, ...isNews }, { lastUsedAt }, { timestamps: false });
    } catch {
      // The key is noted again at its next use in a minute; nobody waits for this.
    }
  }

  private async load(id: string): Promise<KnownKey | null> {
    const record = await this.model
      .findById(id, {
        ownerId: 1,
        createdBy: 1,
        hash: 1,
        permissions: 1,
        readOnly: 1,
        expiresAt: 1,
        lastUsedAt: 1,
      })
      .lean<ApiKey>();
    if (!record) return null;
    const { ownerId, createdBy } = record;
    return {
      owner: (createdBy ?? ownerId).toHexString() as UserId,
      organization: createdBy && ownerId.toHexString(),
      hash: Buffer.from(record.hash, 'base64url'),
      permissionsOf: grantOf(record.permissions),
      readOnly: record.readOnly ?? false,
      expiresAt: record.expiresAt?.getTime() ?? Infinity,
      usedAt: record.lastUsedAt?.getTime() ?? -Infinity,
    };
  }
}

/** @throws ApiError VALIDATION_ERROR */
function requireKnown(all: ReadonlySet<Permission>, asked: readonly Permission[]): void {
  const unknown = asked.find((permission) => !all.has(permission));
  if (unknown === undefined) return;
  const message = `each value in permissions must be one of the following values: ${[...all].join(', ')}`;
  throw invalid([{ path: 'permissions', message }]);
}

/** @throws ApiError VALIDATION_ERROR */
function requireNone(asked: readonly Permission[]): void {
  if (asked.length === 0) return;
  const message = 'permissions must be empty in an organization: they are for records of others';
  throw invalid([{ path: 'permissions', message }]);
}

/** @throws ApiError FORBIDDEN */
function requireOwn(own: ReadonlySet<Permission>, asked: readonly Permission[]): void {
  const missing = asked.filter((permission) => !own.has(permission));
  if (missing.length === 0) return;
  const message = `permissions must be among your own, which ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not`;
  throw apiError('FORBIDDEN', { details: [{ path: 'permissions', message }] });
}
