import { describe, expect, it } from '@jest/globals';
import { IsBoolean, IsIn, IsNumber, IsOptional, Min } from 'class-validator';
import {
  Compose,
  EmailAddress,
  List,
  Name,
  RecordId,
  SafeInteger,
  Text,
  Trim,
  UtcTime,
  WebUrl,
} from './fields.js';
import { check, dtoWith, fieldWith } from './fixtures/dto-with.js';

const EACH = { each: true } as const;
const TIME = '2030-01-31T00:00:00.000Z';

describe('a list', () => {
  const tags = fieldWith(List(3), Name(5, EACH));

  it('may be empty, and is as long as it may be', () => {
    expect([tags.accept([]), tags.accept(['a', 'b', 'c'])]).toEqual([[], ['a', 'b', 'c']]);
    expect(tags.refuse(['a', 'b', 'c', 'd'])).toBe('a must contain no more than 3 elements');
  });

  it('says that it is too long before anything of its items, and looks at none of them', () => {
    expect(tags.refuse(Array.from({ length: 9_999 }, () => 1))).toBe(
      'a must contain no more than 3 elements',
    );
  });

  it.each<unknown>([null, 'a', 1, true, {}, { 0: 'a', length: 1 }, { $ne: null }])('is not %j', (sent) => {
    expect(tags.refuse(sent)).toBe('a must be an array');
  });

  it('is required, unless it is optional', () => {
    expect(tags.refuse(undefined)).toBe('a is required');
    expect(check(dtoWith(IsOptional(), List(3), Name(5, EACH)), {})).toEqual({});
    expect(check(dtoWith(IsOptional(), List(3), Name(5, EACH)), { a: null })).toEqual({ a: null });
  });

  it.each<[string, PropertyDecorator[], unknown[], unknown[]]>([
    ['names', [Name(3, EACH)], [' e\u0301 ', 'abc'], ['\u00e9', 'abc']],
    ['names that may be empty', [Name(3, { min: 0, each: true })], [' '], ['']],
    ['texts', [Text(2, 5, EACH)], [' ab ', 'e\u0301e'], ['ab', 'e\u0301e']],
    ['addresses of mail', [EmailAddress(EACH)], [' Ada@Example.COM'], ['ada@example.com']],
    ['addresses of the web', [WebUrl(EACH)], [' http://example.com'], ['http://example.com']],
    ['times', [UtcTime(EACH)], [TIME, '2030-01-31t01:00:00.0001+01:00'], [new Date(TIME), new Date(TIME)]],
    ['integers', [SafeInteger(0, 9, EACH)], [0, 9], [0, 9]],
    ['numbers', [IsNumber({}, EACH), Min(0, EACH)], [0.5], [0.5]],
    ['flags', [IsBoolean(EACH)], [true, false], [true, false]],
    ['choices', [IsIn(['a', 'b'], EACH)], ['a', 'b'], ['a', 'b']],
    ['ids', [RecordId(EACH)], ['0'.repeat(24)], ['0'.repeat(24)]],
  ])('holds %s', (_, decorators, sent, made) => {
    const list = fieldWith(List(3), ...decorators);
    expect(list.accept(sent)).toEqual(made);
    for (const fault of [null, undefined, {}, [], ['a'], { $gt: '' }, 'no such\0', -1.5]) {
      expect(list.refuse([...sent, fault])).toEqual(expect.stringMatching(/^each value in a must/));
      expect(list.refuse([fault, ...sent])).toEqual(expect.any(String));
    }
  });

  it.each<[string, PropertyDecorator, unknown, string]>([
    ['Name', Name(3, EACH), 'abcd', 'be longer than or equal to 1 and shorter than or equal to 3 characters'],
    ['Text', Text(1, 3, EACH), 'a'.repeat(10), 'not be longer than 9 UTF-16 units'],
    ['Text', Text(1, 3, EACH), 'a\0', 'not hold NUL characters or lone surrogates'],
    ['EmailAddress', EmailAddress(EACH), 'a\u200b@example.com', 'be an email'],
    ['WebUrl', WebUrl(EACH), 'example.com', 'be an address such as https://example.com'],
    ['UtcTime', UtcTime(EACH), '2030-02-31T00:00:00.000Z', 'be a time that exists, with its offset'],
    ['RecordId', RecordId(EACH), 'a', 'be an id of 24 hex digits'],
    ['SafeInteger', SafeInteger(0, 9, EACH), 10, 'not be greater than 9'],
  ])('names itself and the rule of %s', (_, decorator, fault, rule) => {
    const faults = check(dtoWith(List(3), decorator), { a: [fault] });
    expect(faults).toEqual([expect.stringContaining(`a: each value in a must ${rule}`)]);
  });
});

describe('without each, a list', () => {
  it('is left as it is, and refused', () => {
    expect(fieldWith(Trim(), Compose(9), IsOptional()).accept([' a '])).toEqual([' a ']);
    expect(fieldWith(Name(9)).refuse(['a'])).toBe('a must be a string');
  });
});
