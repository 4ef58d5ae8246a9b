import { describe, expect, it } from '@jest/globals';
import { passwordFault, weaknessOf } from './passwords.js';

const COMMON = 'must not be one of the most common ones';
const NAMED = 'must not hold the name in the email address';

describe('a password', () => {
  it.each([
    'password',
    '12345678',
    'football',
    'iloveyou',
    'PassWord',
    ' password ',
    'ＰＡＳＳＷＯＲＤ',
    'sunshine',
    'change-me',
    'Your-Password-Here',
    '<password>',
  ])('must not be common: %j', (password) => {
    expect(weaknessOf(password, 'somebody@example.com')).toBe(COMMON);
  });

  it.each([
    ['ada-lovelace-1815', 'ada@example.com'],
    ['My name is ADA', 'ada@example.com'],
    ['xx.lovelace.xx', 'ada.lovelace@example.com'],
    ['ada.lovelace', 'ada.lovelace@example.com'],
    ['newsnewsnews!', 'ada+news@example.com'],
    ['müller-strasse', 'müller@example.com'],
    ['mu\u0308ller-strasse', 'müller@example.com'],
    ['müller-strasse', 'mu\u0308ller@example.com'],
  ])('must not hold the name of its owner: %j of %s', (password, email) => {
    expect(weaknessOf(password, email)).toBe(NAMED);
  });

  it.each([
    ['correct horse battery', 'ada@example.com'],
    ['a password of its own', 'x@example.com'],
    ['example.com is no name', 'ada@example.com'],
    ['bo likes long walks', 'bo@example.com'],
    ['ad astra per aspera', 'ada@example.com'],
  ])('may be anything else: %j of %s', (password, email) => {
    expect(weaknessOf(password, email)).toBeUndefined();
  });

  it.each([
    ['1234567', 'must be longer than or equal to 8 characters'],
    ['😀'.repeat(7), 'must be longer than or equal to 8 and shorter than or equal to 128 characters'],
    ['x'.repeat(73), 'must not be longer than 72 bytes of UTF-8'],
    ['ﷺ'.repeat(4), 'must not be longer than 72 bytes of UTF-8'],
    ['nul\0in it, long', 'must not hold NUL characters or lone surrogates'],
    ['football', COMMON],
    ['Ada of London', NAMED],
    ['correct horse battery', undefined],
    ['xxxxxxxz', undefined],
    ['two\twords', undefined],
    ['ﬁ'.repeat(4), undefined],
  ])('%j has one verdict, whoever chooses it', (password, fault) => {
    expect(passwordFault(password, 'ada@example.com')).toBe(fault);
  });
});
