import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { CryptoConfig } from '../src/platform/crypto/crypto.config.js';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { ApiKeysService } from '../src/modules/api-keys/api-keys.service.js';
import { scopeOf, type UserId } from '../src/platform/access/caller.js';
import { API_KEYS, createKey, withKey } from './support/api-keys.js';
import { PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { isOverloaded, type TestClient, untilTaken } from './support/test-client.js';
import { faultyPaths, ME, USERS } from './support/users.js';
import { PRODUCT } from '../src/product/product.js';

const PREFIX = PRODUCT.apiKeyPrefix;

const YEAR_MS = 365.25 * 24 * 3600 * 1000;
const fromNow = (ms: number) => new Date(Date.now() + ms).toISOString();

describe('API keys', () => {
  let test: TestApp;
  let ada: TestClient;
  let admin: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
    admin = await test.anonymous.signIn('admin');
  });
  afterAll(() => test.close());

  const stored = (id: string) =>
    test.connection.collection('api_keys').findOne({ _id: new Types.ObjectId(id) });
  const change = (id: string, fields: object) =>
    test.connection.collection('api_keys').updateOne({ _id: new Types.ObjectId(id) }, { $set: fields });
  const as = (key: string) => withKey(test, key);

  describe('are created', () => {
    it('with a key that is shown once, for 90 days unless told', async () => {
      const { status, body, headers } = await ada.post(API_KEYS, { name: ' Nightly report ' });
      expect([status, headers['cache-control']]).toEqual([201, 'no-store']);
      const { id, key } = body.data as { id: string; key: string };
      expect(body.data).toEqual({
        id,
        name: 'Nightly report',
        hint: key.slice(-4),
        permissions: null,
        readOnly: false,
        expiresAt: expect.any(String),
        lastUsedAt: null,
        createdAt: expect.any(String),
        key: expect.stringMatching(new RegExp(`^${PREFIX}[\\w-]{59}$`)),
      });
      const days = (Date.parse(body.data.expiresAt as string) - Date.now()) / 86_400_000;
      expect(days).toBeGreaterThan(89.9);
      expect(days).toBeLessThanOrEqual(90);
      const list = await ada.get(API_KEYS);
      expect(list.body.data[0].id).toBe(id);
      expect(list.text).not.toContain(key);
    });

    it('of 256 random bits, of which only a hash is stored', async () => {
      const { id, key } = await createKey(ada);
      const record = await stored(id);
      const secret = Buffer.from(key.slice(PREFIX.length), 'base64url').subarray(12);
      expect(secret).toHaveLength(32);
      expect(JSON.stringify(record)).not.toContain(key.slice(PREFIX.length + 16));
      expect(record?.['hash']).toMatch(/^[\w-]{43}$/);
      expect(Buffer.from(record?.['hash'] as string, 'base64url')).not.toEqual(secret);
    });

    it('with an end in UTC', async () => {
      const { body } = await ada.post(API_KEYS, { name: 'a', expiresAt: '2030-02-28T12:00:00Z' });
      expect(body.data.expiresAt).toBe('2030-02-28T12:00:00.000Z');
    });

    it.each([
      ['no name', {}, 'name'],
      ['an end in the past', { name: 'a', expiresAt: fromNow(-1000) }, 'expiresAt'],
      ['an end after more than ten years', { name: 'a', expiresAt: fromNow(10.1 * YEAR_MS) }, 'expiresAt'],
      ['a day that does not exist', { name: 'a', expiresAt: '2030-02-30T00:00:00Z' }, 'expiresAt'],
      ['a time without its zone', { name: 'a', expiresAt: '2030-01-31T00:00:00' }, 'expiresAt'],
      ['a day without a time', { name: 'a', expiresAt: '2030-01-31' }, 'expiresAt'],
      ['a number of milliseconds', { name: 'a', expiresAt: Date.now() + 1000 }, 'expiresAt'],
      ['a key of its own choice', { name: 'a', key: `${PREFIX}mine` }, 'key'],
      ['an owner', { name: 'a', ownerId: 'f'.repeat(24) }, 'ownerId'],
    ])('but not with %s', async (_, sent, path) => {
      const answer = await ada.post(API_KEYS, sent);
      expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', [path]]);
    });

    it('at most 50 times for a user, also at the same time', async () => {
      const bob = await test.anonymous.signIn();
      for (let n = 0; n < 45; n++) await createKey(bob);
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => untilTaken(() => bob.post(API_KEYS, { name: 'a' }), isOverloaded)),
      );
      const outcomes = new Set(answers.map(({ outcome }) => outcome));
      expect([...outcomes].toSorted().at(-1)).toBe('409 API_KEY_LIMIT_REACHED');
      const { body } = await bob.get(`${API_KEYS}?limit=100&total=true`);
      expect(body.pagination.total).toBeLessThanOrEqual(50);
      for (let n = body.pagination.total as number; n < 50; n++) await createKey(bob);
      expect((await bob.post(API_KEYS, { name: 'a' })).outcome).toBe('409 API_KEY_LIMIT_REACHED');
      expect((await ada.post(API_KEYS, { name: 'a' })).status).toBe(201);
    });
  });

  describe('sign in', () => {
    it('as their user, with its rights of now', async () => {
      const carol = await test.anonymous.signIn();
      const program = as((await createKey(carol)).key);
      expect((await program.get(ME)).body.data.id).toBe(carol.userId);
      expect((await program.post(PROJECTS, { name: 'By a program' })).body.data.ownerId).toBe(carol.userId);
      expect((await program.get(USERS)).outcome).toBe('403 FORBIDDEN');
      await admin.patch(`${USERS}/${carol.userId}`, { role: 'moderator' });
      expect((await program.get(USERS)).status).toBe(200);
      await admin.patch(`${USERS}/${carol.userId}`, { disabled: true });
      expect((await program.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    });

    it('not where credentials are managed, so that a stolen one gets no further ones', async () => {
      const { id, key } = await createKey(ada);
      const program = as(key);
      const answers = [
        await program.post(API_KEYS, { name: 'a' }),
        await program.get(API_KEYS),
        await program.delete(`${API_KEYS}/${id}`),
      ];
      expect(answers.map(({ outcome }) => outcome)).toEqual(Array(3).fill('403 FORBIDDEN'));
      expect(await stored(id)).not.toBeNull();
    });

    it('without a promise once they are known, and in no time that anybody would notice', async () => {
      const { key } = await createKey(ada);
      await as(key).get(ME);
      const service = test.app.get(ApiKeysService);
      expect(service.resolve(key)).toMatchObject({ owner: ada.userId });
      const started = performance.now();
      for (let n = 0; n < 10_000; n++) service.resolve(key);
      const microseconds = (performance.now() - started) / 10;
      // About 3 alone; a machine that is busy takes its time.
      expect(microseconds).toBeLessThan(50);
    });

    it('until their end, also where they were just accepted', async () => {
      const { key } = await createKey(ada, { expiresAt: fromNow(700) });
      expect((await as(key).get(ME)).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 750));
      expect((await as(key).get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    });

    it('until they are deleted, and not at the very next request', async () => {
      const { id, key } = await createKey(ada);
      const other = await createKey(ada);
      expect((await as(key).get(ME)).status).toBe(200);
      const { body } = await ada.delete(`${API_KEYS}/${id}`);
      expect(body).toEqual({ success: true, message: 'API key deleted' });
      expect((await as(key).get(ME)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await as(other.key).get(ME)).status).toBe(200);
      expect((await ada.delete(`${API_KEYS}/${id}`)).outcome).toBe('404 API_KEY_NOT_FOUND');
    });

    it('until they are deleted, however fast the next request is', async () => {
      const service = test.app.get(ApiKeysService);
      for (let round = 0; round < 30; round++) {
        const { id, key } = await createKey(ada);
        expect(await service.resolve(key)).toMatchObject({ id });
        await service.remove(scopeOf(ada.userId as UserId), id);
        expect(await service.resolve(key)).toBeNull();
      }
    });

    it('until another process deletes them, and two seconds at most after that', async () => {
      const other = await createTestApp({
        MONGODB_URI: test.config.of(DatabaseConfig).mongodbUri ?? '',
        JWT_SECRET: test.config.of(CryptoConfig).jwtSecret,
      });
      try {
        const { id, key } = await createKey(ada);
        expect((await withKey(other, key).get(ME)).status).toBe(200);
        await ada.delete(`${API_KEYS}/${id}`);
        const deadline = Date.now() + 2_000;
        while ((await withKey(other, key).get(ME)).status === 200 && Date.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        expect((await withKey(other, key).get(ME)).outcome).toBe('401 UNAUTHENTICATED');
      } finally {
        await other.app.close();
      }
    });

    it('not after their user was deleted', async () => {
      const dave = await test.anonymous.signIn();
      const { id, key } = await createKey(dave);
      expect((await as(key).get(ME)).status).toBe(200);
      await admin.delete(`${USERS}/${dave.userId}`);
      expect((await as(key).get(ME)).outcome).toBe('401 UNAUTHENTICATED');
      expect(await stored(id)).toBeNull();
    });
  });

  describe('are refused', () => {
    let key: string;
    beforeAll(async () => {
      ({ key } = await createKey(ada));
    });
    const flipped = (text: string, at: number) =>
      `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;

    it.each([
      ['with another secret', () => flipped(key, 30)],
      ['with another last character', () => flipped(key, key.length - 1)],
      ['with the id of no record', () => `${PREFIX}${'A'.repeat(16)}${key.slice(PREFIX.length + 16)}`],
      [
        'with the secret of another key',
        async () => key.slice(0, 20) + (await createKey(ada)).key.slice(PREFIX.length + 16),
      ],
      ['cut short', () => key.slice(0, -1)],
      ['with one character more', () => `${key}A`],
      ['without the prefix', () => key.slice(PREFIX.length)],
      ['with the prefix alone', () => PREFIX],
      [
        'with their hash for a secret',
        async () => {
          const id = Buffer.from(key.slice(4, 20), 'base64url').toString('hex');
          return key.slice(0, 20) + String((await stored(id))?.['hash']);
        },
      ],
    ])('%s', async (_, changed) => {
      expect((await as(key).get(ME)).status).toBe(200);
      expect((await as(await changed()).get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    });

    it('in another header, in the address or behind another scheme', async () => {
      const answers = [
        await test.anonymous.get(ME, { 'x-api-key': key, apikey: key }),
        await test.anonymous.get(`${ME}?key=${key}`),
        await test.anonymous.get(ME, { authorization: `Basic ${key}` }),
        await test.anonymous.get(ME, { cookie: `token=${key}` }),
      ];
      expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['401 UNAUTHENTICATED']));
    });
  });

  it('tell when they were used, to the minute and after the answer', async () => {
    const { id, key } = await createKey(ada);
    const used = async (): Promise<Date | undefined> =>
      (await stored(id))?.['lastUsedAt'] as Date | undefined;
    const until = async (isRight: (at: Date | undefined) => boolean) => {
      for (const deadline = Date.now() + 5_000; Date.now() < deadline && !isRight(await used());) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return used();
    };
    const before = Date.now();
    await as(key).get(ME);
    expect(await used()).toBeUndefined();
    const first = await until((at) => at !== undefined);
    expect(first?.getTime()).toBeGreaterThanOrEqual(before);
    const { body } = await ada.get(API_KEYS);
    expect(body.data[0]).toMatchObject({ id, lastUsedAt: first?.toISOString() });

    await as(key).get(ME);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await used()).toEqual(first);

    const earlier = new Date(Date.now() - 61_000);
    await change(id, { lastUsedAt: earlier });
    // Until the process has heard of it.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await as(key).get(ME);
    expect((await until((at) => at?.getTime() !== earlier.getTime()))?.getTime()).toBeGreaterThan(before);
  });

  it('belong to their user: another one neither sees nor deletes them', async () => {
    const { id, key } = await createKey(ada);
    for (const other of [await test.anonymous.signIn(), admin]) {
      expect((await other.get(API_KEYS)).body.data).toEqual([]);
      expect((await other.delete(`${API_KEYS}/${id}`)).outcome).toBe('404 API_KEY_NOT_FOUND');
    }
    expect((await as(key).get(ME)).status).toBe(200);
  });

  it('are listed in pages, newest first', async () => {
    const erin = await test.anonymous.signIn();
    for (const name of ['a', 'b', 'c']) await createKey(erin, { name });
    const { body } = await erin.get(`${API_KEYS}?limit=2`);
    expect(body.data.map(({ name }: { name: string }) => name)).toEqual(['c', 'b']);
    const next = await erin.get(`${API_KEYS}?cursor=${String(body.pagination.nextCursor)}`);
    expect(next.body.data.map(({ name }: { name: string }) => name)).toEqual(['a']);
  });

  it('are told of in the log, without the key', async () => {
    const { id, key } = await createKey(ada);
    await ada.delete(`${API_KEYS}/${id}`);
    const events = test.logs.filter(({ recordId }) => recordId === id).map(({ event }) => event);
    expect(events).toEqual(['record_created', 'api_key_created', 'record_deleted', 'api_key_deleted']);
    expect(test.logText()).not.toContain(key.slice(PREFIX.length + 16));
  });
});
