import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { UserAddresses } from '../src/modules/users/user-addresses.js';
import type { UserId } from '../src/platform/access/caller.js';
import { createKey, withKey } from './support/api-keys.js';
import { PROJECTS } from './support/projects.js';
import { type Person, SupabaseProject } from './support/supabase.js';
import { IDENTITIES, signedInAt, withToken } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD, type TestClient } from './support/test-client.js';
import { faultyPaths, LOGIN, ME, REGISTER, USERS } from './support/users.js';

describe('users of a Supabase project', () => {
  let project: SupabaseProject;
  let test: TestApp;
  let admin: TestClient;

  beforeAll(async () => {
    project = await SupabaseProject.start();
    test = await createTestApp(project.env);
    admin = await test.anonymous.signIn('admin');
  });
  afterAll(async () => {
    await test.close();
    await project.close();
  });

  const usersWith = (email: string) => test.connection.collection('users').countDocuments({ email });
  const identitiesOf = (subject: string) =>
    test.connection.collection('identities').find({ subject }).toArray();
  const arrive = (person: Person, app = test) => signedInAt(project, app, person);

  /** A local user with this address. */
  async function localUser(email: string): Promise<TestClient> {
    const { body } = await test.anonymous.post(REGISTER, { email, password: PASSWORD });
    await test.app.get(UserAddresses).verify(body.data.id as UserId);
    const login = await test.anonymous.post(LOGIN, { email, password: PASSWORD });
    const headers = { authorization: `Bearer ${String(login.body.data.accessToken)}` };
    return Object.assign(test.anonymous.with(headers), { userId: String(body.data.id) });
  }

  describe('who come for the first time', () => {
    it('become users without a password, with the address that the auth server has confirmed', async () => {
      const person = project.person({ email: `Ada.${Date.now()}@Example.com` });
      const ada = await arrive(person);
      const { status, body } = await ada.get(ME);
      const email = person.email.toLowerCase();
      expect([status, body.data]).toEqual([
        200,
        expect.objectContaining({
          email,
          name: email.split('@')[0],
          role: 'user',
          emailVerified: true,
          disabled: false,
        }),
      ]);
      const stored = await test.connection.collection('users').findOne({ email });
      expect(stored).not.toHaveProperty('passwordHash');
      expect((await test.anonymous.post(LOGIN, { email, password: PASSWORD })).outcome).toBe(
        '401 INVALID_CREDENTIALS',
      );
      expect((await ada.post(PROJECTS, { name: 'First' })).body.data.ownerId).toBe(body.data.id);
    });

    it('become one user, also when fifty requests arrive at once', async () => {
      const person = project.person();
      const tokens = await Promise.all(
        Array.from({ length: 50 }, (_, n) => project.token(person, { session_id: String(n) })),
      );
      const before = project.asked.user;
      const answers = await Promise.all(tokens.map((token) => withToken(test, token).get(ME)));
      expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['200']));
      expect(new Set(answers.map(({ body }) => String(body.data.id))).size).toBe(1);
      expect([await usersWith(person.email), (await identitiesOf(person.id)).length]).toEqual([1, 1]);
      expect(project.asked.user - before).toBe(1);
    });

    it('become one user, also when they come to two processes at once', async () => {
      const other = await createTestApp({
        ...project.env,
        MONGODB_URI: test.config.of(DatabaseConfig).mongodbUri ?? '',
      });
      try {
        for (let round = 0; round < 5; round++) {
          const person = project.person();
          const clients = [
            await arrive(person),
            await arrive(person, other),
            await arrive(person),
            await arrive(person, other),
          ];
          const answers = await Promise.all(clients.map((client) => client.get(ME)));
          expect(answers.map(({ outcome }) => outcome)).toEqual(Array(4).fill('200'));
          expect([await usersWith(person.email), (await identitiesOf(person.id)).length]).toEqual([1, 1]);
        }
      } finally {
        await other.app.close();
      }
    });

    it.each([
      ['without a confirmation', { email_confirmed_at: null }],
      ['with an empty confirmation', { email_confirmed_at: '' }],
      ['without an address', { email: '' }],
      ['with an address that is none', { email: 'ada lovelace' }],
    ])('are refused %s, and nobody is created', async (_, fields) => {
      const person = project.person(fields);
      const before = await test.connection.collection('users').countDocuments();
      expect((await (await arrive(person)).get(ME)).outcome).toBe('403 EMAIL_NOT_CONFIRMED');
      expect(await test.connection.collection('users').countDocuments()).toBe(before);
      expect(await identitiesOf(person.id)).toEqual([]);
    });

    it('are refused when the auth server does not know them any more', async () => {
      const stranger = { ...project.person(), id: crypto.randomUUID() };
      expect((await (await arrive(stranger)).get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    });

    it('are refused while registration is closed; those who are known are not', async () => {
      const known = project.person();
      expect((await (await arrive(known)).get(ME)).status).toBe(200);
      const closed = await createTestApp({
        ...project.env,
        MONGODB_URI: test.config.of(DatabaseConfig).mongodbUri ?? '',
        REGISTRATION: 'closed',
      });
      try {
        expect((await (await arrive(known, closed)).get(ME)).status).toBe(200);
        const person = project.person();
        expect((await (await arrive(person, closed)).get(ME)).outcome).toBe('403 REGISTRATION_CLOSED');
        expect(await usersWith(person.email)).toBe(0);
        const other = project.person();
        await localUser(other.email);
        expect((await (await arrive(other, closed)).get(ME)).outcome).toBe('409 ACCOUNT_LINK_REQUIRED');
      } finally {
        await closed.app.close();
      }
    });

    it('are told of in the log, without address and token', async () => {
      const person = project.person();
      const { body } = await (await arrive(person)).get(ME);
      const events = test.logs.filter(({ userId }) => userId === body.data.id).map(({ event }) => event);
      expect(events.filter((event) => event !== 'request')).toEqual(['user_registered', 'identity_linked']);
    });
  });

  it('are the users that they are now: role, disabled', async () => {
    const person = project.person();
    const iat = Math.floor(Date.now() / 1000) - 5;
    const client = withToken(test, await project.token(person, { iat }));
    const id = String((await client.get(ME)).body.data.id);
    await admin.patch(`${USERS}/${id}`, { role: 'moderator' });
    expect((await client.get(USERS)).status).toBe(200);
    await admin.patch(`${USERS}/${id}`, { disabled: true });
    expect((await client.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    await admin.patch(`${USERS}/${id}`, { disabled: false });
    expect((await client.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    const again = await arrive(person);
    expect((await again.get(ME)).body.data).toMatchObject({ id, role: 'moderator' });
  });

  it('lose their identity with their user', async () => {
    const person = project.person();
    const client = await arrive(person);
    const id = String((await client.get(ME)).body.data.id);
    await admin.delete(`${USERS}/${id}`);
    expect(await identitiesOf(person.id)).toEqual([]);
  });

  describe('whose address belongs to a local user', () => {
    it('are not taken for that user, whatever they have confirmed', async () => {
      const person = project.person();
      const local = await localUser(person.email);
      const client = await arrive(person);
      expect((await client.get(ME)).outcome).toBe('409 ACCOUNT_LINK_REQUIRED');
      expect((await client.post(PROJECTS, { name: 'x' })).outcome).toBe('409 ACCOUNT_LINK_REQUIRED');
      expect((await local.get(IDENTITIES)).body.data).toEqual([]);
      expect(await identitiesOf(person.id)).toEqual([]);
    });

    it('are that user once it has linked them while signed in', async () => {
      const person = project.person();
      const local = await localUser(person.email);
      const client = await arrive(person);
      expect((await client.get(ME)).outcome).toBe('409 ACCOUNT_LINK_REQUIRED');
      const { status, body } = await local.post(IDENTITIES, { accessToken: await project.token(person) });
      expect([status, body.data]).toEqual([
        201,
        { id: expect.any(String), issuer: project.issuer, subject: person.id, createdAt: expect.any(String) },
      ]);
      expect((await client.get(ME)).body.data.id).toBe(local.userId);
      expect((await local.get(IDENTITIES)).body.data).toEqual([body.data]);
    });
  });

  describe('linking', () => {
    it('takes an identity with another address, too: the token shows whose it is', async () => {
      const local = await test.anonymous.signIn();
      const person = project.person({ email_confirmed_at: null });
      const accessToken = await project.token(person);
      expect((await local.post(IDENTITIES, { accessToken })).status).toBe(201);
      expect((await withToken(test, accessToken).get(ME)).body.data.id).toBe(local.userId);
    });

    it('twice changes nothing, also at the same time', async () => {
      const local = await test.anonymous.signIn();
      const accessToken = await project.token(project.person());
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => local.post(IDENTITIES, { accessToken })),
      );
      expect(answers.map(({ outcome }) => outcome)).toEqual(Array(5).fill('201'));
      expect((await local.get(IDENTITIES)).body.data).toHaveLength(1);
    });

    it('answers 409 for an identity of somebody else', async () => {
      const person = project.person();
      await (await arrive(person)).get(ME);
      const local = await test.anonymous.signIn();
      const answer = await local.post(IDENTITIES, { accessToken: await project.token(person) });
      expect(answer.outcome).toBe('409 IDENTITY_TAKEN');
      expect((await local.get(IDENTITIES)).body.data).toEqual([]);
    });

    it('answers 400 for what is no valid token of the project', async () => {
      const local = await test.anonymous.signIn();
      const expired = await project.token(project.person(), { exp: Math.floor(Date.now() / 1000) - 60 });
      const own = local.headers['authorization']?.slice('Bearer '.length);
      for (const accessToken of [expired, own, 'garbage', '', 'a'.repeat(4097), null, {}]) {
        const answer = await local.post(IDENTITIES, { accessToken });
        expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', ['accessToken']]);
      }
    });

    it('is bounded', async () => {
      const local = await test.anonymous.signIn();
      const link = async () => local.post(IDENTITIES, { accessToken: await project.token(project.person()) });
      for (let n = 0; n < 5; n++) expect((await link()).status).toBe(201);
      const answers = await Promise.all(Array.from({ length: 50 }, link));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
      expect((await link()).outcome).toBe('409 IDENTITY_LIMIT_REACHED');
      expect((await local.get(`${IDENTITIES}?limit=100`)).body.data).toHaveLength(10);
    });

    it('is not for API keys', async () => {
      const local = await test.anonymous.signIn();
      const program = withKey(test, (await createKey(local)).key);
      const accessToken = await project.token(project.person());
      expect((await program.post(IDENTITIES, { accessToken })).outcome).toBe('403 FORBIDDEN');
      expect((await program.get(IDENTITIES)).outcome).toBe('403 FORBIDDEN');
    });
  });

  describe('unlinking', () => {
    it('acts on the very next request', async () => {
      const person = project.person();
      const local = await localUser(person.email);
      const client = await arrive(person);
      const accessToken = await project.token(person);
      const { body } = await local.post(IDENTITIES, { accessToken });
      expect((await withToken(test, accessToken).get(ME)).status).toBe(200);
      expect((await local.delete(`${IDENTITIES}/${String(body.data.id)}`)).body).toEqual({
        success: true,
        message: 'Identity unlinked',
      });
      expect((await withToken(test, accessToken).get(ME)).outcome).toBe('409 ACCOUNT_LINK_REQUIRED');
      expect((await client.get(ME)).outcome).toBe('409 ACCOUNT_LINK_REQUIRED');
    });

    it('leaves a user without a password one way in, also when it is asked twice at once', async () => {
      const client = await arrive(project.person());
      await client.get(ME);
      const second = await client.post(IDENTITIES, { accessToken: await project.token(project.person()) });
      const { body } = await client.get(IDENTITIES);
      const ids = body.data.map(({ id }: { id: string }) => id) as string[];
      expect([second.status, ids.length]).toEqual([201, 2]);
      const answers = await Promise.all(ids.map((id) => client.delete(`${IDENTITIES}/${id}`)));
      const remaining = await test.connection
        .collection('identities')
        .find({ _id: { $in: ids.map((id) => new Types.ObjectId(id)) } })
        .toArray();
      expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['200', '409 LAST_WAY_IN']);
      expect(remaining).toHaveLength(1);
    });

    it('of somebody else is 404', async () => {
      const client = await arrive(project.person());
      await client.get(ME);
      const { body } = await client.get(IDENTITIES);
      const address = `${IDENTITIES}/${String(body.data[0].id)}`;
      expect((await admin.delete(address)).outcome).toBe('404 IDENTITY_NOT_FOUND');
      expect((await client.get(ME)).status).toBe(200);
    });
  });
});
