/**
 * The long tests, in two lengths. The gate does a share of each with fixed seeds, so that a red run is red again;
 * `npm run soak` does all of it with new seeds, which it prints (SOAK_SEED repeats one).
 */
const SHARE = Number(process.env['SOAK'] ?? 0.1);
if (!(SHARE > 0 && SHARE <= 10))
  throw new Error('SOAK must be a number above 0 and up to 10: 1 is the full length');

/** Whether this run does everything. */
export const IS_SOAK = SHARE >= 1;

/** How often a long test does what it does `full` times in a soak; at least `least` times. */
export function soaked(full: number, least = 1): number {
  return Math.max(least, Math.ceil(full * SHARE));
}

/**
 * How many milliseconds something may take that must not wait for anything: in the gate, where other tests use the
 * processors at the same time, four times as many. What waits for a time limit or hangs takes longer than that, too.
 */
export function atMost(ms: number): number {
  return IS_SOAK ? ms : 4 * ms;
}

/** The seed of this run's random inputs. */
export const SEED = Number(
  process.env['SOAK_SEED'] ?? (IS_SOAK ? Math.floor(Math.random() * 2 ** 31) : 20_261_128),
);

/** As many of these as the run's length asks for, drawn by the seed, in their order. */
export function sampled<T>(all: readonly T[], least = 1): T[] {
  const count = Math.min(all.length, soaked(all.length, least));
  let state = SEED;
  const drawn = new Set<number>();
  while (drawn.size < count) {
    // A linear congruential generator (Numerical Recipes): spread is all that is asked of it.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    drawn.add(Math.floor((state / 2 ** 32) * all.length));
  }
  return all.filter((_each, index) => drawn.has(index));
}

/** Tells what a long test did, for whoever reports a soak. */
export function report(what: string): void {
  if (IS_SOAK) process.stdout.write(`soak: ${what} (SOAK_SEED=${SEED})\n`);
}
