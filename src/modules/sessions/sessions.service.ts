import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo, Types } from 'mongoose';
import { type LiveCache, LiveCaches } from '../../platform/database/live-cache.js';
import { apiError, notFound } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { UserId } from '../../platform/security/caller.js';
import { type RefreshClaim, RefreshTokens } from './refresh-tokens.js';
import { Session } from './session.schema.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** A session that is not refreshed for so long is over. */
const IDLE_MS = 30 * DAY_MS;
/** So long after the sign-in a session is over, however often it was refreshed. */
const ABSOLUTE_MS = 90 * DAY_MS;
/** So long after a refresh, whoever asks with the replaced token was merely second: a tab beside the first. */
const GRACE_MS = 10_000;
/** How many replacements are remembered, to know when one was. */
const MAX_ROTATIONS = 10;
/** A user's further sign-ins end the sessions that were not used for longest. */
export const MAX_SESSIONS = 100;

/** What is asked of a session at each request. */
export interface LiveSession {
  readonly owner: UserId;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** When its holder last proved its identity, in milliseconds since 1970. */
  readonly provenAt: number;
}

/** What a client gets to stay signed in. */
export interface Grant {
  readonly sessionId: string;
  readonly owner: UserId;
  readonly refreshToken: string;
}

@Injectable()
export class SessionsService {
  private readonly live: LiveCache<LiveSession>;

  constructor(
    @InjectModel(Session.name) private readonly model: Model<Session>,
    private readonly tokens: RefreshTokens,
    private readonly events: DomainEvents,
    caches: LiveCaches,
  ) {
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
      expiresAt: new Date(now.getTime() + IDLE_MS),
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    await this.collection.insertOne(session);
    await this.endOldest(owner);
    return { sessionId, owner, refreshToken: token };
  }

  /**
   * Replaces a refresh token, which is of no use from then on. Of several requests with one token exactly one gets
   * a new one.
   * @throws ApiError INVALID_REFRESH_TOKEN, REFRESH_IN_PROGRESS within ten seconds after it was replaced,
   *   REFRESH_TOKEN_REUSED later: then somebody has a copy, and the session is over for everybody
   */
  async refresh(token: string, device: Device): Promise<Grant> {
    const claim = this.tokens.read(token);
    if (!claim) throw apiError('INVALID_REFRESH_TOKEN');
    const now = new Date();
    const next = this.tokens.make(claim.sessionId, claim.generation + 1);
    const rotated = await this.collection.findOneAndUpdate(
      { _id: new Types.ObjectId(claim.sessionId), tokenHash: claim.hash, expiresAt: { $gt: now } },
      rotation(claim.generation + 1, next.hash, device, now),
      { projection: { ownerId: 1 } },
    );
    if (!rotated) throw await this.refusal(claim, now);
    return {
      sessionId: claim.sessionId,
      owner: rotated.ownerId.toHexString() as UserId,
      refreshToken: next.token,
    };
  }

  /** The sessions of a user that are not over, those first that were used last. */
  async list(owner: UserId): Promise<Session[]> {
    return this.model
      .find({ ownerId: new Types.ObjectId(owner), expiresAt: { $gt: new Date() } })
      .sort({ lastUsedAt: -1, _id: -1 })
      .limit(MAX_SESSIONS)
      .lean<Session[]>();
  }

  /** What is known of a session, without a promise where that is known already; null when it is over. */
  find(id: string): LiveSession | null | Promise<LiveSession | null> {
    return this.live.get(id);
  }

  /** As `find`, whatever other processes have just changed. */
  findAfresh(id: string): LiveSession | null | Promise<LiveSession | null> {
    this.live.forget(id);
    return this.live.get(id);
  }

  /** Notes that the holder of a session has proved its identity. */
  async prove(id: string): Promise<void> {
    await this.collection.updateOne({ _id: new Types.ObjectId(id) }, { $set: { provenAt: new Date() } });
    this.live.forget(id);
  }

  /** @throws ApiError SESSION_NOT_FOUND when it is over or somebody else's */
  async end(owner: UserId, id: string): Promise<void> {
    if (!(await this.remove(id, owner))) throw notFound('session');
  }

