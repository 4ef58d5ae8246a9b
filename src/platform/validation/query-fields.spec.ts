import { describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import {
  Nullable,
  OwnerFilter,
  QueryFlag,
  QueryInteger,
  QueryNumber,
  RecordId,
  Reference,
  SafeInteger,
  Text,
} from './fields.js';
import { check, dtoWith, fieldWith } from './fixtures/dto-with.js';

const REFUSED = expect.any(String);
const NO_DECIMALS = [
  '',
  ' ',
  '1.0',
  '1.5',
  '1e1',
  '0x10',
  '+1',
  ' 1',
  '1 ',
  '１',
  '--1',
  '1_0',
  'NaN',
  'Infinity',
];

describe('RecordId', () => {
  const id = fieldWith(RecordId());

  it.each(['0123456789abcdefABCDEF00', 'ffffffffffffffffffffffff'])('accepts %j', (sent) => {
    expect(id.accept(sent)).toBe(sent);
  });

  it.each([
    // What IsMongoId takes and an ObjectId does not.
    '0x0123456789abcdef012345',
    '0h0123456789abcdef012345',
    '',
    '0123456789abcdefABCDEF0',
    '0123456789abcdefABCDEF001',
    '0123456789abcdefABCDEF0g',
    ' 123456789abcdefABCDEF00',
    '0123456789abcdefABCDEF00\n',
    '１23456789abcdefABCDEF00',
  ])('refuses %j', (sent) => {
    expect(id.refuse(sent)).toBe('a must be an id of 24 hex digits');
  });

  it.each<unknown>([undefined, null, 1, true, {}, [], ['0123456789abcdefABCDEF00'], { $gt: '' }])(
    'refuses %j',
    (sent) => {
      expect(id.refuse(sent)).toEqual(REFUSED);
    },
  );
});

describe('Reference', () => {
  const reference = fieldWith(Reference());

  it('makes an ObjectId of an id, and leaves one that it has made', () => {
    const made = reference.accept('0123456789abcdefABCDEF00');
    expect(made).toBeInstanceOf(Types.ObjectId);
    expect(String(made)).toBe('0123456789abcdefabcdef00');
    expect(reference.accept(made)).toBe(made);
  });

  it.each<unknown>([
    '',
    '0x0123456789abcdef012345',
    'twelve bytes',
    '0123456789abcdefABCDEF0',
    '0123456789abcdefABCDEF00\n',
    null,
    1,
    true,
    {},
    [],
    ['0123456789abcdefABCDEF00'],
    { $oid: '0123456789abcdefABCDEF00' },
    { _bsontype: 'ObjectId', id: '0123456789abcdefABCDEF00' },
    { toHexString: 'a' },
  ])('refuses %j', (sent) => {
    expect(reference.refuse(sent)).toBe('a must be an id of 24 hex digits');
  });
});

describe('SafeInteger', () => {
  const integer = fieldWith(SafeInteger());

  it.each([0, 1, -1, 2 ** 53 - 1, 1 - 2 ** 53])('accepts %d', (sent) => {
    expect(integer.accept(sent)).toBe(sent);
  });

  it.each<unknown>([2 ** 53, -(2 ** 53), 0.5, 1e300, Infinity, NaN, '1', null, [1], {}, true])(
    'refuses %p',
    (sent) => {
      expect(integer.refuse(sent)).toEqual(REFUSED);
    },
  );

  it('has bounds', () => {
    const bounded = fieldWith(SafeInteger(-2, 5));
    expect([-2, 5].map((sent) => bounded.accept(sent))).toEqual([-2, 5]);
    expect([-3, 6].map((sent) => bounded.accept(sent))).toEqual([undefined, undefined]);
    expect(fieldWith(SafeInteger(0)).refuse(-1)).toBe('a must not be less than 0');
  });
});

describe('Nullable', () => {
  const field = fieldWith(Nullable(), Text(1, 3));

  it('lets null through, and nothing else that is no text', () => {
    expect(field.accept(null)).toBeNull();
    expect(field.refuse(1)).toEqual(REFUSED);
    expect(check(dtoWith(Nullable(), Text(1, 3)), {})).toEqual(['a: a is required']);
  });
});

describe('QueryInteger', () => {
  const integer = fieldWith(QueryInteger(-5, 100));

  it.each([
    ['0', 0],
    ['007', 7],
    ['100', 100],
    ['-5', -5],
    [7, 7],
    [null, null],
  ])('makes of %j %j', (sent, made) => {
    expect(integer.accept(sent)).toBe(made);
  });

  it('is exact', () => {
    const large = fieldWith(QueryInteger(0, Number.MAX_VALUE));
    expect(large.accept('999999999999999')).toBe(999_999_999_999_999);
    expect(large.refuse('9007199254740993')).toEqual(REFUSED);
  });

  it('takes every safe integer, unless told', () => {
    const any = fieldWith(QueryInteger());
    for (const sent of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 0]) {
      expect(any.accept(String(sent))).toBe(sent);
    }
    expect(any.refuse('9007199254740992')).toEqual(REFUSED);
    expect(any.refuse('-9007199254740992')).toEqual(REFUSED);
  });

  it('may be absent', () => {
    expect(check(dtoWith(QueryInteger(1, 2)), {})).toEqual({});
  });

  it.each<unknown>([
    ...NO_DECIMALS,
    '-6',
    '101',
    '9'.repeat(16),
    '9'.repeat(400),
    true,
    [],
    ['1'],
    {},
    { valueOf: 1 },
    1.5,
    NaN,
    Infinity,
  ])('refuses %j', (sent) => {
    expect(integer.refuse(sent)).toEqual(REFUSED);
  });
});

