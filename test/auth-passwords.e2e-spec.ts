import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { faultyPaths, LOGIN, newAddress, newCredentials, REGISTER } from './support/users.js';

const INVALID = '400 VALIDATION_ERROR';

describe('passwords', () => {
  let test: TestApp;
  let anonymous: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
  });
  beforeEach(() => {
    anonymous = test.anonymous.from(newAddress());
  });
  afterAll(() => test.close());

  it.each([
    ['7 characters', 'x'.repeat(7)],
    ['7 emoji, which are 14 units', '😀'.repeat(7)],
    ['73 bytes', 'x'.repeat(73)],
    ['128 characters', 'x'.repeat(128)],
    ['129 characters', 'x'.repeat(129)],
    ['25 characters of 3 bytes', '€'.repeat(25)],
    ['a megabyte', 'x'.repeat(1_000_000)],
    ['NUL', `password\0`],
    ['a lone surrogate', `password\ud800`],
    ['a number', 12_345_678],
    ['nothing', ''],
    ['null', null],
  ])('of %s are refused', async (_, password) => {
    const answer = await anonymous.post(REGISTER, { ...newCredentials(), password });
    expect([answer.outcome, faultyPaths(answer)]).toEqual([INVALID, ['password']]);
  });

  it.each([
    ['one of the most common', {}, 'Password1'],
    ['the name in the address', { email: `grace.hopper.${Date.now()}@example.com` }, 'my Hopper 1906'],
  ])('that are easy to guess are refused: %s', async (_, fields, password) => {
    const answer = await anonymous.post(REGISTER, { ...newCredentials(), ...fields, password });
    expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 WEAK_PASSWORD', ['password']]);
  });

  it.each([
    ['8 characters', 'xxxxxxxz'],
    ['8 emoji', '😀'.repeat(8)],
    ['72 bytes', 'x'.repeat(72)],
    ['24 characters of 3 bytes', '€'.repeat(24)],
    ['white space around, which counts', '  qzsame  '],
  ])('of %s are accepted, and no other one signs in', async (_, password) => {
    const { email } = newCredentials();
    expect((await anonymous.post(REGISTER, { email, password })).status).toBe(201);
    expect((await anonymous.post(LOGIN, { email, password })).status).toBe(200);
    const shorter = [...password].slice(0, -1).join('');
    for (const other of [`${password}x`, ` ${password}`, shorter]) {
      const { outcome } = await anonymous.post(LOGIN, { email, password: other });
      expect(outcome).toBe('401 INVALID_CREDENTIALS');
    }
  });
});
