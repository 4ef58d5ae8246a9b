import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Types } from 'mongoose';
import { ApiError } from '../errors/errors.js';
import { Cursors, type Position } from './cursor.js';

const SECRET = 'a secret of thirty-two bytes or more';
const cursors = new Cursors({ jwtSecret: SECRET });
const position: Position = {
  key: new Date('2026-11-22T10:00:00.123Z'),
  _id: new Types.ObjectId('66f1a0c2e4b0a1b2c3d4e5f6'),
};
const BINDING = '["owner","project",{}]';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Whether the cursor is refused as INVALID_CURSOR; anything else that is thrown fails the test. */
function isRefused(cursor: string, binding = BINDING, by = cursors): boolean {
  try {
    by.decode(cursor, binding);
    return false;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'INVALID_CURSOR' && error.status === 400) return true;
    throw error;
  }
}

describe('a cursor', () => {
  const cursor = cursors.encode(position, BINDING);

  it('gives back the position that it was made of', () => {
    expect(cursors.decode(cursor, BINDING)).toEqual(position);
    expect(isRefused(cursor)).toBe(false);
  });

  it('does so for any time since 1970, any id and any binding', () => {
    const positions = fc.record({
      createdAt: fc.oneof(
        fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
        fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 8_640_000_000_000_000),
      ),
      id: fc.uint8Array({ minLength: 12, maxLength: 12 }),
    });
    fc.assert(
      fc.property(positions, fc.string({ unit: 'binary' }), ({ createdAt, id }, binding) => {
        fc.pre(createdAt <= 8_640_000_000_000_000);
        const sent = { key: new Date(createdAt), _id: new Types.ObjectId(id) };
        const made = cursors.encode(sent, binding);
        expect(made).toMatch(/^[\w-]{48}$/);
        expect(cursors.decode(made, binding)).toEqual(sent);
      }),
    );
  });

  it.each<Position['key']>([
    null,
    '',
    'ab',
    '\u{1f600}'.repeat(64),
    0,
    -1.5,
    2 ** 53 - 1,
    true,
    Types.Decimal128.fromString('12.30'),
    position._id,
  ])('does so for the key %j, and is refused with any bit changed', (key) => {
    const made = cursors.encode({ ...position, key }, BINDING);
    expect(made.length).toBeLessThanOrEqual(600);
    expect(cursors.decode(made, BINDING)).toEqual({ ...position, key });
    const bytes = Buffer.from(made, 'base64url');
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isRefused(changed.toString('base64url'))).toBe(true);
    }
  });

  it('is refused with any one character changed', () => {
    const accepted: string[] = [];
    for (let index = 0; index < cursor.length; index++) {
      for (const character of [...ALPHABET, '+', '/', '=', ' ', '.', '\n', '\0', 'é', '💥']) {
        const changed = cursor.slice(0, index) + character + cursor.slice(index + 1);
        if (changed !== cursor && !isRefused(changed)) accepted.push(changed);
      }
    }
    expect(accepted).toEqual([]);
  });

  it('is refused when it is cut, or longer', () => {
    const lengths = Array.from(cursor, (_, index) => index);
    expect(lengths.filter((length) => !isRefused(cursor.slice(0, length)))).toEqual([]);
    expect(lengths.filter((length) => length > 0 && !isRefused(cursor.slice(length)))).toEqual([]);
    for (const end of ['A', '=', '==', '\n', ' ', cursor]) expect(isRefused(cursor + end)).toBe(true);
    expect(isRefused(` ${cursor}`)).toBe(true);
  });

  it('is refused for another list, caller or filter, and by a server with another secret', () => {
    for (const binding of ['', ' ', `${BINDING} `, BINDING.slice(1), '["other","project",{}]']) {
      expect(isRefused(cursor, binding)).toBe(true);
    }
    const others = new Cursors({ jwtSecret: `${SECRET}!` });
    expect(isRefused(cursor, BINDING, others)).toBe(true);
  });

  it('cannot be put together from two', () => {
    const other = cursors.encode({ ...position, key: new Date(0) }, BINDING);
    const mixed = Array.from(cursor, (_, cut) => cursor.slice(0, cut) + other.slice(cut));
    const made = new Set(mixed.filter((text) => text !== cursor && text !== other));
    expect(made.size).toBeGreaterThan(24);
    expect([...made].filter((text) => !isRefused(text))).toEqual([]);
  });

  it('is refused when it is made up', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), fc.stringMatching(/^[\w-]{48}$/)),
        (text) => {
          expect(isRefused(text)).toBe(true);
        },
      ),
    );
  });
});
