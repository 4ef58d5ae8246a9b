import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { CHANGE, CHANGE_EMAIL, NEW_PASSWORD } from './support/accounts.js';
import { API_KEYS } from './support/api-keys.js';
import { PROJECTS } from './support/projects.js';
import {
  codeOf,
  newPerson,
  newProtected,
  OTP,
  signIn,
  STEP_UP,
  steadyStep,
  wrongCodeOf,
} from './support/second-factor.js';
import { SupabaseProject } from './support/supabase.js';
import { IDENTITIES, withToken } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD, TestClient } from './support/test-client.js';
import { ME, newCredentials, REFRESH, USERS } from './support/users.js';

const ASKED = '403 STEP_UP_REQUIRED';
const MINUTE_MS = 60_000;
const MINUTE_S = 60;

let supabase: SupabaseProject;
let test: TestApp;

beforeAll(async () => {
  supabase = await SupabaseProject.start();
  test = await createTestApp(supabase.env);
});
afterAll(async () => {
  await test.close();
  await supabase.close();
});

/** A caller whose session was proved so long ago. Nothing has asked for the session before, so nothing remembers it. */
async function aged(client: TestClient, minutes: number): Promise<TestClient> {
  const provenAt = new Date(Date.now() - minutes * MINUTE_MS);
  const _id = new Types.ObjectId(client.sessionId);
  await test.connection.collection('sessions').updateOne({ _id }, { $set: { provenAt } });
  return client;
}
const old = async (role?: 'admin' | 'moderator') => aged(await test.anonymous.signIn(role), 10);

/** Somebody with a second factor whose session is old. */
async function oldProtected() {
  await steadyStep();
  const person = await newProtected(test);
  const answer = await signIn(test, person, codeOf(person.secret));
  const client = new TestClient(
    test.app,
    { authorization: `Bearer ${String(answer.body.data.accessToken)}` },
    person.id,
    person.address,
    answer.body.data,
  );
  return { ...person, client: await aged(client, 10) };
}

const RISKY: readonly [string, (client: TestClient) => Promise<{ readonly outcome: string }>][] = [
  ['an API key', (client) => client.post(API_KEYS, { name: 'a' })],
  ['an identity', (client) => client.post(IDENTITIES, { accessToken: 'a.b.c' })],
  ['the end of an identity', (client) => client.delete(`${IDENTITIES}/${'f'.repeat(24)}`)],
  ['a second factor', (client) => client.post(`${OTP}/enable`, { password: PASSWORD })],
  ['the confirmation of one', (client) => client.post(`${OTP}/confirm`, { otp: '123456' })],
  ['the end of one', (client) => client.post(`${OTP}/disable`, { password: PASSWORD, otp: '123456' })],
  ['another address', (client) => client.post(CHANGE_EMAIL, { email: newCredentials().email })],
  ['its own end', (client) => client.post(`${USERS}/${client.userId}/delete`, {})],
  ['its own end without a body', (client) => client.post(`${USERS}/${client.userId}/delete`)],
];
const RISKY_FOR_ADMINISTRATORS: typeof RISKY = [
  ['a new user', (client) => client.post(USERS, { ...newCredentials(), name: 'New', role: 'admin' })],
  ['the end of a user', async (client) => client.delete(`${USERS}/${(await newPerson(test)).id}`)],
  ['a role', async (client) => client.patch(`${USERS}/${(await newPerson(test)).id}`, { role: 'admin' })],
  ['a lock', async (client) => client.patch(`${USERS}/${(await newPerson(test)).id}`, { disabled: true })],
];

