import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryStore } from './memory-store.js';

describe('what is kept in the process', () => {
  const kept = (bytes: number) => ({ value: 'x'.repeat(bytes / 2) });
  const found = (store: MemoryStore, names: readonly string[]) => names.filter((name) => store.get(name));

  it('is bounded by entries: the least recently used are evicted first', () => {
    const store = new MemoryStore(3);
    for (const name of ['a', 'b', 'c']) store.set(name, kept(10));
    store.get('a');
    store.set('d', kept(10));
    expect(found(store, ['a', 'b', 'c', 'd'])).toEqual(['a', 'c', 'd']);
  });

  it('is bounded by bytes', () => {
    const store = new MemoryStore(1_000, 10_000);
    for (const name of ['a', 'b', 'c', 'd']) store.set(name, kept(3_000));
    expect(found(store, ['a', 'b', 'c', 'd'])).toEqual(['b', 'c', 'd']);
  });

  it('is never more than the bound, keys included, whatever is put in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ maxLength: 2_000 }), fc.nat(6_000)), { maxLength: 60 }),
        (entries) => {
          const store = new MemoryStore(20, 20_000);
          for (const [name, bytes] of entries) store.set(name, kept(2 * bytes));
          const left = [...new Map(entries)].filter(([name]) => store.get(name));
          const bytes = left.reduce((sum, [name, size]) => sum + 2 * (name.length + size), 0);
          expect(left.length).toBeLessThanOrEqual(20);
          expect(bytes).toBeLessThanOrEqual(20_000);
        },
      ),
    );
  });

  it('does not take what is larger than all of it', () => {
    const store = new MemoryStore(10, 10_000);
    store.set('small', kept(10));
    store.set('large', kept(20_000));
    expect(found(store, ['small', 'large'])).toEqual(['small']);
  });
});
