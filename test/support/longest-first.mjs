import { join, relative } from 'node:path';
import Sequencer from '@jest/test-sequencer';
import { inTurns } from '../../scripts/test-groups.mjs';

const ROOT = join(import.meta.dirname, '../..');

/** The order of files that are run one by one, and of groups that were written in it. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const pathOf = ({ path }) => relative(ROOT, path).replaceAll('\\', '/');
    if (tests.every((test) => pathOf(test).startsWith('dist/'))) {
      return tests.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    }
    const turns = inTurns(tests.map(pathOf)).flat();
    return tests.toSorted((a, b) => turns.indexOf(pathOf(a)) - turns.indexOf(pathOf(b)));
  }
}
