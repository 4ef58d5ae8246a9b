import { apiError } from '../errors/errors.js';

interface Waiter {
  readonly enter: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

interface Slot {
  running: number;
  /** First come, first served. */
  readonly waiters: Set<Waiter>;
}

interface Limits {
  /** How many may run at a time. */
  readonly concurrency: number;
  /** How many may wait; all by default. */
  readonly maxWaiting?: number;
  /** How long each may wait, in milliseconds; however long by default. */
  readonly timeoutMs?: number;
}

/** A semaphore for each key: work on different keys never waits for each other. */
export class Semaphore {
  private readonly slots = new Map<string, Slot>();

  constructor(private readonly limits: Limits) {}

  /**
   * Resolves once the caller may run. Whoever has acquired must release.
   * @throws ApiError OVERLOADED when too many are waiting, or after the timeout; what `rejectWaiters` was given
   */
  async acquire(key = ''): Promise<void> {
    const slot = this.slotOf(key);
    const { concurrency, maxWaiting = Infinity, timeoutMs } = this.limits;
    if (slot.running < concurrency) {
      slot.running++;
      return;
    }
    if (slot.waiters.size >= maxWaiting) throw apiError('OVERLOADED');
    await new Promise<void>((enter, reject) => {
      const giveUp = (): void => {
        slot.waiters.delete(waiter);
        reject(apiError('OVERLOADED'));
      };
      const timer = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
      const waiter: Waiter = { enter, reject, timer };
      slot.waiters.add(waiter);
    });
  }

  /** Hands over to whoever has waited longest. */
  release(key = ''): void {
    const slot = this.slotOf(key);
    const [next] = slot.waiters;
    if (next) {
      this.remove(slot, next);
      next.enter();
    } else if (--slot.running === 0) {
      this.slots.delete(key);
    }
  }

  /** Rejects everyone who is waiting for the key. */
  rejectWaiters(key: string, error: () => Error): void {
    const slot = this.slotOf(key);
    for (const waiter of slot.waiters) {
      this.remove(slot, waiter);
      waiter.reject(error());
    }
  }

  private remove(slot: Slot, waiter: Waiter): void {
    clearTimeout(waiter.timer);
    slot.waiters.delete(waiter);
  }

  private slotOf(key: string): Slot {
    const known = this.slots.get(key);
    if (known) return known;
    const slot: Slot = { running: 0, waiters: new Set() };
    this.slots.set(key, slot);
    return slot;
  }
}
