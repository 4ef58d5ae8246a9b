import { apiError } from '../errors/errors.js';

/** On whose behalf something waits. */
export interface Claim {
  /** Known claims go before all others. */
  readonly isKnown: boolean;
  /** Whom the use is counted for, widest first: a network, a smaller network in it, an account. */
  readonly subjects: readonly string[];
}

interface Waiter extends Claim {
  readonly enter: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Use {
  count: number;
  /** Milliseconds since the process started. */
  at: number;
}

interface Limits {
  /** How many may run at a time. */
  readonly concurrency: number;
  /** How many may wait, however fast the work is. */
  readonly maxWaiting: number;
  /** How long each may wait, in milliseconds. */
  readonly timeoutMs: number;
}

/** Half-life of the usage counts, in milliseconds. */
const HALF_LIFE_MS = 30_000;
/** How much of a run is counted once its result proved right. */
const RIGHT_COSTS = 0.25;
/** Always allowed to wait, however slow the machine currently is: so few are no flood. */
const MIN_WAITING = 8;
const MAX_SUBJECTS = 10_000;

/**
 * Shares few slots fairly between many claims. The network, and then the account, with the least recent use goes first,
 * so that constant traffic from one network, however many addresses it uses, queues behind occasional requests. As soon
 * as more are waiting than can run before their timeout, the last ones in that order are rejected immediately.
 */
export class FairQueue {
  private running = 0;
  private readonly waiters = new Set<Waiter>();
  private readonly uses = new Map<string, Use>();
  /** Moving average of how long the work takes. */
  private averageMs = 0;

  constructor(private readonly limits: Limits) {}

  /**
   * Runs the work when its turn comes.
   * @param isRight whether the result shows that nobody is guessing
   * @throws ApiError OVERLOADED
   */
  async run<T>(claim: Claim, work: () => Promise<T>, isRight: (result: T) => boolean): Promise<T> {
    for (const subject of claim.subjects) this.useOf(subject).count++;
    await this.enter(claim);
    const started = performance.now();
    try {
      const result = await work();
      if (isRight(result)) this.giveBack(claim);
      return result;
    } finally {
      this.averageMs += (performance.now() - started - this.averageMs) / (this.averageMs === 0 ? 1 : 8);
      this.leave();
    }
  }

  private async enter(claim: Claim): Promise<void> {
    if (this.running < this.limits.concurrency) {
      this.running++;
      return;
    }
    await new Promise<void>((enter, reject) => {
      const timer = setTimeout(() => this.reject(waiter), this.limits.timeoutMs);
      const waiter: Waiter = { ...claim, enter, reject, timer };
      this.waiters.add(waiter);
      this.rejectExcess();
    });
  }

  private leave(): void {
    const [next] = this.inOrder();
    if (!next) {
      this.running--;
      return;
    }
    this.waiters.delete(next);
    clearTimeout(next.timer);
    next.enter();
    this.rejectExcess();
  }

  /** How many waiters can run before their timeout. */
  private get capacity(): number {
    const { concurrency, maxWaiting, timeoutMs } = this.limits;
    const inTime = Math.floor((concurrency * timeoutMs) / Math.max(this.averageMs, 1));
    return Math.min(maxWaiting, Math.max(MIN_WAITING, inTime));
  }

  private rejectExcess(): void {
    if (this.waiters.size <= this.capacity) return;
    for (const waiter of this.inOrder().slice(this.capacity)) this.reject(waiter);
  }

  private reject(waiter: Waiter): void {
    this.waiters.delete(waiter);
    clearTimeout(waiter.timer);
    waiter.reject(apiError('OVERLOADED'));
  }

  /** Ties are broken last in, first out: whoever came earlier is likelier to have given up. */
  private inOrder(): Waiter[] {
    const lastFirst = [...this.waiters].toReversed();
    const counted = lastFirst.map((waiter) => ({
      waiter,
      counts: waiter.subjects.map((subject) => Math.round(this.countOf(subject))),
    }));
    const sorted = counted.toSorted((a, b) => {
      if (a.waiter.isKnown !== b.waiter.isKnown) return a.waiter.isKnown ? -1 : 1;
      for (let at = 0; at < Math.max(a.counts.length, b.counts.length); at++) {
        const difference = (a.counts[at] ?? 0) - (b.counts[at] ?? 0);
        if (difference !== 0) return difference;
      }
      return 0;
    });
    return sorted.map(({ waiter }) => waiter);
  }

  private giveBack({ subjects }: Claim): void {
    for (const subject of subjects) {
      const use = this.useOf(subject);
      use.count = Math.max(0, use.count - (1 - RIGHT_COSTS));
    }
  }

  private countOf(subject: string): number {
    const use = this.uses.get(subject);
    return use ? use.count * 0.5 ** ((performance.now() - use.at) / HALF_LIFE_MS) : 0;
  }

  /** The current use of a subject, for the caller to change. The least recently used subject is evicted. */
  private useOf(subject: string): Use {
    const use = { count: this.countOf(subject), at: performance.now() };
    this.uses.delete(subject);
    const [oldest] = this.uses.size < MAX_SUBJECTS ? [] : this.uses.keys();
    if (oldest !== undefined) this.uses.delete(oldest);
    this.uses.set(subject, use);
    return use;
  }
}
