import type { FastifyReply } from 'fastify';

/** Longest time from the headers of a request to the end of its body. */
const BODY_MS = 15_000;
/**
 * Longest time that finding out who calls, and the handler, may take each. The driver retries once and notices a
 * frozen database late, so its own limits add up to more than a client should wait.
 */
const ANSWER_MS = 2_500;
/** So long before, the database is asked whether it is to blame. */
export const VERDICT_MS = 250;

declare module 'fastify' {
  interface FastifyReply {
    /** Where it stands among those under way, or -1. */
    waitingAt: number;
    /** When its time is over, on the clock of `performance`. */
    waitingUntil: number;
    /** What it waits for. */
    waitsForBody: boolean;
    /** The server is at work on it: its body is there, and its answer is not on its way yet. */
    isBusy: boolean;
  }
}

/** A client takes the end of a stream of events for one, and what is left of anything else for broken off. */
export function endStream({ raw, routeOptions }: FastifyReply): void {
  if (!routeOptions.config.isEvents) return void raw.destroy();
  raw.end();
  raw.socket?.destroySoon();
}

/**
 * Requests under way. A list in which each knows its place, since a Map would leave behind its old tables, and with
 * them whole requests, for the garbage collector, which then took twice as long.
 */
export class UnderWay {
  private readonly replies: FastifyReply[] = [];
  /** No body may take longer, once the server closes. */
  private bodiesUntil = Infinity;
  /** How many the server is at work on. */
  busy = 0;

  get count(): number {
    return this.replies.length;
  }

  begin(reply: FastifyReply): void {
    this.work(reply);
    reply.waitingUntil = performance.now() + ANSWER_MS - VERDICT_MS;
    reply.waitingAt = this.replies.length;
    this.replies.push(reply);
  }

  waitForBody(reply: FastifyReply): void {
    const until = performance.now() + (reply.routeOptions.config.bodyMs ?? BODY_MS);
    reply.waitsForBody = true;
    this.rest(reply);
    reply.waitingUntil = Math.min(until, this.bodiesUntil);
  }

  waitForAnswer(reply: FastifyReply, ms = ANSWER_MS): void {
    if (reply.waitsForBody && reply.waitingAt !== -1) this.work(reply);
    reply.waitsForBody = false;
    reply.waitingUntil = performance.now() + ms - VERDICT_MS;
  }

  /** Those that the server is at work on. */
  get worked(): FastifyReply[] {
    return this.replies.filter(({ isBusy }) => isBusy);
  }

  private work(reply: FastifyReply): void {
    reply.isBusy = true;
    this.busy += 1;
  }

  /** There is nothing to do for it now: the client is to send or to read, or it is done. */
  rest(reply: FastifyReply): void {
    if (!reply.isBusy) return;
    reply.isBusy = false;
    this.busy -= 1;
  }

  /** Ends streams of events, which nothing else would end; their clients connect again. */
  endEvents(): void {
    for (const reply of this.replies) {
      if (reply.raw.headersSent && reply.routeOptions.config.isEvents) endStream(reply);
    }
  }

  /** Those that take longer than so many milliseconds. */
  lasting(ms: number): FastifyReply[] {
    return this.replies.filter(({ elapsedTime }) => elapsedTime > ms);
  }

  end(reply: FastifyReply): void {
    this.rest(reply);
    const place = reply.waitingAt;
    const last = this.replies.at(-1);
    if (place === -1 || !last) return;
    this.replies[place] = last;
    last.waitingAt = place;
    this.replies.pop();
    reply.waitingAt = -1;
  }

  /** Lets no body wait longer than this from now on. */
  hurry(ms: number): void {
    this.bodiesUntil = Math.min(this.bodiesUntil, performance.now() + ms);
    for (const reply of this.replies) {
      if (reply.waitsForBody) reply.waitingUntil = Math.min(reply.waitingUntil, this.bodiesUntil);
    }
  }

  /** Lets nothing wait longer. */
  hurryAll(ms: number): void {
    this.hurry(ms);
    for (const reply of this.replies) reply.waitingUntil = Math.min(reply.waitingUntil, this.bodiesUntil);
  }

  /** Those whose connection is gone. */
  lost(): FastifyReply[] {
    return this.replies.filter(({ request }) => request.raw.socket.destroyed);
  }

  /** Those whose time is over, each once. */
  late(): FastifyReply[] {
    const now = performance.now();
    const late = this.replies.filter(({ waitingUntil }) => waitingUntil <= now);
    for (const reply of late) reply.waitingUntil = Infinity;
    return late;
  }
}
