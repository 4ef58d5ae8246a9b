import { Injectable } from '@nestjs/common';
import type { Types } from 'mongoose';
import { apiError } from '../errors/errors.js';
import { ExecutionErrors } from './model/execution.errors.js';
import { ExecutionStore } from './store/execution-store.js';

/** Executions of an owner that may wait at a time. */
const MAX_WAITING = 200_000;
/** Executions started between two counts, so that owners who start few are never counted. */
const COUNT_EVERY = 1_000;
const MAX_OWNERS = 10_000;
const REFUSED_FOR_MS = 10_000;

interface Use {
  starts: number;
  refusedUntil: number;
}

/** Limits how many executions of an owner wait at a time. */
@Injectable()
export class OwnerBounds {
  private readonly uses = new Map<string, Use>();

  constructor(private readonly store: ExecutionStore) {}

  /** @throws ApiError EXECUTIONS_TOO_MANY */
  async require(ownerId: Types.ObjectId | null): Promise<void> {
    const refusedForMs = await this.refusal(ownerId);
    if (refusedForMs > 0)
      throw apiError(ExecutionErrors.EXECUTIONS_TOO_MANY, { retryAfter: refusedForMs / 1_000 });
  }

  /** For how many milliseconds an owner may start no more; zero if it may start one. */
  async refusal(ownerId: Types.ObjectId | null): Promise<number> {
    const use = this.useOf(String(ownerId));
    const now = performance.now();
    if (now >= use.refusedUntil && ++use.starts % COUNT_EVERY === 0) {
      // Counts executions with a `dueAt`, by the index that serves claims by owner.
      const filter = { ownerId, ready: { $in: [true as const, null] }, dueAt: { $exists: true } };
      const count = await this.store.executions.countDocuments(filter as object, { limit: MAX_WAITING });
      if (count >= MAX_WAITING) use.refusedUntil = now + REFUSED_FOR_MS;
    }
    return Math.max(0, use.refusedUntil - now);
  }

  private useOf(owner: string): Use {
    const known = this.uses.get(owner);
    if (known) return known;
    if (this.uses.size >= MAX_OWNERS) this.uses.clear();
    const use = { starts: 0, refusedUntil: 0 };
    this.uses.set(owner, use);
    return use;
  }
}