describe('a recent proof of identity', () => {
  it.each(RISKY)('is asked for before %s', async (_, send) => {
    expect((await send(await old())).outcome).toBe(ASKED);
  });

  it.each(RISKY_FOR_ADMINISTRATORS)('is asked of an administrator before %s', async (_, send) => {
    expect((await send(await old('admin'))).outcome).toBe(ASKED);
  });

  it('counts for ten minutes, and signing in is one', async () => {
    const young = await aged(await test.anonymous.signIn(), 9.5);
    expect((await young.post(API_KEYS, { name: 'a' })).status).toBe(201);
    expect((await (await test.anonymous.signIn()).post(API_KEYS, { name: 'a' })).status).toBe(201);
  });

  it('is not asked for what it need not be: reading, records, a name, the password', async () => {
    const client = await old();
    const answers = [
      await client.get(ME),
      await client.post(PROJECTS, { name: 'a' }),
      await client.patch(`${USERS}/${client.userId}`, { name: 'Ada' }),
      await client.post(CHANGE, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 201, 200, 200]);
  });

  it('wins over a body that is at fault, and loses against a missing permission', async () => {
    const client = await old();
    expect((await client.post(API_KEYS, '{')).outcome).toBe(ASKED);
    expect((await client.post(API_KEYS, { nothing: 1 })).outcome).toBe(ASKED);
    expect((await client.post(USERS, '{')).outcome).toBe('403 FORBIDDEN');
    const role = await (await old('admin')).patch(`${USERS}/zzz`, { role: 1, nothing: 1 });
    expect(role.outcome).toBe(ASKED);
  });

  it('is not renewed by a refresh', async () => {
    const client = await old();
    const { body } = await client.post(REFRESH, { refreshToken: client.signedIn.refreshToken });
    const headers = { authorization: `Bearer ${String(body.data.accessToken)}` };
    expect((await test.anonymous.post(API_KEYS, { name: 'a' }, headers)).outcome).toBe(ASKED);
  });

  it('of sessions from before there were proofs is their sign-in', async () => {
    const client = await test.anonymous.signIn();
    const _id = new Types.ObjectId(client.sessionId);
    const createdAt = new Date(Date.now() - 11 * MINUTE_MS);
    await test.connection
      .collection('sessions')
      .updateOne({ _id }, { $set: { createdAt }, $unset: { provenAt: 1 } });
    expect((await client.post(API_KEYS, { name: 'a' })).outcome).toBe(ASKED);
  });

  it('is given by the password, in this session alone', async () => {
    const client = await old();
    const { status, body, headers } = await client.post(STEP_UP, { password: PASSWORD });
    expect([status, body, headers['cache-control']]).toEqual([
      200,
      { success: true, message: 'Identity proved' },
      'no-store',
    ]);
    expect((await client.post(API_KEYS, { name: 'a' })).status).toBe(201);
    const { email } = (await client.get(ME)).body.data as { email: string };
    const other = await aged(await test.anonymous.signInAs({ email, password: PASSWORD }), 10);
    await client.post(STEP_UP, { password: PASSWORD });
    expect((await other.post(API_KEYS, { name: 'a' })).outcome).toBe(ASKED);
    expect(test.logs).toContainEqual(
      expect.objectContaining({ event: 'identity_proved', userId: client.userId }),
    );
  });

  it('that another process was given is known before a refusal', async () => {
    const client = await old();
    expect((await client.post(API_KEYS, { name: 'a' })).outcome).toBe(ASKED);
    // As another process writes it: the memory of this one still says no.
    await test.connection
      .collection('sessions')
      .updateOne({ _id: new Types.ObjectId(client.sessionId) }, { $set: { provenAt: new Date() } });
    expect((await client.post(API_KEYS, { name: 'a' })).status).toBe(201);
  });

  it.each([
    ['nothing', {}, '400 VALIDATION_ERROR'],
    ['a wrong password', { password: 'wrong password' }, '401 INVALID_CREDENTIALS'],
    ['a code where there is no second factor', { otp: '123456' }, '401 INVALID_OTP'],
    ['such a code beside the password', { password: PASSWORD, otp: '123456' }, '401 INVALID_OTP'],
  ])('is not given by %s', async (_, body, outcome) => {
    const client = await old();
    expect((await client.from('203.0.113.5').post(STEP_UP, body)).outcome).toBe(outcome);
    expect((await client.post(API_KEYS, { name: 'a' })).outcome).toBe(ASKED);
  });

  it('is given with the second factor where there is one, not by the password', async () => {
    const { client, secret, recoveryCodes } = await oldProtected();
    const prove = async (body: object) => (await client.post(STEP_UP, body)).outcome;
    expect(await prove({ password: PASSWORD })).toBe('401 OTP_REQUIRED');
    expect(await prove({ password: 'wrong', otp: recoveryCodes[0] })).toBe('401 INVALID_CREDENTIALS');
    expect(await prove({ otp: wrongCodeOf(secret) })).toBe('401 INVALID_OTP');
    expect((await client.post(API_KEYS, { name: 'a' })).outcome).toBe(ASKED);
    expect(await prove({ otp: recoveryCodes[0] })).toBe('200');
    expect((await client.post(API_KEYS, { name: 'a' })).status).toBe(201);
    expect(await prove({ otp: recoveryCodes[0] })).toBe('401 INVALID_OTP');
    expect(await prove({ otp: codeOf(secret, 1) })).toBe('200');
  });

  it('is needed for the password of who has a second factor', async () => {
    const { client, recoveryCodes } = await oldProtected();
    const change = () => client.post(CHANGE, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
    expect((await change()).outcome).toBe(ASKED);
    await client.post(STEP_UP, { otp: recoveryCodes[1] });
    expect((await change()).status).toBe(200);
  });

  it('slows down who guesses', async () => {
    const { client } = await newPerson(test);
    const outcomes = [];
    for (let n = 0; n < 12; n++) {
      outcomes.push((await client.post(STEP_UP, { password: `guess number ${n}` })).outcome);
    }
    expect(outcomes.slice(0, 11)).toEqual(Array(11).fill('401 INVALID_CREDENTIALS'));
    expect(outcomes[11]).toBe('429 RATE_LIMITED');
    expect((await client.post(STEP_UP, { password: PASSWORD })).outcome).toBe('429 RATE_LIMITED');
  });

  it('takes the place of the password where a user deletes itself, and the password its place', async () => {
    const young = await test.anonymous.signIn();
    const wrong = await young.post(`${USERS}/${young.userId}/delete`, { password: 'wrong password' });
    expect(wrong.outcome).toBe('401 INVALID_CREDENTIALS');
    expect((await young.post(`${USERS}/${young.userId}/delete`)).status).toBe(200);
    const client = await old();
    const { status } = await client.post(`${USERS}/${client.userId}/delete`, { password: PASSWORD });
    expect(status).toBe(200);
  });

  describe('of a Supabase token is', () => {
    const arrive = async (claims: object) => {
      const token = await supabase.token(supabase.person(), claims);
      return (await withToken(test, token).post(API_KEYS, { name: 'a' })).outcome;
    };
    const now = Math.floor(Date.now() / 1000);

    it.each<[string, object, string]>([
      ['when it was issued', { iat: now - 9 * MINUTE_S }, '201'],
      ['not long ago when it was issued long ago', { iat: now - 11 * MINUTE_S }, ASKED],
      ['its auth_time, which says more', { iat: now, auth_time: now - 11 * MINUTE_S }, ASKED],
      ['its auth_time, also when that is later', { iat: now - 11 * MINUTE_S, auth_time: now }, '201'],
      ['nothing when it says neither', { iat: undefined }, ASKED],
      ['nothing when that is no time', { auth_time: String(now) }, ASKED],
    ])('%s', async (_, claims, outcome) => {
      expect(await arrive(claims)).toBe(outcome);
    });

    it('not given to a session that there is not', async () => {
      const client = withToken(test, await supabase.token(supabase.person()));
      expect((await client.post(STEP_UP, { password: PASSWORD })).outcome).toBe('403 FORBIDDEN');
    });
  });
});
