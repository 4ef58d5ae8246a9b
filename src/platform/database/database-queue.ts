import type { mongo } from 'mongoose';

/** After this long the socket gives up on an operation, in milliseconds: the database has not answered. */
const GIVEN_UP_MS = 900;

/** The operation that uses a connection. */
interface Operation {
  /** When it got the connection, by the process's clock. */
  at: number;
  /** How long it had waited for one. */
  waitedMs: number;
}

/**
 * Measures how long operations take from requesting a connection to returning it. It only listens to events of the
 * pool, so operations cost no more.
 */
export class DatabaseQueue {
  /** By connection; entries are reused. */
  private readonly operations = new Map<number | string, Operation>();
  private leastMs: number | undefined;
  /** Operations completed since the last reading. */
  ended = 0;
  /** Connections in use. */
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

  /** Open connections that are idle. */
  get idle(): number {
    return this.operations.size - this.used;
  }

  /** The fastest operation since the last reading, in milliseconds. */
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
