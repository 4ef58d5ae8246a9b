import { statSync } from 'node:fs';
import Sequencer from '@jest/test-sequencer';

/** Folders whose tests take longest, the longest first: processes are started and killed, browsers opened. */
const LONG = ['test/process/generated-features', 'test/process/', 'test/browser/', 'test/schematics/'];

/**
 * Begins with what takes longest, so that no worker is left with it at the end, also on a machine's first run. What
 * waits for processes and what computes take turns: together they use the machine better.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const order = ({ path }) => {
      const index = LONG.findIndex((part) => path.replaceAll('\\', '/').includes(part));
      return index < 0 ? LONG.length : index;
    };
    const size = ({ path }) => statSync(path).size;
    const sorted = tests.toSorted((a, b) => order(a) - order(b) || size(b) - size(a));
    const [waiting, computing] = [true, false].map((isLong) =>
      sorted.filter((test) => order(test) < LONG.length === isLong),
    );
    const placed = (group) => group.map((test, n) => ({ test, place: n / group.length }));
    const turns = [...placed(waiting), ...placed(computing)].toSorted((a, b) => a.place - b.place);
    return turns.map(({ test }) => test);
  }
}
