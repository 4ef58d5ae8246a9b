import { Injectable } from '@nestjs/common';

/**
 * An estimate of the database's time. All dates of executions use it, so that a machine whose clock is wrong does
 * nothing early, late or twice. Tests advance it.
 */
@Injectable()
export class ExecutionClock {
  /** The database's time minus the process's monotonic clock. */
  private offset = Date.now() - performance.now();
  private moved = 0;
  private readonly listeners = new Set<() => void>();

  now(): Date {
    return new Date(performance.now() + this.offset + this.moved);
  }

  /** The date in so many milliseconds. */
  in(ms: number): Date {
    return new Date(this.now().getTime() + ms);
  }

  /**
   * Adjusts to a time read from the database, and returns by how many milliseconds the estimate was off.
   * @param at when the time was read, on the clock of `performance`
   */
  learn(time: Date, at: number): number {
    const offset = time.getTime() - at;
    const drift = offset - this.offset;
    this.offset = offset;
    return drift;
  }

  /** Advances the clock, for tests: executions that sleep until then become due at once. */
  advance(ms: number): void {
    this.moved += ms;
    for (const listener of this.listeners) listener();
  }

  onMoved(listener: () => void): void {
    this.listeners.add(listener);
  }
}