  /** Ends the session that a caller uses. */
  async endOwn(id: string): Promise<void> {
    await this.remove(id);
  }

  /**
   * Ends the session that a refresh token belongs to, also one that was replaced: whoever has it wants to leave.
   * @throws ApiError INVALID_REFRESH_TOKEN for what the product did not make
   */
  async endByToken(token: string): Promise<void> {
    const claim = this.tokens.read(token);
    if (!claim) throw apiError('INVALID_REFRESH_TOKEN');
    await this.remove(claim.sessionId);
  }

  /** Ends all sessions of a user but one, and answers how many. */
  async endAll(owner: UserId, except?: string): Promise<number> {
    const sessions = await this.collection
      .find({ ownerId: new Types.ObjectId(owner) }, { projection: { _id: 1 } })
      .toArray();
    const ids = sessions.map(({ _id }) => _id).filter((id) => id.toHexString() !== except);
    await this.removeMany(ids);
    if (ids.length > 0) this.events.record('sessions_ended', { userId: owner, count: ids.length });
    return ids.length;
  }

  /** Why a token is refused that is not the valid one of its session. */
  private async refusal({ sessionId, generation }: RefreshClaim, now: Date): Promise<Error> {
    const session = await this.collection.findOne({ _id: new Types.ObjectId(sessionId) });
    if (!session || session.expiresAt <= now || generation >= session.generation) {
      return apiError('INVALID_REFRESH_TOKEN');
    }
    const replacedAt = session.rotatedAt.at(generation - session.generation);
    if (replacedAt && now.getTime() - replacedAt.getTime() < GRACE_MS) return apiError('REFRESH_IN_PROGRESS');
    await this.remove(sessionId);
    this.events.record('refresh_token_reused', { userId: String(session.ownerId), sessionId });
    return apiError('REFRESH_TOKEN_REUSED');
  }

  private async remove(id: string, owner?: UserId): Promise<boolean> {
    const removed = await this.collection.findOneAndDelete({
      _id: new Types.ObjectId(id),
      ...(owner !== undefined && { ownerId: new Types.ObjectId(owner) }),
    });
    this.live.forget(id);
    if (!removed) return false;
    this.events.record('session_ended', { userId: String(removed.ownerId), sessionId: id });
    return true;
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
      .skip(MAX_SESSIONS)
      .limit(MAX_SESSIONS)
      .toArray();
    await this.removeMany(beyond.map(({ _id }) => _id));
  }

  private async load(id: string): Promise<LiveSession | null> {
    const session = await this.collection.findOne(
      { _id: new Types.ObjectId(id) },
      { projection: { ownerId: 1, expiresAt: 1, provenAt: 1, createdAt: 1 } },
    );
    if (!session) return null;
    const { ownerId, expiresAt, createdAt, provenAt = createdAt } = session;
    return {
      owner: ownerId.toHexString() as UserId,
      expiresAt: expiresAt.getTime(),
      provenAt: provenAt.getTime(),
    };
  }

  private get collection(): mongo.Collection<Session> {
    const { db } = this.model.db;
    if (!db) throw apiError('DATABASE_UNAVAILABLE');
    return db.collection<Session>(this.model.collection.name);
  }
}

/** What a client says of itself is literal: in a pipeline, a text that begins with `$` would be a field. */
function rotation(generation: number, tokenHash: string, device: Device, now: Date): mongo.Document[] {
  return [
    {
      $set: {
        tokenHash: { $literal: tokenHash },
        generation,
        rotatedAt: { $slice: [{ $concatArrays: ['$rotatedAt', [now]] }, -MAX_ROTATIONS] },
        lastUsedAt: now,
        userAgent: { $literal: device.userAgent },
        address: { $literal: device.address },
        expiresAt: { $min: [{ $add: ['$createdAt', ABSOLUTE_MS] }, new Date(now.getTime() + IDLE_MS)] },
        version: { $add: ['$version', 1] },
        updatedAt: now,
      },
    },
  ];
}
