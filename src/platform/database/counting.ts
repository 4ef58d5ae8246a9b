import { type Scope, userOf } from '../access/caller.js';
import { Semaphore } from '../concurrency/semaphore.js';

/** Time limit of a list or a count in the database: below the timeouts of sockets and handlers. */
export const MAX_MS = 900;

/**
 * Counting takes as long as there are records. Each caller counts one thing at a time, so that nobody keeps the
 * database to themselves.
 */
const counting = new Semaphore({ concurrency: 1, maxWaiting: 16, timeoutMs: MAX_MS });

/** @throws ApiError OVERLOADED when too many counts of the caller are waiting, or after the time limit */
export function inTurn<R>(scope: Scope, count: () => Promise<R>): Promise<R> {
  return counting.run(count, userOf(scope) ?? 'system');
}
