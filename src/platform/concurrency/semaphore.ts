import { apiError } from '../errors/errors.js';

interface Waiter {
  readonly enter: () => void;
  readonly timer: NodeJS.Timeout | undefined;
}

interface Slot {
  running: number;
  /** First come, first served. */
  readonly waiters: Set<Waiter>;
  /** Since when there have always been waiters, on the clock of `performance`. */
  crowdedSince: number;
}

interface Limits {
  /** How many may run at a time. */
  readonly concurrency: number;
  /** Only one may run at a time while others have been waiting for this long without a pause, in milliseconds. */
  readonly crowdedMs?: number;
  /** How many may wait; all by default. */
  readonly maxWaiting?: number;
  /** How long each may wait, in milliseconds; however long by default. */
  readonly timeoutMs?: number;
}

/** A semaphore for each key: work on different keys never waits for each other. */
export class Semaphore {
  private readonly slots = new Map<string, Slot>();

  constructor(private readonly limits: Limits) {}

  /** Runs the work when it may. @throws ApiError OVERLOADED as `acquire` does */
  async run<T>(work: () => Promise<T>, key?: string): Promise<T> {
    await this.acquire(key);
    try {
      return await work();
    } finally {
      this.release(key);
    }
  }

  /**
   * Resolves once the caller may run. Whoever has acquired must release.
   * @throws ApiError OVERLOADED when too many are waiting, or after the timeout
   */
  async acquire(key = ''): Promise<void> {
    const slot = this.slotOf(key);
    const { concurrency, maxWaiting = Infinity, timeoutMs } = this.limits;
    if (slot.running < concurrency && slot.waiters.size === 0) {
      slot.running++;
      return;
    }
    if (slot.waiters.size >= maxWaiting) throw apiError('OVERLOADED');
    if (slot.waiters.size === 0) slot.crowdedSince = performance.now();
    await new Promise<void>((enter, reject) => {
      const giveUp = (): void => {
        slot.waiters.delete(waiter);
        reject(apiError('OVERLOADED'));
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
      const waiter: Waiter = { enter, timer };
      slot.waiters.add(waiter);
    });
  }

  /** Hands over to whoever has waited longest. */
  release(key = ''): void {
    const slot = this.slotOf(key);
    const [next] = slot.waiters;
    const most = this.isCrowded(key) ? 1 : this.limits.concurrency;
    slot.running--;
    if (next && slot.running < most) {
      slot.running++;
      slot.waiters.delete(next);
      clearTimeout(next.timer);
      next.enter();
    } else if (!next && slot.running === 0) {
      this.slots.delete(key);
    }
  }

  /** Whether some have been waiting for the key for `crowdedMs`. */
  isCrowded(key = ''): boolean {
    const { crowdedMs = Infinity } = this.limits;
    const slot = this.slots.get(key);
    return slot !== undefined && slot.waiters.size > 0 && performance.now() - slot.crowdedSince >= crowdedMs;
  }

  private slotOf(key: string): Slot {
    const known = this.slots.get(key);
    if (known) return known;
    const slot: Slot = { running: 0, waiters: new Set(), crowdedSince: 0 };
    this.slots.set(key, slot);
    return slot;
  }
}
