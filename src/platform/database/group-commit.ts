import { AsyncLocalStorage } from 'node:async_hooks';
import { mayBeCommitted } from '../errors/driver-errors.js';
import type { Transaction } from './transactions.js';

/** Items in one transaction at most: together they have to fit into one message to the database. */
const MOST = 20;

interface Waiting<Item> {
  readonly item: Item;
  readonly written: PromiseWithResolvers<void>;
  /** Runs work in the context of its request. */
  readonly within: ReturnType<typeof AsyncLocalStorage.snapshot>;
}

/** Runs work in a transaction, and again after a conflict. */
type Run = (work: (transaction: Transaction | undefined) => Promise<void>) => Promise<void>;

/**
 * Group commit: what arrives while a transaction is running shares the next one, because the commands of a transaction
 * cost more than what they write. Whoever comes alone waits for nobody. A shared transaction belongs to the request of
 * the first item.
 */
export class GroupCommit<Item> {
  private readonly waiting: Waiting<Item>[] = [];
  private isRunning = false;

  constructor(
    private readonly run: Run,
    private readonly write: (items: readonly Item[], transaction: Transaction | undefined) => Promise<void>,
  ) {}

  /** Resolves when the item is committed. @throws whatever `write` throws for it alone */
  add(item: Item): Promise<void> {
    const written = Promise.withResolvers<void>();
    this.waiting.push({ item, written, within: AsyncLocalStorage.snapshot() });
    if (!this.isRunning) void this.drain();
    return written.promise;
  }

  private async drain(): Promise<void> {
    this.isRunning = true;
    while (this.waiting.length > 0) await this.commit(this.waiting.splice(0, MOST));
    this.isRunning = false;
  }

  private async commit(group: readonly Waiting<Item>[]): Promise<void> {
    try {
      await group[0]?.within(() => this.attempt(group.map(({ item }) => item)));
      for (const { written } of group) written.resolve();
    } catch (error) {
      if (group.length === 1 || mayBeCommitted(error)) for (const { written } of group) written.reject(error);
      // One of them is at fault, or in conflict with another transaction: it must not hold up the others.
      else await Promise.all(group.map((each) => this.commit([each])));
    }
  }

  private attempt(items: readonly Item[]): Promise<void> {
    let attempts = 0;
    return this.run((transaction) => {
      if (items.length > 1 && attempts++ > 0) throw new Error('The group is in conflict');
      return this.write(items, transaction);
    });
  }
}
