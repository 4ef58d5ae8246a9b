import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as restOfTurn } from 'node:timers/promises';
import { apiError } from '../errors/errors.js';

/** Items that are written together at most: they have to fit into one message to the database. */
const MOST = 20;
/** How long an item may wait: after that its request has been answered, and a late write would surprise its client. */
const PATIENCE_MS = 2_000;
/** A write that takes longer does not hold up others any more: another one begins beside it. */
const SLOW_MS = 20;
/** Writes under way at a time at most. */
const LANES = 4;

interface Waiting<Item> {
  readonly item: Item;
  readonly written: PromiseWithResolvers<void>;
  readonly since: number;
  /** Runs work in the context of its request. */
  readonly within: ReturnType<typeof AsyncLocalStorage.snapshot>;
}

/**
 * Writes several items at once.
 * @returns the places of those that were not written, to be tried alone; nothing if all of them were
 * @throws Error if it is unknown what was written, or for the only item
 */
type Write<Item> = (items: readonly Item[]) => Promise<readonly number[]>;

/**
 * Group commit: what arrives in one turn of the event loop or while earlier items are being written is written together,
 * because a command costs more than what it writes. Whoever comes alone waits for nobody. A shared write belongs to the
 * request of its first item.
 */
export class GroupCommit<Item> {
  private readonly waiting: Waiting<Item>[] = [];
  private running = 0;
  /** How many of the running writes are slow. */
  private slow = 0;

  constructor(
    private readonly write: Write<Item>,
    private readonly patienceMs = PATIENCE_MS,
  ) {}

  /**
   * Resolves when the item is written.
   * @throws whatever `write` throws for it alone; ApiError DATABASE_UNAVAILABLE if it has waited for too long
   */
  add(item: Item): Promise<void> {
    const written = Promise.withResolvers<void>();
    this.waiting.push({ item, written, since: performance.now(), within: AsyncLocalStorage.snapshot() });
    this.begin();
    return written.promise;
  }

  /** One write at a time, so that there is something to group, beside those that are slow. */
  private begin(): void {
    if (this.waiting.length === 0 || this.running > this.slow || this.running >= LANES) return;
    this.running++;
    void this.drain();
  }

  private async drain(): Promise<void> {
    await restOfTurn();
    while (this.waiting.length > 0 && this.running - this.slow <= 1) {
      const latest = performance.now() - this.patienceMs;
      const { late = [], inTime = [] } = Object.groupBy(this.waiting.splice(0, MOST), ({ since }) =>
        since < latest ? 'late' : 'inTime',
      );
      for (const { written } of late) written.reject(apiError('DATABASE_UNAVAILABLE'));
      await this.watched(inTime);
      await restOfTurn();
    }
    this.running--;
  }

  private async watched(group: readonly Waiting<Item>[]): Promise<void> {
    let isSlow = false;
    const timer = setTimeout(() => {
      isSlow = true;
      this.slow++;
      this.begin();
    }, SLOW_MS);
    await this.writeAll(group);
    clearTimeout(timer);
    if (isSlow) this.slow--;
  }

  private async writeAll(group: readonly Waiting<Item>[]): Promise<void> {
    try {
      const failed = await group[0]?.within(() => this.write(group.map(({ item }) => item)));
      const alone = (failed ?? []).flatMap((place) => group[place] ?? []);
      for (const each of group) if (!alone.includes(each)) each.written.resolve();
      await Promise.all(alone.map((each) => this.writeAll([each])));
    } catch (error) {
      for (const { written } of group) written.reject(error);
    }
  }
}
