import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { DeclarationError } from '../errors/start-error.js';
import { ApiError, apiError, type ErrorCode } from '../errors/errors.js';
import { routeConfig } from './route-config.js';
import { fail } from './failure.js';
import { endStream, UnderWay, VERDICT_MS } from './under-way.js';

/** How often expired requests are looked for: one timer for all is cheaper than one each. */
const LOOK_EVERY_MS = 100;
/** How often it is asked whether who waits for an answer may still have it: rights end within two seconds. */
const JUDGED_EVERY_MS = 1_000;
/** If the check is delayed by this much, the process is held up, by its own work or by the machine. */
const HELD_UP_MS = 1_000;
/** So long afterwards it still matters: to a request that came at the end, until its time is over. */
const AFTERMATH_MS = 3_000;

declare module 'fastify' {
  interface FastifyInstance {
    /** The process cannot go on: what is under way and not answered by itself so soon is answered with a refusal. */
    giveUp: (ms: number) => void;
    /** Whether the process did nothing but one thing lately, or nothing at all, so that what it waits for comes late. */
    isHeldUp: () => boolean;
  }
  interface FastifyContextConfig {
    /** Longest time for the body instead of 15 s, for a route that takes more than JSON. */
    bodyMs?: number;
    /** Longest time until the answer begins instead of 2.5 s. */
    answerMs?: number;
    /** The answer is a stream of events. */
    isEvents?: boolean;
  }
}

/**
 * Gives a handler so many milliseconds until its answer begins, instead of 2,500; `false`: as long as it takes. What
 * has begun, such as a stream, may take as long as it likes anyway.
 */
export function Deadline(ms: number | false): MethodDecorator {
  if (ms !== false && !(ms > 0))
    throw new DeclarationError(`@Deadline(${ms}): write milliseconds, or false for none`);
  return routeConfig({ answerMs: ms === false ? Infinity : ms });
}

/** Ends a request that nobody waits for any more: Fastify itself would never say that it has ended. */
function abandon(reply: FastifyReply): void {
  reply.request.failure ??= apiError('CLIENT_ABORTED');
  if (!reply.raw.headersSent) reply.code(reply.request.failure.status);
  reply.raw.emit('error', reply.request.failure);
}

/** Answers in place of a handler that goes on, and whose own answer comes too late. */
function answerFor(reply: FastifyReply, error: ApiError): void {
  if (reply.sent || reply.raw.headersSent) return;
  fail(error, reply.request, reply);
  reply.send = () => reply;
}

interface Options {
  /** Whether the database answers; asked only when a request is late. */
  readonly databaseAnswers: () => Promise<boolean>;
  readonly shutdownGraceMs: number;
  /** Whether the caller of a request would be let in again; asked every second of what takes longer. */
  readonly readmit?: (request: FastifyRequest) => Promise<void>;
  readonly underWay?: UnderWay;
}

/**
 * Answers 408 when a body, and 503 when finding out who calls or the handler takes too long. The code of the 503
 * tells whether the database is to blame. What has begun to be answered is left alone: how fast an answer is read
 * is bounded by connection. Requests whose client has gone end here, too, and those whose caller has lost the right to
 * them: streams, downloads, uploads, and answers that were waited for.
 */
