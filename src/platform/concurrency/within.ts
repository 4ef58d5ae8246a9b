/** What was waited for has not come in time. */
export class Late extends Error {}

/**
 * The outcome of some work, unless it takes longer than `ms`.
 * An answer that has arrived while the process was busy counts as in time: the sockets are read once more first.
 * @throws Late
 */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new Late())), ms);
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
