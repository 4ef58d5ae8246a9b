import { LRUCache } from 'lru-cache';

/** So many refusals of a caller are sent at once, and one more each time this number of milliseconds has passed. */
const PROMPT_REFUSALS = 50;
const PROMPT_EVERY_MS = 20;
/** Delayed refusals of all callers together; further ones are sent at once. */
const MOST_WAITING = 5_000;

/**
 * Slows down callers who retry as soon as they are refused, ignoring Retry-After: their refusals are sent a little
 * later, so that a connection cannot send a thousand requests a second. Refusals cost little, but without this a caller
 * with a hundred connections would use up the processor.
 */
export class RefusalDelay {
  /** When all prompt refusals of a caller are available to it again, on the clock of `performance`. */
  private readonly spentUntil = new LRUCache<string, number>({ max: 10_000 });
  private waiting = 0;

  /** @param delayMs how long a refusal is delayed at least, in milliseconds; twice as long at most */
  constructor(private readonly delayMs: number) {}

  /** Sends a refusal, at once or delayed. */
  answer(caller: string, send: () => void): void {
    const now = performance.now();
    const spentUntil = Math.max(this.spentUntil.get(caller) ?? 0, now) + PROMPT_EVERY_MS;
    const isPrompt = spentUntil - now <= PROMPT_REFUSALS * PROMPT_EVERY_MS;
    if (isPrompt) this.spentUntil.set(caller, spentUntil);
    if (isPrompt || this.waiting >= MOST_WAITING) {
      send();
      return;
    }
    this.waiting++;
    const sendLate = (): void => {
      this.waiting--;
      send();
    };
    // Spread out, since who is refused together asks again together: a hundred at once would hold up everybody.
    setTimeout(sendLate, this.delayMs * (1 + Math.random()));
  }

  /** Resolves when a refusal may be sent. */
  wait(caller: string): Promise<void> {
    return new Promise((send) => void this.answer(caller, send));
  }
}
