import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import bcrypt from 'bcrypt';
import { Types } from 'mongoose';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { faultyPaths, LOGIN, ME, newAddress, newCredentials, REGISTER, register } from './support/users.js';

const INVALID = '400 VALIDATION_ERROR';

describe('auth', () => {
  let test: TestApp;
  let anonymous: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
  });
  beforeEach(() => {
    anonymous = test.anonymous.from(newAddress());
  });
  afterAll(() => test.close());

  const users = () => test.connection.collection('users');

  describe('registering', () => {
    it('creates a user who may sign in', async () => {
      const { email, password } = newCredentials();
      const { status, body, headers } = await anonymous.post(REGISTER, { email, password, name: ' Ada ' });
      expect(status).toBe(201);
      expect(body).toEqual({
        success: true,
        data: {
          id: expect.stringMatching(/^[0-9a-f]{24}$/),
          email,
          name: 'Ada',
          role: 'user',
          disabled: false,
          emailVerified: false,
          otpEnabled: false,
          version: 1,
          createdAt: expect.stringMatching(/Z$/),
          updatedAt: body.data.createdAt,
        },
      });
      expect(headers['set-cookie']).toBeUndefined();
      expect((await anonymous.post(LOGIN, { email, password })).status).toBe(200);
    });

    it.each([
      ['is absent', {}],
      ['is null', { name: null }],
    ])('takes the part before the @ as name when it %s', async (_, fields) => {
      const { email, password } = newCredentials();
      const { body } = await anonymous.post(REGISTER, { email, password, ...fields });
      expect(body.data.name).toBe(email.split('@')[0]);
    });

    it('keeps a hash of the password, not the password', async () => {
      const { id, password } = await register(anonymous);
      const user = await users().findOne({ _id: new Types.ObjectId(id) });
      expect(user?.['passwordHash']).toMatch(/^\$2b\$04\$/);
      expect(JSON.stringify(user)).not.toContain(password);
    });

    it('brings the address into lower case and trims it', async () => {
      const { email, password } = newCredentials();
      const { body } = await anonymous.post(REGISTER, { email: ` ${email.toUpperCase()}\n`, password });
      expect(body.data.email).toBe(email);
    });

    it('refuses an address that is taken, in any case', async () => {
      const { email, password } = await register(anonymous);
      for (const same of [email, email.toUpperCase(), ` ${email} `]) {
        const answer = await anonymous.post(REGISTER, { email: same, password });
        expect(answer.outcome).toBe('409 EMAIL_TAKEN');
        expect(answer.text).not.toContain(email);
      }
    });

    it('lets one of many who register the same address at once win', async () => {
      const credentials = newCredentials();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => anonymous.post(REGISTER, credentials)),
      );
      const lost = Array.from({ length: 9 }, () => '409 EMAIL_TAKEN');
      expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['201', ...lost]);
      expect(await users().countDocuments({ email: credentials.email })).toBe(1);
    });

    it.each([
      ['role', 'admin'],
      ['role', 'user'],
      ['disabled', false],
      ['emailVerified', true],
      ['passwordHash', '$2b$04$x'],
      ['_id', 'f'.repeat(24)],
      ['version', 1],
      ['permissions', ['users:write']],
      ['$set', { role: 'admin' }],
    ])('takes no %s from the client', async (field, value) => {
      const credentials = newCredentials();
      const answer = await anonymous.post(REGISTER, { ...credentials, [field]: value });
      expect([answer.outcome, faultyPaths(answer)]).toEqual([INVALID, [field]]);
      expect(await users().countDocuments({ email: credentials.email })).toBe(0);
    });

    it.each([
      undefined,
      null,
      '',
      'ada',
      'ada@',
      '@example.com',
      'ada@example',
      'a da@example.com',
      'ada@@example.com',
      'ada@example.com\0',
      '\ud800@example.com',
      `${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.example.com`,
      'Ada <ada@example.com>',
      42,
      ['ada@example.com'],
      { $ne: null },
    ])('refuses the address %j', async (email) => {
      const answer = await anonymous.post(REGISTER, { ...newCredentials(), email });
      expect([answer.outcome, faultyPaths(answer)]).toEqual([INVALID, ['email']]);
    });

    it.each(['', ' ', 'x'.repeat(101), 'a\0b', 1, {}])('refuses the name %j', async (name) => {
      const answer = await anonymous.post(REGISTER, { ...newCredentials(), name });
      expect([answer.outcome, faultyPaths(answer)]).toEqual([INVALID, ['name']]);
    });
  });

  describe('signing in', () => {
    it('answers a token, the user and nothing else', async () => {
      const { id, email, password } = await register(anonymous);
      const { status, body, headers } = await anonymous.post(LOGIN, { email, password });
      const me = await anonymous.get(ME, { authorization: `Bearer ${body.data.accessToken}` });
      expect(status).toBe(200);
      expect(body).toEqual({
        success: true,
        data: {
          accessToken: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
          tokenType: 'Bearer',
          expiresIn: 3600,
          refreshToken: expect.stringMatching(/^fvr_[\w-]{88}$/),
          user: me.body.data,
        },
      });
      expect(me.body.data.id).toBe(id);
      expect(headers['set-cookie']).toBeUndefined();
    });

    it('tells upper from lower case in passwords', async () => {
      const { email, password } = await register(anonymous);
      const answer = await anonymous.post(LOGIN, { email, password: password.toUpperCase() });
      expect(answer.outcome).toBe('401 INVALID_CREDENTIALS');
    });

    it('takes the address in any case', async () => {
      const { email, password } = await register(anonymous);
      expect((await anonymous.post(LOGIN, { email: ` ${email.toUpperCase()}`, password })).status).toBe(200);
    });

    it('hashes the password again when the configured cost has changed', async () => {
      const { id, email, password } = await register(anonymous);
      const user = { _id: new Types.ObjectId(id) };
      const stored = () => users().findOne(user);
      await users().updateOne(user, { $set: { passwordHash: await bcrypt.hash(password, 5) } });
      const before = await stored();
      expect((await anonymous.post(LOGIN, { email, password: 'wrong password' })).status).toBe(401);
      expect(await stored()).toEqual(before);
      expect((await anonymous.post(LOGIN, { email, password })).status).toBe(200);
      const after = await stored();
      expect(after).toEqual({ ...before, passwordHash: expect.stringMatching(/^\$2b\$04\$/) });
      expect((await anonymous.post(LOGIN, { email, password })).status).toBe(200);
      expect(await stored()).toEqual(after);
    });

    it('answers a wrong password, an unknown address and a disabled user alike', async () => {
      const { email, password } = await register(anonymous);
      const disabled = await register(anonymous);
      await users().updateOne({ _id: new Types.ObjectId(disabled.id) }, { $set: { disabled: true } });
      const headers = { 'x-request-id': 'alike' };
      const answers = [
        await anonymous.post(LOGIN, { email, password: 'wrong password' }, headers),
        await anonymous.post(LOGIN, { ...newCredentials(), password }, headers),
        await anonymous.post(LOGIN, { email: disabled.email, password: disabled.password }, headers),
      ];
      for (const { outcome, headers: answered } of answers) {
        expect(outcome).toBe('401 INVALID_CREDENTIALS');
        expect(answered['www-authenticate']).toBe('Bearer');
      }
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    });

    it.each([
      [{}, ['email', 'password']],
      [{ email: 'ada@example.com' }, ['password']],
      [{ email: 'ada@example.com', password: '' }, ['password']],
      [{ email: 'ada@example.com', password: { $ne: '' } }, ['password']],
      [{ email: { $gt: '' }, password: 'x' }, ['email']],
      [{ email: 'ada@example.com', password: 'x'.repeat(129) }, ['password']],
      [{ email: 'ada@example.com', password: 'x', remember: true }, ['remember']],
    ])('refuses %j', async (body, paths) => {
      const answer = await anonymous.post(LOGIN, body);
      expect([answer.outcome, faultyPaths(answer)]).toEqual([INVALID, paths]);
    });
  });

  it.each([
    ['POST', REGISTER, '{"email":"new-one@example.com","password":"correct horse"}', 201],
    ['POST', REGISTER, '{"email":"new-one@example.com","password":"correct horse"}', 409],
    ['POST', REGISTER, '{}', 400],
    ['POST', LOGIN, '{"email":"new-one@example.com","password":"correct horse"}', 200],
    ['POST', LOGIN, '{"email":"new-one@example.com","password":"wrong horse"}', 401],
    ['POST', LOGIN, '{', 400],
    ['POST', LOGIN, Buffer.alloc(2 * 1024 * 1024), 413],
    ['GET', ME, undefined, 401],
  ])('answers of %s %s are kept out of every cache (%#)', async (method, url, body, status) => {
    const answer = await anonymous.send(method, url, body);
    expect([answer.status, answer.headers['cache-control']]).toEqual([status, 'no-store']);
  });

  it('keeps who is signed in out of every cache', async () => {
    const { status, headers } = await (await anonymous.signIn()).get(ME);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
  });
});

describe('closed registration', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp({ REGISTRATION: 'closed' });
  });
  afterAll(() => test.close());

  it.each([
    ['what would be right', JSON.stringify(newCredentials()), 'application/json'],
    ['a malformed body', '{', 'application/json'],
    ['nothing', '', 'application/json'],
    ['another kind of body', 'a=b', 'application/x-www-form-urlencoded'],
    ['2 MiB', 'x'.repeat(2 * 1024 * 1024), 'application/json'],
  ])('refuses %s with 403', async (_, body, type) => {
    const answer = await test.anonymous.post(REGISTER, body, { 'content-type': type });
    expect(answer.outcome).toBe('403 REGISTRATION_CLOSED');
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('leaves administrators the right to create users, who sign in', async () => {
    const admin = await test.anonymous.signIn('admin');
    const credentials = newCredentials();
    expect((await admin.post('/api/v1/users', { ...credentials, name: 'New' })).status).toBe(201);
    expect((await test.anonymous.post(LOGIN, credentials)).status).toBe(200);
  });
});
