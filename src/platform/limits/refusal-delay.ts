/** After this many refusals in a second, a caller's further ones are delayed. */
const PROMPT_REFUSALS = 50;
const SECOND_MS = 1_000;
/** How often delayed refusals are sent, in milliseconds. */
const ANSWER_EVERY_MS = 250;
/** Delayed refusals of all callers together; further ones are sent at once. */
const MOST_WAITING = 5_000;

/**
 * Slows down callers who retry as soon as they are refused, ignoring Retry-After: their refusals are sent a little
 * later, so that a connection cannot send a thousand requests a second. Refusals cost little, but without this a caller
 * with a hundred connections would use up the processor.
 */
export class RefusalDelay {
  private readonly refusals = new Map<string, number>();
  private countedSince = -Infinity;
  private waiting: (() => void)[] = [];

  /** Sends a refusal, at once or delayed. */
  answer(caller: string, send: () => void): void {
    const now = performance.now();
    if (now - this.countedSince >= SECOND_MS) {
      this.countedSince = now;
      this.refusals.clear();
    }
    const count = (this.refusals.get(caller) ?? 0) + 1;
    this.refusals.set(caller, count);
    if (count <= PROMPT_REFUSALS || this.waiting.length >= MOST_WAITING) {
      send();
      return;
    }
    this.waiting.push(send);
    if (this.waiting.length === 1) setTimeout(() => this.answerAll(), ANSWER_EVERY_MS);
  }

  private answerAll(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const send of waiting) send();
  }
}
