import { Injectable } from '@nestjs/common';
import type { mongo } from 'mongoose';
import { Gate } from '../concurrency/gate.js';
import { ApiError, apiError } from '../errors/errors.js';
import { DomainEvents } from '../logging/events.js';
import { Counters } from './counters.js';

/**
 * How many failures in a row go unpunished, and the longest wait after a further one, in seconds. The waits are
 * 1, 2, 4, … and never a lock: who waits it out may try again.
 */
const BUDGETS = {
  /** Of an account, for callers whom it does not know. Strangers can use it up, so its wait stays short. */
  account: { free: 10, longest: 300 },
  /** Of a device that has signed in to the account before. Strangers cannot touch it. */
  device: { free: 10, longest: 300 },
  /** Of an address, whichever accounts it tries. */
  address: { free: 20, longest: 900 },
} as const;

/** Failures are forgotten so long after the last wait, in milliseconds. */
const MEMORY_MS = 60 * 60 * 1000;

/** What failures are counted for, and whose they are. */
export type Budget = readonly [kind: keyof typeof BUDGETS, subject: string];

/** What says that a guess was wrong. Anything else that goes wrong says nothing of it. */
const WRONG: ReadonlySet<string> = new Set(['INVALID_CREDENTIALS', 'INVALID_OTP']);

/** Slows down who tries what may be guessed: passwords, codes. */
@Injectable()
export class Attempts {
  /**
   * Tries of the same budget that are under way. More at once would wait for their password to be hashed all the same,
   * and count as failures meanwhile. The patience leaves a request time for that within its deadline.
   */
  private readonly gate = new Gate({ places: 5, waiting: 1_000, patienceMs: 400 });

  constructor(
    private readonly counters: Counters,
    private readonly events: DomainEvents,
  ) {}

  /**
   * Does what shows whether a guess is right. A failure is counted for each budget before it, and taken back unless
   * the guess was wrong: of many at once, not all must slip through before the first has failed.
   * @throws ApiError RATE_LIMITED with Retry-After while a budget has to wait; nothing is counted then
   */
  async guard<T>(budgets: readonly Budget[], work: () => Promise<T>): Promise<T> {
    const entered: string[] = [];
    const taken: Budget[] = [];
    try {
      for (const budget of budgets) {
        const id = this.idOf(budget);
        await this.gate.enter(id);
        entered.push(id);
        await this.take(budget);
        taken.push(budget);
      }
      const result = await work();
      await this.giveBack(taken, { refill: true });
      return result;
    } catch (error) {
      const isWrong = error instanceof ApiError && WRONG.has(error.code);
      if (!isWrong) await this.giveBack(taken);
      throw error;
    } finally {
      for (const id of entered) this.gate.leave(id);
    }
  }

  /** @throws ApiError RATE_LIMITED while the budget has to wait */
  private async take(budget: Budget): Promise<void> {
    const [kind] = budget;
    const id = this.idOf(budget);
    const before = await this.counters.change(id, takeFrom(BUDGETS[kind], new Date()));
    const waitMs = (before?.blockedUntil?.getTime() ?? 0) - Date.now();
    if (waitMs <= 0) return;
    this.events.record('attempt_delayed', { budget: kind });
    const refusal = () => apiError('RATE_LIMITED', { retryAfter: waitMs / 1000 });
    this.gate.refuse(id, refusal);
    throw refusal();
  }

  private async giveBack(budgets: readonly Budget[], { refill = false } = {}): Promise<void> {
    const now = new Date();
    await Promise.all(
      budgets.map(async (budget) => {
        const id = this.idOf(budget);
        // Whoever was right at a device may go on there as if nothing had been tried.
        if (refill && budget[0] === 'device') await this.counters.remove(id);
        else await this.counters.change(id, giveBackTo(now));
      }),
    );
  }

  private idOf([kind, subject]: Budget): string {
    return this.counters.idOf(kind, subject);
  }
}

/** One more failure and the wait that follows it, unless a wait is under way. */
function takeFrom({ free, longest }: { free: number; longest: number }, now: Date): mongo.Document[] {
  const isOver = { $lte: [{ $ifNull: ['$expiresAt', now] }, now] };
  const isBlocked = { $gt: [{ $ifNull: ['$blockedUntil', now] }, now] };
  const beyond = { $subtract: ['$count', free + 1] };
  const seconds = { $min: [longest, { $pow: [2, { $min: [beyond, 30] }] }] };
  const end = { $cond: [{ $lt: [beyond, 0] }, '$$REMOVE', { $add: [now, { $multiply: [1000, seconds] }] }] };
  return [
    {
      $set: { isBlocked, count: { $cond: [isOver, 1, { $add: ['$count', { $cond: [isBlocked, 0, 1] }] }] } },
    },
    { $set: { blockedUntil: { $cond: ['$isBlocked', '$blockedUntil', end] } } },
    { $set: { expiresAt: { $add: [{ $ifNull: ['$blockedUntil', now] }, MEMORY_MS] } } },
    { $unset: 'isBlocked' },
  ];
}

function giveBackTo(now: Date): mongo.Document[] {
  return [
    {
      $set: {
        count: { $max: [0, { $subtract: [{ $ifNull: ['$count', 0] }, 1] }] },
        expiresAt: { $ifNull: ['$expiresAt', now] },
      },
    },
    { $unset: 'blockedUntil' },
  ];
}
