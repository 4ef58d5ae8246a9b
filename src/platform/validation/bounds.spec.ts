import { describe, expect, it } from '@jest/globals';
import { isWithinBounds, MAX_DEPTH, MAX_VALUES } from './bounds.js';
import { metadataFault } from './is-metadata.js';

/** A chain of `levels` containers, objects and lists by turns. */
function chain(levels: number): unknown {
  let inner: unknown = 'end';
  for (let level = 0; level < levels; level++) inner = level % 2 ? [inner] : { a: inner };
  return inner;
}

const items = (count: number) => Array.from({ length: count }, () => 1);
const keys = (count: number) => Object.fromEntries(items(count).map((_, index) => [`k${index}`, index]));

/** The same value, which counts how often anything in it is read. */
function counted(value: unknown): { value: unknown; reads: () => number } {
  let reads = 0;
  const watch = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node;
    return new Proxy(node, {
      get(target, key) {
        reads++;
        return watch(Reflect.get(target, key));
      },
    });
  };
  return { value: watch(value), reads: () => reads };
}

describe('the bounds of a body', () => {
  it.each([undefined, null, true, 1, 'text', '', {}, [], { a: null }, [[], {}]])('hold %j', (body) => {
    expect(isWithinBounds(body)).toBe(true);
  });

  it('hold so many levels and no more', () => {
    expect(isWithinBounds(chain(MAX_DEPTH))).toBe(true);
    expect(isWithinBounds(chain(MAX_DEPTH + 1))).toBe(false);
    expect(isWithinBounds({ wide: keys(100), deep: chain(MAX_DEPTH - 1), after: 1 })).toBe(true);
    expect(isWithinBounds({ wide: keys(100), deep: chain(MAX_DEPTH), after: 1 })).toBe(false);
  });

  it.each<[string, (count: number) => object]>([
    ['keys', keys],
    ['items', items],
    ['items of empty lists', (count: number) => items(count).map(() => [])],
    ['values at all levels together', (count: number) => ({ a: { b: items(count - 3) }, c: 1 })],
    ['values in many small objects', (count: number) => items(count / 2).map(() => ({ a: 1 }))],
  ])('hold so many %s and no more', (_, make) => {
    expect(isWithinBounds(make(MAX_VALUES))).toBe(true);
    const more = make(MAX_VALUES);
    if (Array.isArray(more)) more.push(1);
    else Object.assign(more, { more: 1 });
    expect(isWithinBounds(more)).toBe(false);
  });

  it('hold the metadata with the most values that its own rule allows', () => {
    const metadata = { a: items((16 * 1024 - '{"a":[]}'.length) / 2) };
    expect(metadataFault(metadata)).toBeUndefined();
    expect(metadataFault({ a: [...metadata.a, 1] })).toBe('must not be larger than 16 KiB');
    expect(isWithinBounds({ name: 'x', description: 'y', metadata })).toBe(true);
  });
});

describe('a hostile body', () => {
  it.each([
    ['80,000 keys', keys(80_000)],
    ['100,000 items', items(100_000)],
    ['lists of 300 lists of 300', items(300).map(() => items(300))],
  ])('of %s is read no further than the bound', (_, body) => {
    const { value, reads } = counted(body);
    expect(isWithinBounds(value)).toBe(false);
    expect(reads()).toBe(MAX_VALUES);
  });

  it('of 3,000 levels is read no deeper than the bound', () => {
    const { value, reads } = counted(chain(3_000));
    expect(isWithinBounds(value)).toBe(false);
    expect(reads()).toBe(MAX_DEPTH);
  });
});
