import { Injectable } from '@nestjs/common';
import { Types } from 'mongoose';
import { ApiError, apiError } from '../errors/errors.js';
import { chargedWith, Counters } from './counters.js';

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
  async take(name: string, subject: string, quota: Quota, charge = new Types.ObjectId()): Promise<void> {
    const { isLeft, end } = await this.use(name, subject, quota, charge);
    if (!isLeft) throw apiError('RATE_LIMITED', { retryAfter: (end.getTime() - Date.now()) / 1000 });
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
    const charge = new Types.ObjectId();
    let taken: Promise<void> | undefined;
    try {
      return await work(() => (taken ??= this.take(name, subject, quota, charge)));
    } catch (error) {
      if (taken && isOurFault(error)) await this.counters.giveBack(this.counters.idOf(name, subject), charge);
      throw error;
    }
  }

  /** Whether there was one left, for callers that must not reveal that nothing was done. */
  async takeQuietly(name: string, subject: string, quota: Quota): Promise<boolean> {
    return (await this.use(name, subject, quota)).isLeft;
  }

  private async use(
    name: string,
    subject: string,
    { limit, seconds }: Quota,
    charge = new Types.ObjectId(),
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
          charges: {
            $cond: [
              '$isOver',
              [charge],
              { $cond: [{ $gte: ['$count', limit] }, '$charges', chargedWith(charge)] },
            ],
          },
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
