import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { contains } from './filter.js';

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
