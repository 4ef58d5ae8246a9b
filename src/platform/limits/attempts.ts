import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type mongo, Types } from 'mongoose';
import { ApiError, apiError } from '../errors/errors.js';
import { DomainEvents } from '../logging/events.js';
import { chargedWith, Counters } from './counters.js';
import { RefusalDelay } from './refusal-delay.js';

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
/** The delay of refusals to those who ask again at once, in milliseconds. */
const REFUSED_AFTER_MS = 400;
/** How long a process relies on a delay that it has read, in milliseconds. */
const SURE_MS = 100;

/** What failures are counted by, and for whom. */
export type Budget = readonly [kind: keyof typeof BUDGETS, subject: string];

/** Errors that mean a wrong guess. Other errors say nothing about the guess. */
const WRONG: ReadonlySet<string> = new Set(['INVALID_CREDENTIALS', 'INVALID_OTP']);
/** Errors that ask the client to wait. */
const REFUSALS: ReadonlySet<string> = new Set(['RATE_LIMITED', 'OVERLOADED']);

/** Throttles the guessing of passwords and codes. */
@Injectable()
export class Attempts {
  private readonly refusalDelay = new RefusalDelay(REFUSED_AFTER_MS);
  /** When the delays of budgets end: a flood of guesses is refused without asking the database. */
  private readonly delays = new LRUCache<string, Date>({ max: 10_000, ttl: SURE_MS });

  constructor(
    private readonly counters: Counters,
    private readonly events: DomainEvents,
  ) {}

  /**
   * Runs the check of a guess. Each budget is charged with a failure beforehand and refunded unless the guess was
   * wrong: otherwise many concurrent guesses could slip through before the first one has failed.
   * @param inTurn waits until the work may be done: nothing is counted, or written, for what gets no turn
   * @throws ApiError RATE_LIMITED with Retry-After while a budget is delayed; nothing is counted then
   */
  async guard<T>(
    budgets: readonly Budget[],
    work: () => Promise<T>,
    inTurn: (guess: () => Promise<T>) => Promise<T> = (guess) => guess(),
  ): Promise<T> {
    try {
      for (const budget of budgets) this.requireUndelayed(budget, this.delays.get(String(budget)));
      return await inTurn(() => this.charge(budgets, work));
    } catch (error) {
      if (error instanceof ApiError && REFUSALS.has(error.code)) {
        const [[kind, subject] = []] = budgets;
        // All unknown addresses together: they are cheap.
        await this.refusalDelay.wait(kind === 'device' ? String(subject) : '');
      }
      throw error;
    }
  }

  private async charge<T>(budgets: readonly Budget[], work: () => Promise<T>): Promise<T> {
    const charge = new Types.ObjectId();
    const charged: Budget[] = [];
    try {
      for (const budget of budgets) {
        // Also if it is not known whether the charge was written.
        charged.push(budget);
        const delayedUntil = await this.take(budget, charge);
        if (msUntil(delayedUntil) > 0) charged.pop();
        this.requireUndelayed(budget, delayedUntil);
      }
      const result = await work();
      await this.giveBack(charged, charge, true);
      return result;
    } catch (error) {
      const isWrong = error instanceof ApiError && WRONG.has(error.code);
      if (!isWrong) await this.giveBack(charged, charge);
      throw error;
    }
  }

  /** Charges a budget that is not delayed, and returns when its delay ends. */
  private async take(budget: Budget, charge: Types.ObjectId): Promise<Date | undefined> {
    const [kind] = budget;
    const before = await this.counters.change(this.idOf(budget), takeFrom(BUDGETS[kind], new Date(), charge));
    this.delays.set(String(budget), before?.blockedUntil);
    return before?.blockedUntil;
  }

  /** @throws ApiError RATE_LIMITED */
  private requireUndelayed(budget: Budget, until: Date | undefined): void {
    const waitMs = msUntil(until);
    if (waitMs <= 0) return;
    this.events.record('attempt_delayed', { budget: budget[0] });
    throw apiError('RATE_LIMITED', { retryAfter: waitMs / 1000 });
  }

  /** @param isRight a correct guess on a device resets that device's failures */
  private async giveBack(budgets: readonly Budget[], charge: Types.ObjectId, isRight = false): Promise<void> {
    const given = budgets.map((budget) => {
      this.delays.delete(String(budget));
      const id = this.idOf(budget);
      const isReset = isRight && budget[0] === 'device';
      return isReset ? this.counters.remove(id) : this.counters.giveBack(id, charge);
    });
    await Promise.all(given);
  }

  private idOf([kind, subject]: Budget): string {
    return this.counters.idOf(kind, subject);
  }
}

const msUntil = (date: Date | undefined): number => (date?.getTime() ?? 0) - Date.now();

/** Adds a failure and the delay that follows it, unless a delay is running. */
function takeFrom(
  { free, longest }: { free: number; longest: number },
  now: Date,
  charge: Types.ObjectId,
): mongo.Document[] {
  const isOver = { $lte: [{ $ifNull: ['$expiresAt', now] }, now] };
  const isBlocked = { $gt: [{ $ifNull: ['$blockedUntil', now] }, now] };
  const beyond = { $subtract: ['$count', free + 1] };
  const seconds = { $min: [longest, { $pow: [2, { $min: [beyond, 30] }] }] };
  const end = { $cond: [{ $lt: [beyond, 0] }, '$$REMOVE', { $add: [now, { $multiply: [1000, seconds] }] }] };
  return [
    {
      $set: {
        isBlocked,
        count: { $cond: [isOver, 1, { $add: ['$count', { $cond: [isBlocked, 0, 1] }] }] },
        charges: { $cond: [isOver, [charge], { $cond: [isBlocked, '$charges', chargedWith(charge)] }] },
      },
    },
    { $set: { blockedUntil: { $cond: ['$isBlocked', '$blockedUntil', end] } } },
    { $set: { expiresAt: { $add: [{ $ifNull: ['$blockedUntil', now] }, MEMORY_MS] } } },
    { $unset: 'isBlocked' },
  ];
}
