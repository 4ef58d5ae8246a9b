import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Semaphore } from '../concurrency/semaphore.js';
import { RefusalDelay } from '../limits/refusal-delay.js';

/** How many requests of one caller are handled at a time while there are other callers. */
export const SHARE = 4;
/** How many more of its requests wait for their turn. */
const MAX_WAITING = 100;
/** How long each waits, in milliseconds: well below the deadline of a request. */
const TIMEOUT_MS = 1_000;
/** A caller has the server to itself again once nobody else has asked for this long. */
const ALONE_AFTER_MS = 1_000;

declare module 'fastify' {
  interface FastifyReply {
    /** Whether it takes up some of its caller's share; `over` once it is answered, or its client gone. */
    share: 'none' | 'held' | 'over';
  }
}

/** What waits for its client, or goes on for as long as it likes, takes up nobody's time. */
function isLong({ routeOptions }: FastifyReply): boolean {
  const { input, streamsBody, isEvents, answerMs } = routeOptions.config;
  return streamsBody === true || isEvents === true || input?.form === true || answerMs === Infinity;
}

/**
 * Lets nobody's requests hold up those of others. A caller who is alone may send as many at once as the server can
 * handle; while there are others, a few are handled at a time, and the rest wait for their turn.
 */
export class FairShares {
  private readonly shares: Semaphore;
  private readonly refusalDelay = new RefusalDelay();
  private latest: string | undefined;
  private sharedAt = -Infinity;

  constructor({ timeoutMs = TIMEOUT_MS } = {}) {
    this.shares = new Semaphore({ concurrency: SHARE, maxWaiting: MAX_WAITING, timeoutMs });
  }

  /** Fastify hook `preHandler`. Fails with OVERLOADED when too many requests of the caller wait, or one for too long. */
  enter(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    const { caller, server } = request;
    if (!caller || !this.isShared(caller.id) || isLong(reply)) return done();
    const enter = (): void => {
      // Nobody waits for its handler any more.
      if (reply.share === 'over') return this.shares.release(caller.id);
      server.underWay.work(reply);
      reply.share = 'held';
      done();
    };
    // What waits for its turn is no load: it must not make others be refused.
    server.underWay.rest(reply);
    const refuse = (error: Error): void =>
      this.refusalDelay.answer(caller.id, () => void (reply.share !== 'over' && done(error)));
    return void this.shares.acquire(caller.id).then(enter, refuse);
  }

  /** Fastify hook `onResponse`. */
  leave({ caller }: FastifyRequest, reply: FastifyReply, done: () => void): void {
    if (caller && reply.share === 'held') this.shares.release(caller.id);
    reply.share = 'over';
    done();
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
  fastify.addHook('preHandler', (request, reply, done) => shares.enter(request, reply, done));
  fastify.addHook('onResponse', (request, reply, done) => shares.leave(request, reply, done));
}
