import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SEED, soaked } from '../../../test/support/soak.js';
import { validatorOf } from './compile.js';
import { IsMetadata, metadataFault } from './is-metadata.js';

const BAD_KEY = 'must not have keys that start with $, hold a dot or NUL, or are reserved';
const BAD_TEXT = 'must not hold NUL characters or lone surrogates';
const TOO_DEEP = 'must not be nested deeper than 5 levels';
const TOO_MANY = 'must not have more than 200 keys';
const TOO_LARGE = 'must not be larger than 16 KiB';

/** An object with an own key, also where the key is `__proto__`. */
const keyed = (key: string, value: unknown = 1) => Object.fromEntries([[key, value]]);
const keys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));

/** Metadata of exactly so many bytes as JSON, of which the text is made of `character`. */
function sized(bytes: number, character = 'a'): object {
  const room = bytes - '{"a":""}'.length;
  const size = Buffer.byteLength(JSON.stringify(character)) - 2;
  return { a: character.repeat(Math.floor(room / size)) + 'a'.repeat(room % size) };
}

describe('metadata', () => {
  it.each([
    ['an empty object', {}],
    ['every kind of value', { a: 'x', b: 1.5, c: true, d: null, e: [1, 'x', null, {}], f: { g: -0 } }],
    ['texts of every script', { ключ: 'значение', 鍵: '値', '🔑': '🖥\ufe0f' }],
    ['a key that is empty', { '': 1 }],
    ['a dollar or a prefix inside a key', { a$: 1, cost$: 2, _bsontypes: 3, prototypes: 4 }],
    ['forbidden words as values', { a: '$where', b: '__proto__', c: ['constructor', 'a.b'] }],
    ['names that every object inherits', { toString: 1, valueOf: null, hasOwnProperty: 'x' }],
    ['the largest numbers', { a: Number.MAX_VALUE, b: -Number.MAX_VALUE, c: Number.MIN_VALUE }],
  ])('takes %s', (_, value) => {
    expect(metadataFault(value)).toBeUndefined();
  });

  it.each([undefined, null, 1, 'text', true, [], [{}]])('refuses %j', (value) => {
    expect(metadataFault(value)).toBe('must be a JSON object');
  });

  it.each([
    '$',
    '$where',
    '.',
    'a.b',
    '\0',
    'a\0',
    '\ud800',
    '_bsontype',
    '__proto__',
    'constructor',
    'prototype',
  ])('refuses the key %j at every depth', (key) => {
    const bad = keyed(key);
    for (const value of [bad, { a: bad }, { a: [bad] }, { a: [[bad]] }, { a: { b: { c: { d: bad } } } }]) {
      expect(metadataFault(value)).toBe(BAD_KEY);
    }
  });

  it.each([NaN, Infinity, -Infinity, Number('1e400')])('refuses the number %d at every depth', (number) => {
    for (const value of [{ a: number }, { a: [number] }, { a: { b: [[number]] } }]) {
      expect(metadataFault(value)).toBe('must not hold numbers out of range');
    }
  });

  it.each(['\0', 'a\0b', '\ud800', 'a\udfff'])('refuses the text %j at every depth', (text) => {
    for (const value of [{ a: text }, { a: [text] }, { a: { b: [[text]] } }]) {
      expect(metadataFault(value)).toBe(BAD_TEXT);
    }
  });

  it('counts its own level and every one below, lists included', () => {
    expect(metadataFault({ a: { b: { c: { d: { e: 1 } } } } })).toBeUndefined();
    expect(metadataFault({ a: { b: { c: { d: {} } } } })).toBeUndefined();
    expect(metadataFault({ a: { b: { c: { d: { e: {} } } } } })).toBe(TOO_DEEP);
    expect(metadataFault({ a: [[[[1]]]] })).toBeUndefined();
    expect(metadataFault({ a: [[[[[]]]]] })).toBe(TOO_DEEP);
  });

  it('counts the keys of all levels together, but no items', () => {
    expect(metadataFault(keys(200))).toBeUndefined();
    expect(metadataFault(keys(201))).toBe(TOO_MANY);
    expect(metadataFault({ a: keys(99), b: [keys(99)] })).toBeUndefined();
    expect(metadataFault({ a: keys(99), b: [keys(100)] })).toBe(TOO_MANY);
    expect(metadataFault({ a: Array.from({ length: 1_000 }, () => 1) })).toBeUndefined();
  });

  it.each(['a', 'é', '値', '😀', '"', '\n', '\u2028'])('measures its JSON in bytes: %j', (character) => {
    expect(metadataFault(sized(16 * 1024, character))).toBeUndefined();
    expect(metadataFault(sized(16 * 1024 + 1, character))).toBe(TOO_LARGE);
  });

  it('is refused with the reason', () => {
    class Dto {
      @IsMetadata()
      metadata!: object;
    }
    expect(validatorOf(Dto)({ metadata: { $a: 1 } }).faults).toEqual([
      { path: 'metadata', message: `metadata ${BAD_KEY}` },
    ]);
  });
});

const RUNS = soaked(5_000);

describe('the rule for metadata', () => {
  const isList = (value: unknown): value is unknown[] => Array.isArray(value);
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

  /** The rule once more, as the contract words it. */
  function levels(value: unknown): number {
    return isObject(value) ? 1 + Math.max(0, ...Object.values(value).map(levels)) : 0;
  }
  function allKeys(value: unknown): string[] {
    if (!isObject(value)) return [];
    return [...(isList(value) ? [] : Object.keys(value)), ...Object.values(value).flatMap(allKeys)];
  }
  function allLeaves(value: unknown): unknown[] {
    return isObject(value) ? Object.values(value).flatMap(allLeaves) : [value];
  }
  function isText(text: string): boolean {
    return !/\0|\p{Surrogate}/u.test(text);
  }
  function isAllowed(value: unknown): boolean {
    const names = allKeys(value);
    const leaves = allLeaves(value);
    return (
      isObject(value) &&
      !isList(value) &&
      levels(value) <= 5 &&
      names.length <= 200 &&
      names.every(
        (name) => isText(name) && !/^\$|\.|^(_bsontype|__proto__|constructor|prototype)$/.test(name),
      ) &&
      leaves.every((leaf) => typeof leaf !== 'number' || Number.isFinite(leaf)) &&
      leaves.every((leaf) => typeof leaf !== 'string' || isText(leaf))
    );
  }

  const names = fc.oneof(
    { arbitrary: fc.string({ unit: 'grapheme', maxLength: 4 }), weight: 9 },
    {
      arbitrary: fc.constantFrom('$a', 'a.b', 'a\0', '\ud800', '__proto__', 'constructor', 'toString'),
      weight: 1,
    },
  );
  const leaves = fc.oneof(
    {
      arbitrary: fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.boolean(), fc.constant(null)),
      weight: 9,
    },
    { arbitrary: fc.constantFrom('\0', '\udc00', Infinity, -0), weight: 1 },
  );
  const { value: values } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6, depthSize: 'medium' },
      leaves,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(fc.tuple(names, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    ),
  }));

  it('is what the contract says', () => {
    const counts = { allowed: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.oneof({ arbitrary: values.map((value) => ({ a: value })), weight: 3 }, values),
        (value) => {
          const allowed = isAllowed(value);
          counts[allowed ? 'allowed' : 'refused']++;
          expect(metadataFault(value) === undefined).toBe(allowed);
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
    expect(Math.min(counts.allowed, counts.refused)).toBeGreaterThan(RUNS / 10);
  });
});
