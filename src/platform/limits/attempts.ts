import { Injectable } from '@nestjs/common';
import type { mongo } from 'mongoose';
import { Semaphore } from '../concurrency/semaphore.js';
import { ApiError, apiError } from '../errors/errors.js';
import { DomainEvents } from '../logging/events.js';
import { Counters } from './counters.js';

/**
 * How many consecutive failures are free, and the longest delay after further ones, in seconds. Delays double from
 * 1 second and never become a lockout: after the delay the next attempt is allowed.
 */
const BUDGETS = {
  /** Of an account, from unknown devices. Anyone can exhaust it, so the delay stays short. */
  account: { free: 10, longest: 300 },
  /** Of a device that has signed in to the account before. Nobody else can exhaust it. */
  device: { free: 10, longest: 300 },
  /** Of an address, across all accounts. */
  address: { free: 20, longest: 900 },
} as const;

/** Failures are forgotten this long after the last delay, in milliseconds. */
const MEMORY_MS = 60 * 60 * 1000;

/** What failures are counted by, and for whom. */
export type Budget = readonly [kind: keyof typeof BUDGETS, subject: string];

/** Errors that mean a wrong guess. Other errors say nothing about the guess. */
const WRONG: ReadonlySet<string> = new Set(['INVALID_CREDENTIALS', 'INVALID_OTP']);

/** Throttles the guessing of passwords and codes. */
@Injectable()
export class Attempts {
  /**
   * Limits concurrent attempts of one budget. More would only wait for password hashing, and count as failures
   * meanwhile. The timeout leaves enough of a request's deadline for the hash.
   */
  private readonly semaphore = new Semaphore({ concurrency: 5, maxWaiting: 1_000, timeoutMs: 400 });

  constructor(
    private readonly counters: Counters,
    private readonly events: DomainEvents,
  ) {}

  /**
   * Runs the check of a guess. Each budget is charged with a failure beforehand and refunded unless the guess was
   * wrong: otherwise many concurrent guesses could slip through before the first one has failed.
   * @throws ApiError RATE_LIMITED with Retry-After while a budget is delayed; nothing is counted then
   */
  async guard<T>(budgets: readonly Budget[], work: () => Promise<T>): Promise<T> {
    const entered: string[] = [];
    const taken: Budget[] = [];
    try {
      for (const budget of budgets) {
        const id = this.idOf(budget);
        await this.semaphore.acquire(id);
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
      for (const id of entered) this.semaphore.release(id);
    }
  }

  /** @throws ApiError RATE_LIMITED while the budget is delayed */
  private async take(budget: Budget): Promise<void> {
    const [kind] = budget;
    const id = this.idOf(budget);
    const before = await this.counters.change(id, takeFrom(BUDGETS[kind], new Date()));
    const waitMs = (before?.blockedUntil?.getTime() ?? 0) - Date.now();
    if (waitMs <= 0) return;
    this.events.record('attempt_delayed', { budget: kind });
    const refusal = () => apiError('RATE_LIMITED', { retryAfter: waitMs / 1000 });
    this.semaphore.rejectWaiters(id, refusal);
    throw refusal();
  }

  private async giveBack(budgets: readonly Budget[], { refill = false } = {}): Promise<void> {
    const now = new Date();
    await Promise.all(
      budgets.map(async (budget) => {
        const id = this.idOf(budget);
        // A correct guess on a device resets that device's failures.
        if (refill && budget[0] === 'device') await this.counters.remove(id);
        else await this.counters.change(id, giveBackTo(now));
      }),
    );
  }

  private idOf([kind, subject]: Budget): string {
    return this.counters.idOf(kind, subject);
  }
}

/** Adds a failure and the delay that follows it, unless a delay is running. */
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
