import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { DeclarationError } from '../errors/start-error.js';
import { ApiError, apiError, type ErrorCode } from '../errors/errors.js';
import { routeConfig } from './route-config.js';
import { fail } from './failure.js';
import { endStream, UnderWay, VERDICT_MS } from './requests-under-way.js';

/** How often to check for expired requests: one timer for all is cheaper than one each. */
const LOOK_EVERY_MS = 100;
/** How often the access of long requests is checked again: rights end within two seconds. */
const JUDGED_EVERY_MS = 1_000;
/** If the check is delayed by this much, the process is blocked, by its own work or by the machine. */
const HELD_UP_MS = 1_000;
/** How long afterwards requests may be late because of it: a request that arrived at its end has its full time. */
const AFTERMATH_MS = 3_000;

declare module 'fastify' {
  interface FastifyInstance {
    /** The process is ending: running requests that are not answered within this time are refused. */
    giveUp: (ms: number) => void;
    /** Whether the event loop was blocked recently, so that results arrive late. */
    isHeldUp: () => boolean;
    underWay: UnderWay;
  }
  interface FastifyContextConfig {
    /** Maximum time for the body instead of 15 s, for a route that takes more than JSON. */
    bodyMs?: number;
    /** Maximum time until the response begins, instead of 2.5 s. */
    answerMs?: number;
    /** The response is an event stream. */
    isEvents?: boolean;
  }
}

/**
 * Sets how many milliseconds a handler has until its response begins, instead of 2,500; `false` for no limit. A
 * response that has begun, such as a stream, has no limit.
 */
export function Deadline(ms: number | false): MethodDecorator {
  if (ms !== false && !(ms > 0))
    throw new DeclarationError(`@Deadline(${ms}): write milliseconds, or false for none`);
  return routeConfig({ answerMs: ms === false ? Infinity : ms });
}

/** Ends a request whose client has gone: Fastify would never report its end. */
function abandon(reply: FastifyReply): void {
  reply.request.failure ??= apiError('CLIENT_ABORTED');
  if (!reply.raw.headersSent) reply.code(reply.request.failure.status);
  reply.raw.emit('error', reply.request.failure);
}

/** Answers in place of a handler that is still running and whose result comes too late. */
function answerFor(reply: FastifyReply, error: ApiError): void {
  if (reply.sent || reply.raw.headersSent) return;
  fail(error, reply.request, reply);
  reply.send = () => reply;
}

interface Options {
  /** Whether the database responds; called only when a request is late. */
  readonly databaseAnswers: () => Promise<boolean>;
  readonly shutdownGraceMs: number;
  /** Checks the caller's access again; called every second for requests that take longer. */
  readonly readmit?: (request: FastifyRequest) => Promise<void>;
  readonly underWay?: UnderWay;
}

/**
 * Answers 408 if a body, and 503 if authentication or the handler takes too long. The code of the 503 says whether the
 * database is to blame. Responses that have begun are not affected: `Connections` limits how slowly they are read. Also
 * ends requests whose client has gone, and long ones whose caller has lost access: streams, downloads, uploads and long
 * polls.
 */
export function installDeadline(
  fastify: FastifyInstance,
  { databaseAnswers, shutdownGraceMs, readmit, underWay = new UnderWay() }: Options,
): void {
  let timer: NodeJS.Timeout | undefined;
  let lookedAt = 0;
  let judgedAt = 0;
  /** Until this time, late requests are blamed on the last blockage of the process. */
  let heldUpUntil = 0;
  let isGivenUp = false;

  async function verdict(): Promise<ErrorCode> {
    if (isGivenUp) return 'SERVICE_UNAVAILABLE';
    const wasHeldUp = fastify.isHeldUp();
    // The ping also takes a turn of the event loop, in which a blocked process receives pending responses.
    const [isThere] = await Promise.all([wasHeldUp || databaseAnswers(), sleep(VERDICT_MS)]);
    if (wasHeldUp) return 'SERVER_HELD_UP';
    return isThere ? 'DEADLINE_EXCEEDED' : 'DATABASE_UNAVAILABLE';
  }

  async function blame(late: readonly FastifyReply[]): Promise<void> {
    const code = await verdict();
    for (const reply of late) answerFor(reply, apiError(code));
  }

  /** Notices that the timer was delayed. */
  function noteDelay(): void {
    const now = performance.now();
    const ms = Math.round(now - lookedAt);
    lookedAt = now;
    if (ms < HELD_UP_MS) return;
    heldUpUntil = now + AFTERMATH_MS;
    fastify.log.warn(
      { event: 'process_held_up', ms },
      'The process was blocked: nothing was answered meanwhile',
    );
  }

  /** Ends a long request whose caller has lost access. */
  async function judge(reply: FastifyReply): Promise<void> {
    try {
      await readmit?.(reply.request);
    } catch (error) {
      // If the database does not respond, the stream receives nothing either.
      if (!(error instanceof ApiError) || error.status >= 500) return;
      if (reply.raw.headersSent) endStream(reply);
      // A handler with the usual time ends soon, and may have ended the access itself, such as by deleting its user.
      else if (!reply.isBusy || reply.routeOptions.config.answerMs !== undefined) answerFor(reply, error);
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

  fastify.decorate('underWay', underWay);
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
    // So that clients that have stopped sending are answered before the process must end.
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
    // The timer does not run on an idle server.
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
    // The time of the body does not count. Forms and streamed bodies are read by the handler.
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
