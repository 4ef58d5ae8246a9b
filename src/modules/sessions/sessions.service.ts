import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo, Types } from 'mongoose';
import { driverCollection } from '../../platform/database/driver.js';
import { type LiveCache, LiveCaches } from '../../platform/database/live-cache.js';
import { ChangeEvents } from '../../platform/database/change-events.js';
import { afterwards, sessionOf, type Transaction } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { UserId } from '../../platform/access/caller.js';
import {
  GENERATIONS_PROJECTION,
  type Generations,
  generationsOf,
  isAbandoned,
  isOutdated,
  isUsed,
  useNewest,
} from './generations.js';
import { RefreshTokens } from './refresh-tokens.js';
import { Session } from './session.schema.js';
import { SessionsConfig } from './sessions.config.js';
import { SessionErrors } from './session.errors.js';
import { SessionEvents } from './session.events.js';

/** What each request needs to know about its session. */
export interface LiveSession {
  readonly owner: UserId;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** When its holder last proved its identity, in milliseconds since 1970. */
  readonly provenAt: number;
  readonly generations: Generations;
}

/** The tokens that keep a client signed in. */
export interface Grant {
  readonly sessionId: string;
  readonly owner: UserId;
  /** The number of the tokens in their session. */
  readonly generation: number;
  readonly refreshToken: string;
}

@Injectable()
export class SessionsService {
  private readonly live: LiveCache<LiveSession>;

  constructor(
    @InjectModel(Session.name) private readonly model: Model<Session>,
    private readonly tokens: RefreshTokens,
    private readonly events: DomainEvents,
    private readonly changeEvents: ChangeEvents,
    private readonly config: SessionsConfig,
    caches: LiveCaches,
  ) {
    changeEvents.offer(['users.signed-in']);
    this.live = caches.of(model, (id) => this.load(id));
  }

