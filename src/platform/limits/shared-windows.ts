import { Injectable } from '@nestjs/common';

/** What has happened since the first time of the present window, in all processes. */
export interface SharedWindow {
  readonly count: number;
  /** Until the window ends, in milliseconds. */
  readonly restMs: number;
}

/** Counts for all processes together. A window expires by itself. */
export interface WindowStore {
  /** Whether it answers: while it does not, nobody need ask. */
  readonly isAvailable: boolean;
  /**
   * Counts one more.
   * @returns undefined where it does not answer
   */
  count(subject: string, windowMs: number): Promise<SharedWindow | undefined>;
}

/** Where the processes count together, if anywhere. */
@Injectable()
export class SharedWindows {
  /** Set by `RedisModule` where there is a Redis. */
  store: WindowStore | undefined;
}
