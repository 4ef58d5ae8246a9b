import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { Semaphore } from '../concurrency/semaphore.js';
import { apiError } from '../errors/errors.js';
import { RefusalDelay } from '../limits/refusal-delay.js';

/** How many requests of one caller are handled at a time while there are other callers. */
export const SHARE = 4;
/** Only one, once some have waited for this long without a pause, in milliseconds: no page that loads does so. */
const CROWDED_MS = 500;
/** After each of these there is a rest of so many times as long, in which others find the server idle. */
const RESTS = 3;
/** The longest rest, in milliseconds. */
const MAX_REST_MS = 100;
/** How many more of its requests wait for their turn. */
const MAX_WAITING = 100;
/** How long each waits, in milliseconds: well below the deadline of a request. */
const TIMEOUT_MS = 1_000;
/** The delay of refusals to those who ask again at once, in milliseconds. */
const REFUSED_AFTER_MS = 500;
/** How many uploads of a caller may begin at once while there are other callers. */
const UPLOADS_AT_ONCE = 10;
/** After those, one more may begin each time this has passed, in milliseconds. */
const UPLOADS_EVERY_MS = 30;
/** How long an upload waits to begin, in milliseconds: refusing it costs more, since all of it has to be read. */
const UPLOAD_TIMEOUT_MS = 5_000;
/** A caller has the server to itself again once nobody else has asked for this long. */
const ALONE_AFTER_MS = 1_000;

declare module 'fastify' {
  interface FastifyReply {
    /** Whether it takes up some of its caller's share; `over` once it is answered, or its client gone. */
    share: 'none' | 'held' | 'over';
    /** Since when it has been held, on the clock of `performance`. */
    shareSince: number;
  }
}

/** What waits for its client takes up nobody's time: it is only held back from beginning. */
function isUpload({ routeOptions }: FastifyReply): boolean {
  const { input, streamsBody } = routeOptions.config;
  return streamsBody === true || input?.form === true;
}

/** A response without an end or a deadline takes no share. */
function isEndless({ routeOptions }: FastifyReply): boolean {
  const { isEvents, answerMs } = routeOptions.config;
  return isEvents === true || answerMs === Infinity;
}

/**
 * Lets nobody's requests hold up those of others. A caller who is alone may send as many at once as the server can
 * handle; while there are others, a few are handled at a time, and the rest wait for their turn.
 */
export class FairShares {
  private readonly shares: Semaphore;
  private readonly refusalDelay = new RefusalDelay(REFUSED_AFTER_MS);
  /** When a caller may begin all of `UPLOADS_AT_ONCE` again, on the clock of `performance`. */
  private readonly uploads = new LRUCache<string, number>({ max: 10_000 });
  private latest: string | undefined;
  private sharedAt = -Infinity;

  constructor(timeoutMs = TIMEOUT_MS) {
    this.shares = new Semaphore({
      concurrency: SHARE,
      crowdedMs: CROWDED_MS,
      maxWaiting: MAX_WAITING,
      timeoutMs,
    });
  }

  /** Fastify hook `preHandler`. Fails with OVERLOADED when too many requests of the caller wait, or one for too long. */
  enter(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { caller, server } = request;
    if (!caller || !this.isShared(caller.id) || isEndless(reply)) return done();
    if (isUpload(reply)) return this.space(caller.id, reply, done);
    const enter = (): void => {
      // Nobody waits for its handler any more.
      if (reply.share === 'over') return this.shares.release(caller.id);
      server.underWay.work(reply);
      reply.share = 'held';
      reply.shareSince = performance.now();
      done();
    };
    // What waits for its turn is no load: it must not make others be refused.
    server.underWay.rest(reply);
    return void this.shares
      .acquire(caller.id)
      .then(enter, (error: Error) => this.refuse(caller.id, reply, () => done(error)));
  }

  /** Lets the uploads of a caller begin one after another. */
  private space(id: string, reply: FastifyReply, done: (error?: Error) => void): void {
    const now = performance.now();
    const last = Math.max(this.uploads.get(id) ?? 0, now);
    const waitMs = last - now - (UPLOADS_AT_ONCE - 1) * UPLOADS_EVERY_MS;
    if (waitMs > UPLOAD_TIMEOUT_MS) return this.refuse(id, reply, () => done(apiError('OVERLOADED')));
    this.uploads.set(id, last + UPLOADS_EVERY_MS);
    if (waitMs <= 0) return done();
    setTimeout(() => void (reply.share !== 'over' && done()), waitMs).unref();
  }

  private refuse(id: string, reply: FastifyReply, done: () => void): void {
    this.refusalDelay.answer(id, () => void (reply.share !== 'over' && done()));
  }

  /** Fastify hook `onResponse`. */
  leave({ caller }: FastifyRequest, reply: FastifyReply, done: () => void): void {
    if (caller && reply.share === 'held') this.giveBack(caller.id, performance.now() - reply.shareSince);
    reply.share = 'over';
    done();
  }

  private giveBack(id: string, tookMs: number): void {
    if (!this.shares.isCrowded(id)) return this.shares.release(id);
    setTimeout(() => this.shares.release(id), Math.min(MAX_REST_MS, RESTS * tookMs));
  }

  /** Whether there have been several callers lately, this one among them. */
  private isShared(id: string): boolean {
    const now = performance.now();
    if (this.latest !== id && this.latest !== undefined) this.sharedAt = now;
    this.latest = id;
    return now - this.sharedAt < ALONE_AFTER_MS;
  }
}

export function installFairShares(fastify: FastifyInstance, shares = new FairShares()): void {
  fastify.decorateReply('share', 'none');
  fastify.decorateReply('shareSince', 0);
  fastify.addHook('preHandler', (request, reply, done) => shares.enter(request, reply, done));
  fastify.addHook('onResponse', (request, reply, done) => shares.leave(request, reply, done));
}
