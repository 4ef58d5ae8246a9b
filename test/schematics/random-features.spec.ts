import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { changed, type Changes } from '../../schematics/project/project.ts';
import { TYPES } from '../../schematics/types/types.ts';
import { SEED, soaked } from '../support/soak.ts';
import { typeFaults } from '../support/type-check.ts';
import { everyPair } from './matrix.ts';
import { lintFaults, onDisk, planFeature } from './planning.ts';
import { featuresNamed } from './specifications.ts';
import { withoutFault } from './without-fault.ts';

const COUNT = soaked(50, 15);

/** So many features of chance, each on top of those before it, whom it may refer to; and those of all pairs. */
function planAll(): { commands: string[]; changes: Changes } {
  const commands: string[] = [];
  const changes = new Map<string, string>();
  const plan = (command: string) => planFeature(command, changed(onDisk, changes));
  for (let n = 0; n < COUNT; n++) {
    const targets = ['projects', ...commands.slice(-3).map((command) => command.split(' ')[0] ?? '')];
    // Each type in turn, so that every one is there, however few features there are.
    const type = TYPES[n % TYPES.length] ?? 'string';
    const possible = featuresNamed(`f${n}-items`, type, targets).filter((command) =>
      withoutFault(() => plan(command)),
    );
    const [command = ''] = fc.sample(possible, { seed: SEED + n, numRuns: 1 });
    commands.push(command);
    for (const [path, text] of plan(command)) changes.set(path, text);
  }
  for (const command of pairs()) {
    for (const [path, text] of plan(command)) changes.set(path, text);
  }
  return { commands, changes };
}

/** Features that have every two flags together, of every type that takes both. */
function pairs(): string[] {
  const fields = everyPair('projects');
  const count = Math.ceil(fields.length / 12);
  return Array.from({ length: count }, (_, n) => {
    const own = fields.filter((_each, index) => index % count === n);
    return [`pair${n}-items`, 'label:string', ...own].join(' ');
  });
}

describe('features of any specification', () => {
  let commands: string[];
  let changes: Changes;
  let folder: string;

  beforeAll(() => {
    ({ commands, changes } = planAll());
    folder = mkdtempSync(join(tmpdir(), 'product-features-'));
    for (const [path, text] of changes) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are as many and as different as they are meant to be', () => {
    expect(commands).toHaveLength(COUNT);
    expect(new Set(commands.map((command) => command.split(' ').slice(1).join(' '))).size).toBe(COUNT);
    const without = TYPES.filter((type) => !new RegExp(`:${type}\\b`).test(commands.join(' ')));
    expect(without).toEqual([]);
    expect(commands.some((command) => command.endsWith(' --shared'))).toBe(true);
  });

  it('are of the right types', () => {
    expect({ faults: typeFaults(changes), commands }).toEqual({ faults: [], commands });
  }, 300_000);

  it('please the linter', () => {
    expect({ faults: lintFaults(folder), commands }).toEqual({ faults: '', commands });
  });
});