describe('QueryNumber', () => {
  const number = fieldWith(QueryNumber(-5, 100));

  it.each([
    ['0', 0],
    ['007.50', 7.5],
    ['0.1', 0.1],
    ['-4.999', -4.999],
    ['100', 100],
    [7.5, 7.5],
    [null, null],
  ])('makes of %j %j', (sent, made) => {
    expect(number.accept(sent)).toBe(made);
  });

  it('refuses what would be another number, and makes 0 of −0', () => {
    const any = fieldWith(QueryNumber());
    for (const sent of ['9007199254740993', '-9007199254740992.0', '9'.repeat(30)]) {
      expect(any.refuse(sent)).toEqual(REFUSED);
    }
    expect([any.accept('-0'), any.accept('-0.00'), any.accept('0.1')]).toEqual([0, 0, 0.1]);
    expect(fieldWith(QueryInteger()).accept('-0')).toBe(0);
  });

  it('has the bounds that it is told', () => {
    expect(fieldWith(QueryNumber()).accept(`${1 - 2 ** 53}`)).toBe(1 - 2 ** 53);
    expect(fieldWith(QueryNumber(0)).accept('1000000000')).toBe(1e9);
    expect(fieldWith(QueryNumber(undefined, 0)).refuse('0.1')).toEqual(REFUSED);
    expect([number.refuse('-5.01'), number.refuse('100.01')]).toEqual([REFUSED, REFUSED]);
  });

  it('may be absent', () => {
    expect(check(dtoWith(QueryNumber()), {})).toEqual({});
  });

  it.each<unknown>([
    ...NO_DECIMALS.filter((sent) => !/^1\.\d$/.test(sent)),
    '1.',
    '.5',
    '1,5',
    '1.5.5',
    '9'.repeat(31),
    `0.${'1'.repeat(31)}`,
    true,
    [],
    ['1'],
    {},
    NaN,
    Infinity,
  ])('refuses %j', (sent) => {
    expect(number.refuse(sent)).toEqual(REFUSED);
  });
});

describe('QueryFlag', () => {
  const flag = fieldWith(QueryFlag());

  it('is true, false or absent', () => {
    expect([flag.accept('true'), flag.accept('false')]).toEqual([true, false]);
    expect(check(dtoWith(QueryFlag()), {})).toEqual({});
  });

  it.each(['', '1', '0', 'yes', 'TRUE', ' true', 1, 0, ['true'], {}])('refuses %j', (sent) => {
    expect(flag.refuse(sent)).toBe('a must be a boolean value');
  });
});

describe('OwnerFilter', () => {
  const owner = fieldWith(OwnerFilter());

  it.each(['all', '0123456789abcdefABCDEF00'])('accepts %j', (sent) => {
    expect(owner.accept(sent)).toBe(sent);
  });

  it.each([
    '',
    'ALL',
    'al',
    'all ',
    'all,0123456789abcdefABCDEF00',
    '0x0123456789abcdef012345',
    ['all'],
    { $ne: 1 },
  ])('refuses %j', (sent) => {
    expect(owner.refuse(sent)).toEqual(REFUSED);
  });
});
