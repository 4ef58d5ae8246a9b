import type { FastifyInstance, FastifyReply } from 'fastify';
import { apiError } from '../errors/errors.js';
import { fail } from './failure.js';

/**
 * Longest time that a request may wait for the database. The driver retries once and notices a frozen
 * database late, so its own limits add up to more than a client should wait.
 */
const DEADLINE_MS = 2_500;
/** How often is looked for requests whose time is over: one timer for all costs less than one for each. */
const LOOK_EVERY_MS = 100;

declare module 'fastify' {
  interface FastifyReply {
    /** Where it stands among those that wait, or -1. */
    waitingAt: number;
    /** When its time is over, on the clock of `performance`. */
    waitingUntil: number;
  }
}

/**
 * Requests that wait for the database. A list in which each knows its place, since a Map would leave behind its old
 * tables, and with them whole requests, for the garbage collector, which then took twice as long.
 */
class Waiting {
  private readonly replies: FastifyReply[] = [];

  add(reply: FastifyReply): void {
    reply.waitingUntil = performance.now() + DEADLINE_MS;
    if (reply.waitingAt !== -1) return;
    reply.waitingAt = this.replies.length;
    this.replies.push(reply);
  }

  remove(reply: FastifyReply): void {
    const place = reply.waitingAt;
    const last = this.replies.at(-1);
    if (place === -1 || !last) return;
    this.replies[place] = last;
    last.waitingAt = place;
    this.replies.pop();
    reply.waitingAt = -1;
  }

  takeLate(): FastifyReply[] {
    const now = performance.now();
    const late = this.replies.filter(({ waitingUntil }) => waitingUntil <= now);
    for (const reply of late) this.remove(reply);
    return late;
  }
}

/**
 * Answers 503 when finding out who calls, or the handler, takes too long. The time in which a client
 * sends its body does not count; Node's request timeout bounds it.
 */
export function installDeadline(fastify: FastifyInstance): void {
  const waiting = new Waiting();
  const timer = setInterval(() => {
    for (const reply of waiting.takeLate()) fail(apiError('DATABASE_UNAVAILABLE'), reply.request, reply);
  }, LOOK_EVERY_MS).unref();

  fastify.decorateReply('waitingAt', -1);
  fastify.decorateReply('waitingUntil', 0);
  fastify.addHook('onClose', (_, done) => {
    clearInterval(timer);
    done();
  });
  fastify.addHook('onRequest', (_, reply, done) => {
    waiting.add(reply);
    done();
  });
  fastify.addHook('preParsing', ({ headers }, reply, _payload, done) => {
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    if (hasBody) waiting.remove(reply);
    done();
  });
  fastify.addHook('preHandler', (_, reply, done) => {
    if (reply.waitingAt === -1) waiting.add(reply);
    done();
  });
  fastify.addHook('onResponse', (_, reply, done) => {
    waiting.remove(reply);
    done();
  });
}
