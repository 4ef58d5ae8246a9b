import type { mongo } from 'mongoose';

/** An operation that took longer was given up by the socket: nothing answered. */
const GIVEN_UP_MS = 900;

/** The operation that a connection was given to. */
interface Operation {
  /** When, by the process's clock. */
  at: number;
  /** For how long it had waited for one. */
  waitedMs: number;
}

/**
 * Watches how long operations take from asking for a connection until it is given back. It knows only what the pool
 * tells, so that operations cost no more.
 */
export class DatabaseQueue {
  /** By connection: kept, and used again. */
  private readonly operations = new Map<number | string, Operation>();
  private leastMs: number | undefined;
  /** How many have ended since it was asked last. */
  ended = 0;
  /** Connections that an operation has. */
  used = 0;
  /** Operations that wait for a connection. */
  waiting = 0;
  private answeredAt = -Infinity;

  watch(client: mongo.MongoClient): void {
    client.on('connectionCheckOutStarted', () => void (this.waiting += 1));
    client.on('connectionCheckOutFailed', () => void (this.waiting -= 1));
    client.on('connectionCheckedOut', ({ connectionId, durationMS }) => {
      this.waiting -= 1;
      this.used += 1;
      const operation = this.operations.get(connectionId);
      if (operation) {
        operation.at = performance.now();
        operation.waitedMs = durationMS;
      } else this.operations.set(connectionId, { at: performance.now(), waitedMs: durationMS });
    });
    client.on('connectionCheckedIn', ({ connectionId }) => {
      this.used -= 1;
      const operation = this.operations.get(connectionId);
      if (operation) this.end(operation);
    });
    client.on('connectionClosed', ({ connectionId }) => void this.operations.delete(connectionId));
  }

  /** Open connections that no operation has. */
  get idle(): number {
    return this.operations.size - this.used;
  }

  /** The quickest operation since it was asked last, in milliseconds. */
  takeLeastMs(): number | undefined {
    const { leastMs } = this;
    this.leastMs = undefined;
    this.ended = 0;
    return leastMs;
  }

  /** Whether the database has answered anything within so many milliseconds. */
  hasAnsweredWithin(ms: number): boolean {
    return performance.now() - this.answeredAt < ms;
  }

  private end({ at, waitedMs }: Operation): void {
    const now = performance.now();
    const tookMs = now - at;
    this.ended += 1;
    if (this.leastMs === undefined || tookMs + waitedMs < this.leastMs) this.leastMs = tookMs + waitedMs;
    if (tookMs < GIVEN_UP_MS) this.answeredAt = now;
  }
}
