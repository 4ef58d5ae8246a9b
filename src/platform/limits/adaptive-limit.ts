import { performance } from 'node:perf_hooks';
import process from 'node:process';
import type { ProcessConfig } from '../config/process.config.js';
import type { DatabaseQueue } from '../database/database-queue.js';

/** How much is too much. */
export const BOUNDS = {
  /** The limit never goes below, however slow everything is, */
  least: 32,
  /** and never above: what waits needs memory. */
  most: 1_000,
  /** The limit is judged this often, once the database has answered so many operations, and else after so long. */
  everyMs: 50,
  operations: 16,
  latestMs: 250,
  /** Most of its processor's time that a turn of the event loop may need: requests wait for two or three turns. */
  turnMs: 10,
  /** The database may take this long, or so many times what it takes when it has little to do. */
  databaseMs: 15,
  databaseTimes: 3,
};

/** Where requests queue. Each is asked for what there was since it was asked last. */
export interface Queues {
  /** What a turn of the event loop needed on average, in milliseconds. */
  turnMs(): number;
  /** What the quickest operation of the database took, waiting for a connection included; unset without any. */
  databaseMs(): number | undefined;
  /** How many operations of the database have ended. */
  readonly operations: number;
}

/** The limit of an application. It does not move in tests, which share their machine with other tests. */
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
 * Measures turns of the event loop, without a timer: libuv counts them. Time in which another process has the processor
 * does not count, for refusing requests would not give it back.
 */
class TurnClock {
  private micros = 0;
  private turns = 0;

  /** The mean of the turns since it was asked last, in milliseconds. */
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
 * How many requests may be worked on at a time, learnt from where they queue: in front of the event loop, or of the
 * database. As CoDel does, it looks for queues that stay: one slow query says nothing, but when even the quickest is
 * slow, time after time, all of them wait. The limit then falls by a fifth at a time, and grows by a tenth while
 * nothing is slow (AIMD), so that it settles at what the machine can do in time.
 */
export class AdaptiveLimit {
  /** How many may be worked on at a time. */
  current: number;
  private peak = 0;
  private judgedAt = performance.now();
  private slowTimes = 0;
  /** What the database takes when it has little to do. */
  private usualMs = Infinity;

  constructor(
    private readonly queues: Queues,
    private readonly bounds: Readonly<typeof BOUNDS> = BOUNDS,
  ) {
    this.current = bounds.most;
  }

  /** How many may be worked on now, when so many are. */
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
    const { least, most } = this.bounds;
    const isSlow = this.isSlow(this.queues.turnMs(), this.queues.databaseMs());
    // With few under way, it is not their number that makes it slow.
    this.slowTimes = isSlow && this.peak > least ? this.slowTimes + 1 : 0;
    if (this.slowTimes >= 2) {
      this.current = Math.max(least, Math.floor(Math.min(this.current, this.peak) * 0.8));
    } else if (!isSlow) this.current = Math.min(most, Math.ceil(this.current * 1.1));
  }

  private isSlow(turnMs: number, databaseMs: number | undefined): boolean {
    const { bounds } = this;
    if (databaseMs !== undefined) this.learn(databaseMs);
    const patienceMs = Math.max(bounds.databaseMs, bounds.databaseTimes * this.usualMs);
    return turnMs > bounds.turnMs || (databaseMs ?? 0) > patienceMs;
  }

  /** A database that is slow even with the least to do has become slower, which no refusal mends. */
  private learn(databaseMs: number): void {
    const { least } = this.bounds;
    if (databaseMs < this.usualMs) this.usualMs = databaseMs;
    else if (this.current === least || this.peak <= least) this.usualMs += (databaseMs - this.usualMs) * 0.1;
  }
}
