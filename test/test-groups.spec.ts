import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';

const require = createRequire(import.meta.url);
const { roots } = require('../jest.config.mjs').default as { roots: string[] };
const { inTurns } = require('../scripts/test-groups.mjs') as {
  inTurns: (paths: string[], groups?: number) => string[][];
};

/** What Jest finds when it is started by itself. */
const FILES = roots
  .flatMap((root) => globSync(`${root.replace('<rootDir>/', '')}/**/*.ts`))
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(?:e2e-)?spec\.ts$/.test(path));

describe('the groups of a whole run', () => {
  it('hold every file of tests once', () => {
    expect(inTurns(FILES, 16).flat().toSorted()).toEqual(FILES.toSorted());
  });

  it('leave a file alone that says so', () => {
    const alone = FILES.filter((path) => readFileSync(path, 'utf8').startsWith('// Alone in its process: '));
    expect(alone).toContain('test/audit.e2e-spec.ts');
    expect(inTurns(FILES, 16)).toEqual(expect.arrayContaining(alone.map((path) => [path])));
  });

  it.each(['test/browser/', 'test/schematics/'])(
    'hold the files of %s in fewer groups than files',
    (folder) => {
      const isInside = (path: string) => path.startsWith(folder);
      const groups = inTurns(FILES, 16).filter((group) => group.some(isInside));
      expect(groups.flat().toSorted()).toEqual(FILES.filter(isInside).toSorted());
      expect(groups.length).toBeLessThan(FILES.filter(isInside).length / 2);
    },
  );

  it('leave each file alone that starts processes', () => {
    const starting = FILES.filter((path) => path.startsWith('test/process/'));
    expect(inTurns(FILES, 16)).toEqual(expect.arrayContaining(starting.map((path) => [path])));
  });

  it('are as many as they were to be, beside what waits for processes', () => {
    const ofSources = FILES.filter((path) => path.startsWith('src/'));
    expect(inTurns(ofSources, 3)).toHaveLength(3);
    expect(inTurns(ofSources.slice(0, 2), 3)).toHaveLength(2);
  });
});
