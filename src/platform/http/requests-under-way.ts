import type { FastifyReply } from 'fastify';

/** Maximum time from the headers of a request to the end of its body. */
const BODY_MS = 15_000;
/**
 * Maximum time for authentication and for the handler, each. The driver retries once and notices a frozen database
 * late, so its own timeouts add up to more than a client should wait.
 */
const ANSWER_MS = 2_500;
/** This long before the deadline, the database is pinged to find out if it is to blame. */
export const VERDICT_MS = 250;

declare module 'fastify' {
  interface FastifyReply {
    /** Its index in the list of running requests, or -1. */
    waitingAt: number;
    /** Its deadline, on the clock of `performance`. */
    waitingUntil: number;
    /** Whether the deadline is that of the body, not of the handler. */
    waitsForBody: boolean;
    /** The server is working on it: its body has arrived, and its response has not been sent yet. */
    isBusy: boolean;
  }
}

/**
 * Ends a response that has begun: an event stream regularly, anything else by closing the connection, so that the
 * client does not take it for complete.
 */
export function endStream({ raw, routeOptions }: FastifyReply): void {
  if (!routeOptions.config.isEvents) return void raw.destroy();
  raw.end();
  raw.socket?.destroySoon();
}

/**
 * The running requests. A list in which each stores its index: the discarded tables of a Map would keep whole requests
 * alive, which doubled the time spent on garbage collection.
 */
export class UnderWay {
  private readonly replies: FastifyReply[] = [];
  /** Deadline of all bodies, once the server closes. */
  private bodiesUntil = Infinity;
  /** How many requests the server is working on. */
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

  /** The requests that the server is working on. */
  get worked(): FastifyReply[] {
    return this.replies.filter(({ isBusy }) => isBusy);
  }

  /** Marks it as being worked on, again after `rest`. */
  work(reply: FastifyReply): void {
    if (reply.isBusy) return;
    reply.isBusy = true;
    this.busy += 1;
  }

  /** Marks it as idle: the client is sending or reading, or it is finished. */
  rest(reply: FastifyReply): void {
    if (!reply.isBusy) return;
    reply.isBusy = false;
    this.busy -= 1;
  }

  /** Awaits what takes up none of the server's time, and counts the request as idle meanwhile. */
  async idle<T>(reply: FastifyReply, wait: Promise<T>): Promise<T> {
    this.rest(reply);
    try {
      return await wait;
    } finally {
      // Unless it has ended meanwhile.
      if (reply.waitingAt !== -1) this.work(reply);
    }
  }

  /** Ends event streams, which nothing else would end; their clients reconnect. */
  endEvents(): void {
    for (const reply of this.replies) {
      if (reply.raw.headersSent && reply.routeOptions.config.isEvents) endStream(reply);
    }
  }

  /** Requests that have been running for longer than `ms` milliseconds. */
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

  /** From now on, limits the remaining time of all bodies. */
  hurry(ms: number): void {
    this.bodiesUntil = Math.min(this.bodiesUntil, performance.now() + ms);
    for (const reply of this.replies) {
      if (reply.waitsForBody) reply.waitingUntil = Math.min(reply.waitingUntil, this.bodiesUntil);
    }
  }

  /** Limits the remaining time of all requests. */
  hurryAll(ms: number): void {
    this.hurry(ms);
    for (const reply of this.replies) reply.waitingUntil = Math.min(reply.waitingUntil, this.bodiesUntil);
  }

  /** Requests whose connection is closed. */
  lost(): FastifyReply[] {
    return this.replies.filter(({ request }) => request.raw.socket.destroyed);
  }

  /** Requests past their deadline, each once. */
  late(): FastifyReply[] {
    const now = performance.now();
    const late = this.replies.filter(({ waitingUntil }) => waitingUntil <= now);
    for (const reply of late) reply.waitingUntil = Infinity;
    return late;
  }
}
