import { Injectable } from '@nestjs/common';
import { ApiError, apiError } from '../errors/errors.js';
import { Counters } from './counters.js';

/** A limit per period, which starts with the first use. */
export interface Quota {
  readonly limit: number;
  readonly seconds: number;
}

/** Limits how often callers may do something at other people's expense: mails, accounts. */
@Injectable()
export class Quotas {
  constructor(private readonly counters: Counters) {}

  /** @throws ApiError RATE_LIMITED with Retry-After when the subject has used it up */
  async take(name: string, subject: string, quota: Quota): Promise<void> {
    await this.takeUntil(name, subject, quota);
  }

  /** Takes one, and returns when the current period ends. */
  private async takeUntil(name: string, subject: string, quota: Quota): Promise<Date> {
    const { isLeft, end } = await this.use(name, subject, quota);
    if (isLeft) return end;
    throw apiError('RATE_LIMITED', { retryAfter: (end.getTime() - Date.now()) / 1000 });
  }

  /**
   * Runs work that a quota limits. `take` takes one of it, however often it is called; it is refunded if the work fails
   * through no fault of the caller.
   * @throws ApiError RATE_LIMITED by `take`; what the work throws
   */
  async spend<T>(
    name: string,
    subject: string,
    quota: Quota,
    work: (take: () => Promise<void>) => Promise<T>,
  ): Promise<T> {
    let taken: Promise<Date> | undefined;
    try {
      return await work(async () => void (await (taken ??= this.takeUntil(name, subject, quota))));
    } catch (error) {
      const end = await taken?.catch(() => undefined);
      if (end && isOurFault(error)) await this.giveBack(name, subject, end);
      throw error;
    }
  }

  /** Refunds one, unless its period has ended. The refund is lost while the database is down. */
  private async giveBack(name: string, subject: string, end: Date): Promise<void> {
    const isCounted = { $cond: [{ $eq: ['$expiresAt', end] }, 1, 0] };
    const count = { $max: [0, { $subtract: [{ $ifNull: ['$count', 0] }, isCounted] }] };
    const expiresAt = { $ifNull: ['$expiresAt', end] };
    const given = this.counters.change(this.counters.idOf(name, subject), [{ $set: { count, expiresAt } }]);
    await given.catch(() => undefined);
  }

  /** Whether there was one left, for callers that must not reveal that nothing was done. */
  async takeQuietly(name: string, subject: string, quota: Quota): Promise<boolean> {
    return (await this.use(name, subject, quota)).isLeft;
  }

  private async use(
    name: string,
    subject: string,
    { limit, seconds }: Quota,
  ): Promise<{ readonly isLeft: boolean; readonly end: Date }> {
    const now = new Date();
    const end = new Date(now.getTime() + seconds * 1000);
    const isOver = { $lte: [{ $ifNull: ['$expiresAt', now] }, now] };
    const before = await this.counters.change(this.counters.idOf(name, subject), [
      { $set: { isOver } },
      {
        $set: {
          // Never above the limit: a refused one takes nothing, so that refunds are available to the next caller.
          count: { $cond: ['$isOver', 1, { $min: [{ $add: ['$count', 1] }, limit] }] },
          expiresAt: { $cond: ['$isOver', end, '$expiresAt'] },
        },
      },
      { $unset: 'isOver' },
    ]);
    if (!before || before.expiresAt <= now) return { isLeft: true, end };
    return { isLeft: before.count < limit, end: before.expiresAt };
  }
}

function isOurFault(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status >= 500;
}