  /** Starts a session for a user who has just signed in. */
  async start(owner: UserId, device: Device): Promise<Grant> {
    const _id = new Types.ObjectId();
    const sessionId = _id.toHexString();
    const { token, hash } = this.tokens.make(sessionId, 1);
    const now = new Date();
    const session: Session = {
      _id,
      ownerId: new Types.ObjectId(owner),
      tokenHash: hash,
      generation: 1,
      rotatedAt: [],
      lastUsedAt: now,
      provenAt: now,
      userAgent: device.userAgent,
      address: device.address,
      expiresAt: new Date(now.getTime() + this.config.idleS * 1000),
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    await this.changeEvents.join(undefined, async (transaction) => {
      await this.collection.insertOne(session, sessionOf(transaction));
      await this.changeEvents.account(owner, 'signed-in', transaction);
    });
    await this.endOldest(owner);
    return { sessionId, owner, generation: 1, refreshToken: token };
  }

  /** The active sessions of a user, most recently used first. */
  async list(owner: UserId): Promise<Session[]> {
    return this.model
      .find({ ownerId: new Types.ObjectId(owner), expiresAt: { $gt: new Date() } })
      .sort({ lastUsedAt: -1, _id: -1 })
      .limit(this.config.maxPerUser)
      .lean<Session[]>();
  }

  /**
   * The session of an access token with this number, which is marked as used; without a promise if it is cached. Null
   * if the session has ended.
   * @param afresh bypasses the cache
   */
  find(id: string, generation: number, afresh = false): LiveSession | null | Promise<LiveSession | null> {
    if (afresh) this.live.forget(id);
    const session = this.live.get(id);
    if (session instanceof Promise) return session.then((found) => this.use(id, generation, found));
    return session && isUsed(session.generations, generation) ? session : this.use(id, generation, session);
  }

  /** The session, regardless of which token was used; null if it has ended. */
  async look(id: string): Promise<LiveSession | null> {
    return this.live.get(id);
  }

  /** Records that the holder of a session has proved their identity. */
  async prove(id: string, transaction?: Transaction): Promise<void> {
    await this.collection.updateOne(
      { _id: new Types.ObjectId(id) },
      { $set: { provenAt: new Date() } },
      sessionOf(transaction),
    );
    afterwards(transaction, () => this.live.forget(id));
  }

  /** @throws ApiError SESSION_NOT_FOUND if it has ended or belongs to somebody else */
  async end(owner: UserId, id: string): Promise<void> {
    if (!(await this.remove(id, owner))) throw apiError(SessionErrors.SESSION_NOT_FOUND);
  }

  /** Ends the session that a caller uses. */
  async endOwn(id: string): Promise<void> {
    await this.remove(id);
  }

  /**
   * Ends the session of a refresh token, even a replaced one: whoever holds it wants to sign out.
   * @throws ApiError INVALID_REFRESH_TOKEN for a token that the product did not issue
   */
  async endByToken(token: string): Promise<void> {
    const claim = this.tokens.read(token);
    if (!claim) throw apiError(SessionErrors.INVALID_REFRESH_TOKEN);
    await this.remove(claim.sessionId);
  }

  /** Ends a session whose tokens have been copied. */
  async endStolen(id: string): Promise<void> {
    const session = await this.remove(id);
    if (session)
      this.events.record(SessionEvents.refresh_token_reused, {
        userId: String(session.ownerId),
        sessionId: id,
      });
  }

  /** Ends all sessions of a user but one, and returns how many. */
  async endAll(owner: UserId, except?: string): Promise<number> {
    const sessions = await this.collection
      .find({ ownerId: new Types.ObjectId(owner) }, { projection: { _id: 1 } })
      .toArray();
    const ids = sessions.map(({ _id }) => _id).filter((id) => id.toHexString() !== except);
    await this.removeMany(ids);
    if (ids.length > 0)
      this.events.record(SessionEvents.sessions_ended, { userId: owner, count: ids.length });
    return ids.length;
  }

  /** Records that the tokens of this number are used, unless known, and ends the session if they are not valid. */
  private async use(
    id: string,
    generation: number,
    session: LiveSession | null,
  ): Promise<LiveSession | null> {
    if (!session || isUsed(session.generations, generation)) return session;
    const isKnown =
      isAbandoned(session.generations, generation) || isOutdated(session.generations, generation);
    const now = isKnown ? session : await this.useNewest(id, generation);
    if (!now) return null;
    if (isAbandoned(now.generations, generation)) await this.endStolen(id);
    else if (!isOutdated(now.generations, generation)) return now;
    return null;
  }

  /** The session after recording that the tokens of this number, if they are the newest, are used. */
  private async useNewest(id: string, generation: number): Promise<LiveSession | null> {
    const newest = { _id: new Types.ObjectId(id), generation, 'unused.to': generation };
    await this.collection.updateOne(newest, useNewest());
    // The cache may also hold the state from before the refresh.
    this.live.forget(id);
    return this.live.get(id);
  }

  private async remove(id: string, owner?: UserId): Promise<Session | null> {
    const removed = await this.collection.findOneAndDelete({
      _id: new Types.ObjectId(id),
      ...(owner !== undefined && { ownerId: new Types.ObjectId(owner) }),
    });
    this.live.forget(id);
    if (removed)
      this.events.record(SessionEvents.session_ended, { userId: String(removed.ownerId), sessionId: id });
    return removed;
  }

  private async removeMany(ids: readonly Types.ObjectId[]): Promise<void> {
    if (ids.length === 0) return;
    await this.collection.deleteMany({ _id: { $in: [...ids] } });
    for (const id of ids) this.live.forget(id.toHexString());
  }

  private async endOldest(owner: UserId): Promise<void> {
    const beyond = await this.collection
      .find({ ownerId: new Types.ObjectId(owner) }, { projection: { _id: 1 } })
      .sort({ lastUsedAt: -1, _id: -1 })
      .skip(this.config.maxPerUser)
      .limit(this.config.maxPerUser)
      .toArray();
    await this.removeMany(beyond.map(({ _id }) => _id));
  }

  private async load(id: string): Promise<LiveSession | null> {
    const session = await this.collection.findOne(
      { _id: new Types.ObjectId(id) },
      { projection: { ownerId: 1, expiresAt: 1, provenAt: 1, createdAt: 1, ...GENERATIONS_PROJECTION } },
    );
    if (!session) return null;
    const { ownerId, expiresAt, createdAt, provenAt = createdAt } = session;
    return {
      owner: ownerId.toHexString() as UserId,
      expiresAt: expiresAt.getTime(),
      provenAt: provenAt.getTime(),
      generations: generationsOf(session),
    };
  }

  private get collection(): mongo.Collection<Session> {
    return driverCollection(this.model);
  }
}
