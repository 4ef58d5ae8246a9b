import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { faultyPaths, LOGIN, ME, newCredentials, USERS } from './support/users.js';

interface UserJson {
  readonly id: string;
  readonly email: string;
}

describe('users', () => {
  let test: TestApp;
  let ada: TestClient;
  let moderator: TestClient;
  let admin: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
    moderator = await test.anonymous.signIn('moderator');
    admin = await test.anonymous.signIn('admin');
  });
  afterAll(() => test.close());

  const accessesOf = (caller: TestClient) =>
    test.logs.filter(({ event, userId }) => event === 'foreign_access' && userId === caller.userId);

  describe('creating', () => {
    it.each([
      [undefined, 'user'],
      [null, 'user'],
      ['user', 'user'],
      ['moderator', 'moderator'],
      ['admin', 'admin'],
    ])('gives the role %s as %s', async (role, given) => {
      const credentials = newCredentials();
      const answer = await admin.post(USERS, { ...credentials, name: ' New ', role });
      expect([answer.status, answer.headers['etag']]).toEqual([201, '"1"']);
      expect(answer.body).toEqual({
        success: true,
        data: {
          id: expect.stringMatching(/^[0-9a-f]{24}$/),
          email: credentials.email,
          name: 'New',
          role: given,
          disabled: false,
          emailVerified: false,
          otpEnabled: false,
          version: 1,
          createdAt: expect.any(String),
          updatedAt: expect.any(String),
        },
      });
      const signedIn = await test.anonymous.post(LOGIN, credentials);
      expect(signedIn.body.data.user).toEqual(answer.body.data);
    });

    it('leaves an event in the log', async () => {
      const { body } = await admin.post(USERS, { ...newCredentials(), name: 'New', role: 'moderator' });
      expect(test.logs).toContainEqual(
        expect.objectContaining({ event: 'user_created', userId: body.data.id, role: 'moderator' }),
      );
    });

    it('answers who lacks the permission before it looks at the body', async () => {
      for (const body of [{ ...newCredentials(), name: 'New' }, '{', { role: 'admin' }, '']) {
        expect((await test.anonymous.post(USERS, body)).outcome).toBe('401 UNAUTHENTICATED');
        expect((await ada.post(USERS, body)).outcome).toBe('403 FORBIDDEN');
        expect((await moderator.post(USERS, body)).outcome).toBe('403 FORBIDDEN');
      }
    });

    it('refuses an address that is taken, in any case', async () => {
      const { body } = await ada.get(ME);
      for (const email of [body.data.email, body.data.email.toUpperCase()]) {
        const answer = await admin.post(USERS, { ...newCredentials(), email, name: 'New' });
        expect(answer.outcome).toBe('409 EMAIL_TAKEN');
      }
    });

    it('refuses a password that is easy to guess', async () => {
      const answer = await admin.post(USERS, { ...newCredentials(), name: 'New', password: 'iloveyou' });
      expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 WEAK_PASSWORD', ['password']]);
    });

    it.each([
      [{ name: undefined }, ['name']],
      [{ name: '' }, ['name']],
      [{ email: 'nobody' }, ['email']],
      [{ password: 'short' }, ['password']],
      [{ role: 'root' }, ['role']],
      [{ role: ['admin'] }, ['role']],
      [{ role: 'Admin' }, ['role']],
      [{ disabled: true }, ['disabled']],
      [{ id: 'f'.repeat(24) }, ['id']],
      [{ email: 1, name: 2, password: 3, role: 4 }, ['email', 'name', 'password', 'role']],
    ])('refuses %j', async (fields, paths) => {
      const answer = await admin.post(USERS, { ...newCredentials(), name: 'New', ...fields });
      expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', paths]);
    });
  });

  describe('listing', () => {
    it.each(['', '?limit=x', '?email=x', '?unknown=1'])('is forbidden to users (%s)', async (query) => {
      expect((await test.anonymous.get(USERS + query)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await ada.get(USERS + query)).outcome).toBe('403 FORBIDDEN');
    });

    it.each([
      ['moderator', () => moderator],
      ['admin', () => admin],
    ])('answers a %s everybody, newest first', async (_, who) => {
      const last = await test.anonymous.signIn();
      const { status, body } = await who().get(`${USERS}?limit=100&total=true`);
      const ids = (body.data as UserJson[]).map(({ id }) => id);
      expect([status, ids[0]]).toEqual([200, last.userId]);
      expect(ids.slice(-3)).toEqual([admin.userId, moderator.userId, ada.userId]);
      expect(body.pagination).toEqual({
        limit: 100,
        offset: 0,
        hasMore: false,
        nextCursor: null,
        total: ids.length,
      });
    });

    it('walks by cursor', async () => {
      const first = await moderator.get(`${USERS}?limit=2`);
      const next = await moderator.get(`${USERS}?limit=2&cursor=${first.body.pagination.nextCursor}`);
      const both = await moderator.get(`${USERS}?limit=4`);
      expect([...first.body.data, ...next.body.data]).toEqual(both.body.data);
    });

    it('finds one user by the exact address', async () => {
      const { email } = (await ada.get(ME)).body.data as UserJson;
      const find = async (address: string) => {
        const { status, body } = await moderator.get(`${USERS}?email=${encodeURIComponent(address)}`);
        return [status, (body.data as UserJson[]).map(({ id }) => id)];
      };
      expect(await find(email)).toEqual([200, [ada.userId]]);
      expect(await find(email.toUpperCase())).toEqual([200, [ada.userId]]);
      expect(await find(email.slice(1))).toEqual([200, []]);
      expect(await find(`*${email.slice(1)}`)).toEqual([200, []]);
      expect(await find('nobody@example.org')).toEqual([200, []]);
    });

    it.each([
      ['email=', 'email'],
      ['email=x', 'email'],
      ['email[$ne]=x', 'email[$ne]'],
      ['email=a@example.com&email=b@example.com', 'email'],
      ['name=ada', 'name'],
      ['role=admin', 'role'],
      ['owner=all', 'owner'],
      ['limit=101', 'limit'],
    ])('refuses ?%s', async (query, path) => {
      const answer = await admin.get(`${USERS}?${query}`);
      expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', [path]]);
    });

    it('leaves an event in the log', async () => {
      const reader = await test.anonymous.signIn('moderator');
      await reader.get(`${USERS}?limit=1`);
      expect(accessesOf(reader)).toEqual([
        expect.objectContaining({ resource: 'user', permission: 'users:read', count: 1 }),
      ]);
    });
  });

  describe('reading one', () => {
    it.each([
      ['user', () => ada],
      ['moderator', () => moderator],
      ['admin', () => admin],
    ])('answers a %s itself, without an event', async (role, who) => {
      const before = accessesOf(who()).length;
      const { status, body, headers } = await who().get(`${USERS}/${who().userId}`);
      expect([status, body.data.role, headers['etag']]).toEqual([200, role, '"1"']);
      expect(body).toEqual((await who().get(ME)).body);
      expect(accessesOf(who())).toHaveLength(before);
    });

    it('answers 304 to who has the version', async () => {
      const { status, text } = await ada.get(`${USERS}/${ada.userId}`, { 'if-none-match': '"1"' });
      expect([status, text]).toEqual([304, '']);
    });

    it('answers a user 404 for others, as for nobody', async () => {
      const headers = { 'x-request-id': 'same' };
      const other = await ada.get(`${USERS}/${admin.userId}`, headers);
      const nobody = await ada.get(`${USERS}/${'f'.repeat(24)}`, headers);
      expect(other.outcome).toBe('404 USER_NOT_FOUND');
      expect(nobody.text).toBe(other.text);
    });

    it.each(['moderator', 'admin'] as const)('answers a %s others, with an event', async (role) => {
      const reader = await test.anonymous.signIn(role);
      const { status, body } = await reader.get(`${USERS}/${ada.userId}`);
      expect([status, body]).toEqual([200, (await ada.get(ME)).body]);
      expect(accessesOf(reader)).toEqual([
        expect.objectContaining({ resource: 'user', permission: 'users:read', recordId: ada.userId }),
      ]);
      expect((await reader.get(`${USERS}/${'f'.repeat(24)}`)).outcome).toBe('404 USER_NOT_FOUND');
    });

    it.each(['zzz', 'me', '%00', '0xffffffffffffffffffffff'])('answers 400 for the id %s', async (id) => {
      expect((await test.anonymous.get(`${USERS}/${id}`)).outcome).toBe('401 UNAUTHENTICATED');
      for (const caller of [ada, admin]) {
        const answer = await caller.get(`${USERS}/${id}`);
        expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', ['id']]);
      }
    });
  });

  it('are never answered with anything about their password', async () => {
    const credentials = newCredentials();
    const created = await admin.post(USERS, { ...credentials, name: 'New' });
    const url = `${USERS}/${created.body.data.id}`;
    const answers = [
      created,
      await admin.get(url),
      await admin.get(`${USERS}?limit=100`),
      await admin.get(`${USERS}?email=${credentials.email}`),
      await test.anonymous.post(LOGIN, credentials),
    ];
    for (const { text } of answers) expect(text).not.toMatch(/password|hash|\$2b/i);
  });
});
