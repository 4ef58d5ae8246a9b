import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Schema, Types } from 'mongoose';
import { asksFor, contains, uniqueKeys } from './filter.js';

describe('the filter for a contained text', () => {
  const matches = (text: string, whole: string) => {
    const { $regex: pattern, $options: options } = contains(text) as { $regex: string; $options: string };
    return new RegExp(pattern, options).test(whole);
  };
  const texts = fc.string({ unit: fc.constantFrom(...'aA.*+?^$()[]{}|\\-/# \n😀'), maxLength: 6 });

  it('finds the text as it stands, whatever its case and its characters', () => {
    fc.assert(
      fc.property(texts, texts, texts, (before, text, after) => {
        expect(matches(text.toUpperCase(), before + text + after)).toBe(true);
      }),
    );
  });

  it('finds nothing else', () => {
    const counts = { found: 0, other: 0 };
    fc.assert(
      fc.property(texts, texts, (text, whole) => {
        const expected = whole.toLowerCase().includes(text.toLowerCase());
        counts[expected ? 'found' : 'other']++;
        expect(matches(text, whole)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(counts.found, counts.other)).toBeGreaterThan(50);
  });
});

describe('the unique keys of a schema', () => {
  it('are its id, and the fields of each unique index that holds all that have them', () => {
    const schema = new Schema({ a: String, b: String, c: String, d: String });
    schema.index({ a: 1 }, { unique: true });
    schema.index({ b: 1, c: 1 }, { unique: true });
    schema.index({ c: 1 });
    const hasD = { d: { $exists: true } };
    schema.index({ b: 1, d: 1 }, { unique: true, partialFilterExpression: hasD });
    schema.index({ c: 1, a: 1 }, { unique: true, partialFilterExpression: hasD });
    schema.index({ d: 1 }, { unique: true, partialFilterExpression: { d: { $gt: 'x' } } });
    expect(uniqueKeys(schema)).toEqual([['_id'], ['a'], ['b', 'c'], ['b', 'd']]);
  });
});

describe('whether a filter asks for a value', () => {
  it.each(['text', '', 0, true, new Date(0), new Types.ObjectId()])('is so for %p', (a) => {
    expect(asksFor({ a }, 'a')).toBe(true);
  });

  it.each([undefined, null, { $gt: 1 }, { $in: [] }, contains('a')])('is not so for %p', (a) => {
    expect(asksFor({ a }, 'a')).toBe(false);
    expect(asksFor({}, 'a')).toBe(false);
  });
});
