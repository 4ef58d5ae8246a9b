import { describe, expect, it } from '@jest/globals';
import { ApiError } from '../../platform/errors/errors.js';
import { requireStrongPassword } from './password-rules.js';

function faultOf(password: string, email = 'somebody@example.com'): string | undefined {
  try {
    requireStrongPassword(password, email);
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    expect([error.status, error.code]).toEqual([400, 'WEAK_PASSWORD']);
    return error.details?.map(({ path, message }) => `${path}: ${message}`).join();
  }
}

const COMMON = 'password: password must not be one of the most common ones';
const NAMED = 'password: password must not hold the name in the email address';

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
  ])('must not be common: %j', (password) => {
    expect(faultOf(password)).toBe(COMMON);
  });

  it.each([
    ['ada-lovelace-1815', 'ada@example.com'],
    ['My name is ADA', 'ada@example.com'],
    ['xx.lovelace.xx', 'ada.lovelace@example.com'],
    ['ada.lovelace', 'ada.lovelace@example.com'],
    ['newsnewsnews!', 'ada+news@example.com'],
    ['müller-strasse', 'müller@example.com'],
  ])('must not hold the name of its owner: %j of %s', (password, email) => {
    expect(faultOf(password, email)).toBe(NAMED);
  });

  it.each([
    ['correct horse battery', 'ada@example.com'],
    ['a password of its own', 'x@example.com'],
    ['example.com is no name', 'ada@example.com'],
    ['bo likes long walks', 'bo@example.com'],
    ['ad astra per aspera', 'ada@example.com'],
  ])('may be anything else: %j of %s', (password, email) => {
    expect(faultOf(password, email)).toBeUndefined();
  });
});
