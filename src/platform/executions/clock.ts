import { Injectable } from '@nestjs/common';

/**
 * The database's time, as far as it is known: every date of an execution is by it, so that a machine whose clock is
 * wrong does nothing early, late or twice. Tests move it.
 */
@Injectable()
export class ExecutionClock {
  /** What the process's monotonic clock is behind. */
  private offset = Date.now() - performance.now();
  private moved = 0;
  private readonly listeners = new Set<() => void>();

  now(): Date {
    return new Date(performance.now() + this.offset + this.moved);
  }

  /** A date that is so many milliseconds away. */
  in(ms: number): Date {
    return new Date(this.now().getTime() + ms);
  }

  /**
   * Learns the database's time, and answers by how many milliseconds it was wrong.
   * @param at when that was, on the clock of `performance`
   */
  learn(time: Date, at: number): number {
    const offset = time.getTime() - at;
    const drift = offset - this.offset;
    this.offset = offset;
    return drift;
  }

  /** Moves the time on, for tests: what sleeps until then is due at once. */
  advance(ms: number): void {
    this.moved += ms;
    for (const hear of this.listeners) hear();
  }

  onMoved(hear: () => void): void {
    this.listeners.add(hear);
  }
}
