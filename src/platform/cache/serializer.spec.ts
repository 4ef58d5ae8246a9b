import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Types } from 'mongoose';
import { deserialize, keyOf, NotSerializable, serialize } from './serializer.js';

/** What the form itself is made of, and what looks alike. */
const tricky = fc.constantFrom<unknown>(
  undefined,
  null,
  true,
  ...'\ud800|\\ud800|"|[]|{}|$|0|-0|NaN|null|undefined|1|date|map|'.split('|'),
  ...new Float64Array([0, -0, 1, Number.NaN, Infinity, -Infinity, 1e21, 2 ** 53]),
  ...new BigInt64Array([0n, 1n, -1n]),
  new Date(0),
  new Date(-1),
  new Date('2026-11-22T10:00:00.000Z'),
);
const names = fc.constantFrom('a', 'b', '$', 'of', '1', '__proto__', 'constructor', 'toJSON', 'length', '');

/** Everything that a DTO may hold, and some more. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { arbitrary: tricky, weight: 3 },
    { arbitrary: fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.bigInt(), fc.date()), weight: 2 },
    fc.array(tie('value'), { maxLength: 3 }),
    fc
      .array(fc.tuple(names, tie('value')), { maxLength: 3 })
      .map((entries) => Object.fromEntries(entries) as unknown),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 2 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
}));

/** The same value with the keys of its objects in the opposite order. */
function turned(original: unknown): unknown {
  if (Array.isArray(original)) return original.map(turned);
  if (original instanceof Map)
    return new Map([...original].map(([key, each]) => [turned(key), turned(each)]));
  if (original instanceof Set) return new Set([...original].map(turned));
  if (typeof original !== 'object' || original === null || original instanceof Date) return original;
  const entries = Object.entries(original).map(([name, each]) => [name, turned(each)] as const);
  return Object.fromEntries(entries.toReversed());
}

describe('the text of a value', () => {
  it('gives an equal value back', () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(isDeepStrictEqual(deserialize(serialize(original)), original)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('gives a DTO back, field by field', () => {
    const dto = { id: 'a', note: undefined, seen: null, tags: ['x'], at: new Date(1), by: { $: 'date' } };
    expect(deserialize(serialize(dto))).toStrictEqual(dto);
  });

  it('knows a date that is none', () => {
    expect(String(deserialize(serialize(new Date(Number.NaN))))).toBe('Invalid Date');
  });

  it('gives a value of its own at each call', () => {
    const text = serialize({ list: [new Date(0)], map: new Map([['a', {}]]) });
    const [one, other] = [deserialize(text), deserialize(text)] as { list: Date[] }[];
    one?.list.push(new Date(1));
    one?.list[0]?.setTime(5);
    expect(other?.list).toEqual([new Date(0)]);
  });

  const gaps: unknown[] = [1];
  gaps[2] = 3;
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  class UserDto {
    readonly id = 1;
  }

  it.each<[string, unknown, string]>([
    ['a function', { handler: () => undefined }, 'a function'],
    ['a symbol', [Symbol('secret')], 'a symbol'],
    ['a key that is a symbol', { [Symbol('secret')]: 1 }, 'a symbol'],
    ['an ObjectId', { id: new Types.ObjectId() }, 'an instance of ObjectId'],
    ['a class', new UserDto(), 'an instance of UserDto'],
    ['an error', new Error('secret'), 'an instance of Error'],
    ['bytes', Buffer.from('secret'), 'an instance of Buffer'],
    ['a date with more to it', Object.assign(new Date(), { secret: 1 }), 'an instance of Date'],
    ['an object without a prototype', Object.create(null), 'an instance of a class without a name'],
    ['a list with gaps', gaps, 'a list with gaps or names'],
    ['a list with names', Object.assign([1], { secret: 1 }), 'a list with gaps or names'],
    ['what holds itself', circle, 'more than 64 levels'],
  ])('is not made of %s, and says so without its content', (_, strange, reason) => {
    expect(() => serialize(strange)).toThrow(new NotSerializable(reason));
  });
});

describe('the key of a value', () => {
  it('is the same in whatever order the keys of objects stand', () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(keyOf(turned(original))).toBe(keyOf(original));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is never that of another value', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 30, maxLength: 60 }), (values) => {
        const byKey = Map.groupBy(values, keyOf);
        for (const [first, ...others] of byKey.values()) {
          for (const other of others) expect(isDeepStrictEqual(other, first)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('tells lists of arguments apart that read alike', () => {
    const lists: unknown[][] = [
      [],
      [undefined],
      [null],
      [[]],
      [{}],
      ['a', 'b'],
      ['a,b'],
      ['a","b'],
      [['a', 'b']],
      [['a'], 'b'],
      [1],
      ['1'],
      [1n],
      [new Date(1)],
      [{ a: undefined }],
      [{ $: 'undefined' }],
      [{ $: 'date', of: 1 }],
      [{ $: 'object', of: {} }],
      [new Set(['a'])],
      [new Map([['a', 1]])],
      [{ a: 1 }],
    ];
    expect(new Set(lists.map(keyOf)).size).toBe(lists.length);
  });

  it('takes an object as Fastify makes it of a query for what it holds', () => {
    const query = Object.assign(Object.create(null) as object, { b: 1, a: 2 });
    expect(keyOf(query)).toBe(keyOf({ a: 2, b: 1 }));
  });
});
