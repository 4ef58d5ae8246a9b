import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'major'; flavor: 'last-resort' }) => void;

/**
 * Gives the memory that starting took back to the operating system: 50 MiB of a process that waits for requests.
 * V8 grows its young generation while modules are loaded and keeps it; only this collection, which takes a tenth
 * of a second, shrinks it. Loading with a smaller one (`--max-semi-space-size`) would make each request dearer.
 * `npm start` also runs with two of V8's worker threads instead of four: glibc keeps up to 3 MiB for each.
 */
export function giveBackMemory(): void {
  // V8 takes the collection for a sign that memory is short, and would from then on go through the whole heap every
  // second of load. It may grow to four times what is alive before that, and the young generation at once to what
  // it was; a limit that is set for the process holds.
  setFlagsFromString('--heap-growing-percent=300');
  setFlagsFromString('--semi-space-growth-factor=16');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  // Most of what was compiled by now ran once, to start: 6 MiB. V8 would compile what it needs again, and otherwise
  // wait for six collections before it drops code.
  setFlagsFromString('--bytecode-old-age=1');
  setFlagsFromString('--flush-baseline-code');
  collect({ type: 'major', flavor: 'last-resort' });
  setFlagsFromString('--bytecode-old-age=6');
  setFlagsFromString('--no-flush-baseline-code');
}
