/** The work took longer than it was given. */
export class TimedOut extends Error {}

/**
 * Runs work that can be aborted, and aborts it with `TimedOut` after `ms`; not before sockets have been read once more,
 * as below.
 */
export async function abortAfter<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => setImmediate(() => controller.abort(new TimedOut())), ms);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The result of some work, unless it takes longer than `ms`. An answer that arrived while the event loop was blocked
 * counts as in time: sockets are read once more before the timeout fires.
 * @throws TimedOut
 */
export function withTimeout<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new TimedOut())), ms);
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      act();
    };
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error as Error)),
    );
  });
}
