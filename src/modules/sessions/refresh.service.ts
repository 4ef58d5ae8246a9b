import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo, Types } from 'mongoose';
import { driverCollection } from '../../platform/database/driver.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { UserId } from '../../platform/access/caller.js';
import { GENERATIONS_PROJECTION, generationsOf, GRACE_MS, rotation } from './generations.js';
import { type RefreshClaim, RefreshTokens } from './refresh-tokens.js';
import { Session } from './session.schema.js';
import { type Grant, SessionsService } from './sessions.service.js';
import { SessionsConfig } from './sessions.config.js';
import { SessionErrors } from './session.errors.js';
import { SessionEvents } from './session.events.js';

@Injectable()
export class RefreshService {
  constructor(
    @InjectModel(Session.name) private readonly model: Model<Session>,
    private readonly tokens: RefreshTokens,
    private readonly sessions: SessionsService,
    private readonly events: DomainEvents,
    private readonly config: SessionsConfig,
  ) {}

  /**
   * Replaces a refresh token, which is invalid from then on. Of several requests with one token exactly one gets new
   * tokens. If those have not been used after ten seconds, they count as lost, and the old token is accepted once more.
   * @throws ApiError INVALID_REFRESH_TOKEN, REFRESH_IN_PROGRESS within ten seconds after it was replaced,
   * REFRESH_TOKEN_REUSED later: then somebody has a copy, and the session is ended for everybody
   */
  async refresh(token: string, device: Device): Promise<Grant> {
    const claim = this.tokens.read(token);
    if (!claim) throw apiError(SessionErrors.INVALID_REFRESH_TOKEN);
    const valid = { tokenHash: claim.hash, expiresAt: { $gt: new Date() } };
    return (
      (await this.rotate(claim, claim.generation, valid, device)) ?? (await this.refreshAgain(claim, device))
    );
  }

  /** Replaces the newest token of a session, if it is still the given one. */
  private async rotate(
    { sessionId, generation: used }: RefreshClaim,
    newest: number,
    isAsTold: mongo.Filter<Session>,
    device: Device,
  ): Promise<Grant | undefined> {
    const generation = newest + 1;
    const { token: refreshToken, hash: tokenHash } = this.tokens.make(sessionId, generation);
    const rotated = await this.collection.findOneAndUpdate(
      { _id: new Types.ObjectId(sessionId), generation: newest, ...isAsTold },
      rotation(used, { generation, tokenHash }, device, this.config),
      { projection: { ownerId: 1 } },
    );
    if (!rotated) return undefined;
    return { sessionId, owner: rotated.ownerId.toHexString() as UserId, generation, refreshToken };
  }

  /** Handles a token that was already replaced. @throws ApiError if it is refused */
  private async refreshAgain(claim: RefreshClaim, device: Device): Promise<Grant> {
    const { sessionId, generation } = claim;
    const session = await this.collection.findOne<Session & { readonly now: Date }>(
      { _id: new Types.ObjectId(sessionId) },
      { projection: { ...GENERATIONS_PROJECTION, rotatedAt: 1, expiresAt: 1, now: '$$NOW' } },
    );
    if (!session || session.expiresAt <= session.now || generation >= session.generation) {
      throw apiError(SessionErrors.INVALID_REFRESH_TOKEN);
    }
    const { newest, used } = generationsOf(session);
    const isUnused = generation === used;
    const replacedAt = session.rotatedAt.at(isUnused ? -1 : generation - newest);
    const restMs = replacedAt ? replacedAt.getTime() + GRACE_MS - session.now.getTime() : 0;
    if (restMs > 0) {
      // Once the new tokens are used, a retry with this one would end the session, so no Retry-After is sent.
      throw apiError(SessionErrors.REFRESH_IN_PROGRESS, isUnused ? { retryAfter: restMs / 1000 } : {});
    }
    if (!isUnused) {
      await this.sessions.endStolen(sessionId);
      throw apiError(SessionErrors.REFRESH_TOKEN_REUSED);
    }
    const grant = await this.rotate(claim, newest, { 'unused.from': used + 1 }, device);
    if (grant) this.events.record(SessionEvents.refresh_answered_again, { userId: grant.owner, sessionId });
    // Another request was first, or the new tokens were used a moment ago.
    return grant ?? this.refreshAgain(claim, device);
  }

  private get collection(): mongo.Collection<Session> {
    return driverCollection(this.model);
  }
}
