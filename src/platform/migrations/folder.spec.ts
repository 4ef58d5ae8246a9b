import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrations } from '../../migrations/migrations.js';
import { migrationsIn } from './folder.js';
import { MigrationError } from './migration.js';

const EARLY = '20261128143000-early';
const LATE = '20261128143001-late';

const exporting = (...names: string[]) =>
  names.map((name, at) => `export const m${at} = { name: '${name}', up: async () => {} };\n`).join('');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'product-migrations-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
const names = () => migrationsIn(folder).map(({ name }) => name);

describe('migrations', () => {
  it('of a folder come in the order of their names, those that were counted first', () => {
    for (const name of [LATE, EARLY, '0002-second', '0001-first']) write(`${name}.ts`, exporting(name));
    write('migrations.ts', exporting('migrations'));
    write('20261128143002-x.spec.ts', '');
    expect(names()).toEqual(['0001-first', '0002-second', EARLY, LATE]);
  });

  it('may have one number or time twice, as branches have that merge', () => {
    for (const name of ['0003-theirs', '0003-ours']) write(`${name}.ts`, exporting(name));
    expect(names()).toEqual(['0003-ours', '0003-theirs']);
  });

  it('that installations have had keep their names', () => {
    expect(migrations.map(({ name }) => name).slice(0, 2)).toEqual(['0001-user-flags', '0002-mailbox-forms']);
  });

  it.each([
    [
      '12-short.ts',
      '',
      'Migrations are called by the time, as in 20261128143000-short: rename src/migrations/12-short.ts.',
    ],
    ['20261128-Day.ts', '', 'rename src/migrations/20261128-Day.ts.'],
    [
      `${EARLY}.ts`,
      'export const other = 1;',
      `src/migrations/${EARLY}.ts must export one migration with the name '${EARLY}'.`,
    ],
    [`${EARLY}.ts`, exporting(LATE), `with the name '${EARLY}'.`],
    [`${EARLY}.ts`, exporting(EARLY, LATE), `src/migrations/${EARLY}.ts must export one`],
  ])('are refused by a sentence: %s that says %j', (file, text, sentence) => {
    write(file, text);
    expect(() => migrationsIn(folder)).toThrow(MigrationError);
    expect(() => migrationsIn(folder)).toThrow(sentence);
  });
});