export function installDeadline(
  fastify: FastifyInstance,
  { databaseAnswers, shutdownGraceMs, readmit, underWay = new UnderWay() }: Options,
): void {
  let timer: NodeJS.Timeout | undefined;
  let lookedAt = 0;
  let judgedAt = 0;
  /** Of the last time that the process was held up: what comes late until then comes late for that. */
  let heldUpUntil = 0;
  let isGivenUp = false;

  async function verdict(): Promise<ErrorCode> {
    if (isGivenUp) return 'SERVICE_UNAVAILABLE';
    const wasHeldUp = fastify.isHeldUp();
    // The question is also a turn of the event loop, in which a process that was blocked hears of its answers.
    const [isThere] = await Promise.all([wasHeldUp || databaseAnswers(), sleep(VERDICT_MS)]);
    if (wasHeldUp) return 'SERVER_HELD_UP';
    return isThere ? 'DEADLINE_EXCEEDED' : 'DATABASE_UNAVAILABLE';
  }

  async function blame(late: readonly FastifyReply[]): Promise<void> {
    const code = await verdict();
    for (const reply of late) answerFor(reply, apiError(code));
  }

  /** Notices that this could not run for a while. */
  function noteDelay(): void {
    const now = performance.now();
    const ms = Math.round(now - lookedAt);
    lookedAt = now;
    if (ms < HELD_UP_MS) return;
    heldUpUntil = now + AFTERMATH_MS;
    fastify.log.warn(
      { event: 'process_held_up', ms },
      'The process was held up: nothing was answered meanwhile',
    );
  }

  /** What takes long ends with the right to it. */
  async function judge(reply: FastifyReply): Promise<void> {
    try {
      await readmit?.(reply.request);
    } catch (error) {
      // Of a database that does not answer nothing more comes anyway.
      if (!(error instanceof ApiError) || error.status >= 500) return;
      if (reply.raw.headersSent) endStream(reply);
      else answerFor(reply, error);
    }
  }

  function judgeAll(): void {
    const now = performance.now();
    if (now < judgedAt + JUDGED_EVERY_MS) return;
    judgedAt = now;
    for (const reply of underWay.lasting(JUDGED_EVERY_MS)) void judge(reply);
  }

  function look(): void {
    noteDelay();
    judgeAll();
    for (const reply of underWay.lost()) abandon(reply);
    const late = underWay.late().filter(({ sent, raw }) => !sent && !raw.headersSent);
    for (const reply of late) {
      if (reply.waitsForBody) fail(apiError('REQUEST_TIMEOUT'), reply.request, reply);
    }
    const slow = late.filter(({ waitsForBody }) => !waitsForBody);
    if (slow.length > 0) void blame(slow);
    if (underWay.count > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  fastify.decorate('isHeldUp', () => performance.now() < heldUpUntil);
  fastify.decorate('giveUp', (ms: number) => {
    isGivenUp = true;
    underWay.hurryAll(ms);
  });
  fastify.decorateReply('waitingAt', -1);
  fastify.decorateReply('waitingUntil', 0);
  fastify.decorateReply('waitsForBody', false);
  fastify.decorateReply('isBusy', false);
  fastify.addHook('preClose', (done) => {
    // So that a client that has stopped sending is answered before the process has to end.
    underWay.hurry(shutdownGraceMs * 0.8);
    underWay.endEvents();
    done();
  });
  fastify.addHook('onClose', (_, done) => {
    clearInterval(timer);
    done();
  });
  fastify.addHook('onRequest', (_, reply, done) => {
    underWay.begin(reply);
    // Nothing wakes a server of which nothing is asked.
    if (!timer) {
      timer = setInterval(look, LOOK_EVERY_MS).unref();
      lookedAt = performance.now();
    }
    done();
  });
  fastify.addHook('preParsing', ({ headers }, reply, _payload, done) => {
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
    if (hasBody) underWay.waitForBody(reply);
    done();
  });
  fastify.addHook('preHandler', ({ raw }, reply, done) => {
    if (!reply.waitsForBody) return done();
    const { input, streamsBody, answerMs } = reply.routeOptions.config;
    // The time of a body does not count. The handler reads a form, and what it takes as a stream.
    if (!(input?.form || streamsBody) || raw.complete) underWay.waitForAnswer(reply);
    else raw.once('end', () => underWay.waitForAnswer(reply, answerMs));
    return done();
  });
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const { answerMs, isEvents } = route.config ?? {};
    if (answerMs === undefined && !isEvents) return;
    const wait = (_: FastifyRequest, reply: FastifyReply, done: () => void): void => {
      if (!reply.waitsForBody) underWay.waitForAnswer(reply, answerMs);
      if (isEvents || answerMs === Infinity) underWay.rest(reply);
      done();
    };
    route.preHandler = [route.preHandler ?? [], wait].flat();
  });
  fastify.addHook('onSend', (_, reply, _payload, done) => {
    underWay.rest(reply);
    done();
  });
  fastify.addHook('onResponse', (_, reply, done) => {
    underWay.end(reply);
    done();
  });
}
