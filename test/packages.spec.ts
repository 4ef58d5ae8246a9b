import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { keep } from '../scripts/packages.mjs';

describe('the bundles of packages that clones share', () => {
  let cache: string;
  beforeEach(() => {
    cache = fs.mkdtempSync(join(tmpdir(), 'product-bundles-'));
  });
  afterEach(() => fs.rmSync(cache, { recursive: true }));

  const make = (name: string, text = name) => {
    fs.mkdirSync(join(cache, name));
    fs.writeFileSync(join(cache, name, 'index.js'), text);
    return join(cache, name);
  };
  const textOf = (name: string) => fs.readFileSync(join(cache, name, 'index.js'), 'utf8');

  it('leave those alone that others use or are making', () => {
    make('another');
    make('draft-of-another');
    keep(make('draft', 'new'), join(cache, 'one'));
    expect(fs.readdirSync(cache).toSorted()).toEqual(['another', 'draft-of-another', 'one']);
    expect(textOf('one')).toBe('new');
  });

  it('are the first of two that were made at once', () => {
    make('one', 'first');
    keep(make('draft', 'second'), join(cache, 'one'));
    expect(fs.readdirSync(cache)).toEqual(['one']);
    expect(textOf('one')).toBe('first');
  });

  it('go when they are a day old', () => {
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    fs.utimesSync(make('old'), yesterday, yesterday);
    keep(make('draft'), join(cache, 'one'));
    expect(fs.readdirSync(cache)).toEqual(['one']);
  });
});
