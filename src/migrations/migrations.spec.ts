import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { migrations } from './migrations.js';

describe('the list of migrations', () => {
  const files = globSync('src/migrations/*.ts')
    .map((path) => basename(path, '.ts'))
    .filter((name) => !name.startsWith('migrations'))
    .toSorted();

  it('names every file, in the order of their numbers', () => {
    expect(migrations.map(({ name }) => name)).toEqual(files);
  });

  it('is numbered from 0001 on without a gap, so that two branches cannot both add the next one', () => {
    const numbers = files.map((_, index) => String(index + 1).padStart(4, '0'));
    expect(files.map((name) => name.split('-')[0])).toEqual(numbers);
    for (const name of files) expect(name).toMatch(/^\d{4}(-[a-z0-9]+)+$/);
  });
});
