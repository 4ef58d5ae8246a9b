import { performance } from 'node:perf_hooks';
import process from 'node:process';
import type { ProcessConfig } from '../config/process.config.js';
import type { DatabaseQueue } from '../database/database-queue.js';

/** Tuning of the limit. */
export const BOUNDS = {
  /** The lowest limit, however slow everything is. */
  least: 20,
  /** The highest limit: waiting requests need memory. */
  most: 1_000,
  /** The limit is adjusted this often if the database has completed this many operations, otherwise after this long. */
  everyMs: 50,
  operations: 16,
  latestMs: 250,
  /** The most processor time that a turn of the event loop may need: requests wait for two or three turns. */
  turnMs: 5,
  /** The database may take this long, or this many times as long as when it is mostly idle. */
  databaseMs: 10,
  databaseTimes: 3,
  /** The limit falls when it was slow so many times in a row, to this share of the requests under way, */
  slowTimes: 2,
  falls: 0.8,
  /** and otherwise grows by this factor: where it is used up, and where more is not known to be possible. */
  grows: 1.1,
  growsUnused: 1.01,
};

/** The places where requests queue. Each call reports on the time since the previous call. */
export interface Queues {
  /** The average processor time of a turn of the event loop, in milliseconds. */
  turnMs(): number;
  /**
   * The duration of the quickest database operation, including the wait for a connection; undefined if there was none.
   */
  databaseMs(): number | undefined;
  /** How many database operations have completed. */
  readonly operations: number;
}

/** The limit of an application. It is fixed in tests, which share their machine with other tests. */
export function limitOf({ mode }: Pick<ProcessConfig, 'mode'>, database: DatabaseQueue): AdaptiveLimit {
  const turns = new TurnClock();
  const queues = {
    turnMs: () => turns.read(),
    databaseMs: () => database.takeLeastMs(),
    get operations() {
      return database.ended;
    },
  };
  return new AdaptiveLimit(queues, mode === 'test' ? { ...BOUNDS, everyMs: Infinity } : BOUNDS);
}

/**
 * Measures turns of the event loop, without a timer: libuv counts them. Time during which another process has the
 * processor does not count, because refusing requests would not help.
 */
class TurnClock {
  private micros = 0;
  private turns = 0;

  /** The mean of the turns since the previous call, in milliseconds. */
  read(): number {
    const { user, system } = process.threadCpuUsage();
    const { loopCount } = performance.nodeTiming.uvMetricsInfo;
    const mean = (user + system - this.micros) / 1000 / Math.max(1, loopCount - this.turns);
    this.micros = user + system;
    this.turns = loopCount;
    return mean;
  }
}

/**
 * The limit of concurrent requests, adapted to where they queue: at the event loop, or at the database. Like CoDel, it
 * looks for standing queues: one slow query says nothing, but if even the quickest is repeatedly slow, all of them are
 * waiting. The limit then falls to four fifths of what was under way. While nothing is slow it grows by a tenth, or by a
 * hundredth where it is not used up, so that it settles at what the machine can handle in time.
 */
export class AdaptiveLimit {
  /** The limit of concurrent requests. */
  current: number;
  private peak = 0;
  private judgedAt = performance.now();
  private slowTimes = 0;
  /** The duration of a database operation when the database is mostly idle. */
  private usualMs = Infinity;

  constructor(
    private readonly queues: Queues,
    private readonly bounds: Readonly<typeof BOUNDS> = BOUNDS,
  ) {
    this.current = bounds.most;
  }

  /** The limit now, given how many requests are being processed. */
  limitFor(busy: number): number {
    if (busy > this.peak) this.peak = busy;
    const { everyMs, operations, latestMs } = this.bounds;
    const now = performance.now();
    const passedMs = now - this.judgedAt;
    if (passedMs >= everyMs && (this.queues.operations >= operations || passedMs >= latestMs)) {
      this.judgedAt = now;
      this.judge();
      this.peak = busy;
    }
    return this.current;
  }

  private judge(): void {
    const { least, most, slowTimes, falls } = this.bounds;
    const isSlow = this.isSlow(this.queues.turnMs(), this.queues.databaseMs());
    // With few requests running, their number is not what makes it slow.
    this.slowTimes = isSlow && this.peak > least ? this.slowTimes + 1 : 0;
    if (this.slowTimes >= slowTimes) {
      this.current = Math.max(least, Math.floor(Math.min(this.current, this.peak) * falls));
    } else if (!isSlow) this.current = Math.min(most, this.current * this.growth);
  }

  private get growth(): number {
    const { grows, growsUnused } = this.bounds;
    return this.peak > this.current / 2 ? grows : growsUnused;
  }

  private isSlow(turnMs: number, databaseMs: number | undefined): boolean {
    const { bounds } = this;
    if (databaseMs !== undefined) this.learn(databaseMs);
    const patienceMs = Math.max(bounds.databaseMs, bounds.databaseTimes * this.usualMs);
    return turnMs > bounds.turnMs || (databaseMs ?? 0) > patienceMs;
  }

  /** A database that is slow even when mostly idle has become slower, which refusing requests does not fix. */
  private learn(databaseMs: number): void {
    const { least } = this.bounds;
    if (databaseMs < this.usualMs) this.usualMs = databaseMs;
    else if (this.current === least || this.peak <= least) this.usualMs += (databaseMs - this.usualMs) * 0.1;
  }
}
