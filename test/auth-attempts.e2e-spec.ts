import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Types } from 'mongoose';
import { soaked } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { type Answer, PASSWORD, type TestClient, untilTaken } from './support/test-client.js';
import { type Credentials, LOGIN, ME, newCredentials, REGISTER, register } from './support/users.js';

describe('guessing passwords', () => {
  let test: TestApp;
  let anonymous: TestClient;
  let addresses = 0;
  const counters = () => test.connection.collection('counters');
  /** Somebody from an address that nobody had before. */
  const stranger = () => anonymous.from(`198.18.${Math.floor(++addresses / 250)}.${addresses % 250}`);
  const guess = (client: TestClient, { email }: Credentials, password = 'wrong horse battery') =>
    client.post(LOGIN, { email, password });
  const guesses = (client: TestClient, account: Credentials, times: number) =>
    Promise.all(Array.from({ length: times }, () => guess(client, account)));
  const outcomes = (answers: readonly { outcome: string }[], outcome: string) =>
    answers.filter((answer) => answer.outcome === outcome).length;
  /** Lets time go by for every counter, as far as the database knows; a process looks again after 100 ms. */
  const wait = async (ms: number) => {
    const earlier = (field: string) => ({ $subtract: [field, ms] });
    await counters().updateMany({}, [
      { $set: { blockedUntil: earlier('$blockedUntil'), expiresAt: earlier('$expiresAt') } },
    ]);
    await sleep(150);
  };

  beforeAll(async () => {
    test = await createTestApp();
    ({ anonymous } = test);
  });
  afterAll(() => test.close());

  it('is slowed down for an account, with growing waits and never for good', async () => {
    const account = await register(anonymous);
    for (let failures = 1; failures <= 11; failures++) {
      expect((await guess(stranger(), account)).outcome).toBe('401 INVALID_CREDENTIALS');
    }
    const waits: number[] = [];
    for (let round = 0; round < 12; round++) {
      const refused = await guess(stranger(), account, PASSWORD);
      expect(refused.outcome).toBe('429 RATE_LIMITED');
      const seconds = Number(refused.headers['retry-after']);
      waits.push(seconds);
      await wait(seconds * 1000);
      expect((await guess(stranger(), account)).outcome).toBe('401 INVALID_CREDENTIALS');
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    await wait(300_000);
    expect((await guess(stranger(), account, PASSWORD)).status).toBe(200);
  });

  it('is slowed down for an address, whichever accounts it tries', async () => {
    const client = stranger();
    for (let failures = 1; failures <= 21; failures++) {
      expect((await guess(client, newCredentials())).outcome).toBe('401 INVALID_CREDENTIALS');
    }
    const refused = await guess(client, newCredentials());
    expect(refused.outcome).toBe('429 RATE_LIMITED');
    expect(refused.headers['retry-after']).toBe('1');
    expect((await guess(stranger(), newCredentials())).outcome).toBe('401 INVALID_CREDENTIALS');
  });

  it('counts the neighbours in an IPv6 network together', async () => {
    for (let failures = 1; failures <= 21; failures++) {
      await guess(anonymous.from(`2001:db8:1:2::${failures}`), newCredentials());
    }
    const refused = await guess(anonymous.from('2001:db8:1:2:ffff::1'), newCredentials());
    expect(refused.outcome).toBe('429 RATE_LIMITED');
  });

  it('cannot slip through by many guesses at once', async () => {
    const account = await register(anonymous);
    const answers = await guesses(stranger(), account, 60);
    expect(outcomes(answers, '401 INVALID_CREDENTIALS')).toBe(11);
    // A busy machine refuses some before it looks at what they guess.
    expect(outcomes(answers, '429 RATE_LIMITED') + outcomes(answers, '503 OVERLOADED')).toBe(49);
  });

  it('forgets failures an hour after the last wait', async () => {
    const account = await register(anonymous);
    await guesses(stranger(), account, 20);
    expect((await guess(stranger(), account)).status).toBe(429);
    await wait(60 * 60 * 1000 + 1000);
    for (let failures = 1; failures <= 11; failures++) {
      expect((await guess(stranger(), account)).outcome).toBe('401 INVALID_CREDENTIALS');
    }
  });

  it('does not count sign-ins that succeed, however many come at once', async () => {
    const account = await register(anonymous);
    const client = stranger();
    for (let round = 0; round < 4; round++) {
      const { email, password } = account;
      const answers = await Promise.all(
        Array.from({ length: 15 }, () => untilTaken(() => client.post(LOGIN, { email, password }))),
      );
      expect(outcomes(answers, '200')).toBe(15);
    }
  });

  it('leaves a user 100 sessions and 50 known devices, also when 50 sign in at the same time', async () => {
    const account = await register(anonymous);
    const user = await anonymous.signInAs(account);
    const ownerId = new Types.ObjectId(user.userId);
    const sessions = test.connection.collection('sessions');
    const [mine] = await sessions.find({ ownerId }, { projection: { _id: 0 } }).toArray();
    await sessions.insertMany(Array.from({ length: 98 }, () => ({ ...mine })));
    const devices = test.connection.collection<{ _id: string }>('knowndevices');
    const expiresAt = new Date(Date.now() + 1_000_000);
    const known = Array.from({ length: 45 }, (_, n) => ({ _id: `device ${n}`, ownerId, expiresAt }));
    await devices.insertMany(known);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => untilTaken(() => guess(stranger(), account, PASSWORD))),
    );
    expect(outcomes(answers, '200')).toBe(50);
    expect(await sessions.countDocuments({ ownerId })).toBe(100);
    expect(await devices.countDocuments({ ownerId })).toBe(50);
    // Those that ended are the oldest, not the new ones.
    for (const { body } of answers) {
      const authorization = `Bearer ${body.data.accessToken as string}`;
      expect((await anonymous.get(ME, { authorization })).status).toBe(200);
    }
  });

  it('does not count requests that never named a password', async () => {
    const client = stranger();
    const { email } = newCredentials();
    for (let times = 0; times < 30; times++) await client.post(LOGIN, { email });
    expect((await guess(client, { email, password: '' })).outcome).toBe('401 INVALID_CREDENTIALS');
  });

  it('from 50 addresses, hundreds of times, does not lock out the owner at a known device', async () => {
    const account = await register(anonymous);
    const home = stranger();
    expect((await guess(home, account, PASSWORD)).status).toBe(200);
    const crowd = Array.from({ length: 50 }, stranger);
    const answers: Answer[] = [];
    const rounds = soaked(20, 6);
    for (let round = 0; round < rounds; round++) {
      answers.push(...(await Promise.all(crowd.map((client) => guess(client, account)))));
    }
    expect(answers).toHaveLength(50 * rounds);
    expect(outcomes(answers, '429 RATE_LIMITED')).toBeGreaterThan(50 * rounds - 100);
    expect((await guess(home, account, PASSWORD)).status).toBe(200);
    // On a slow machine the wait after the last guess may be over; the one after the next guess is longer.
    const isBlocked = async () => Number((await guess(stranger(), account)).headers['retry-after'] ?? 0) > 1;
    while (!(await isBlocked()));
    // Somewhere else the owner waits like everybody, but not for long.
    const elsewhere = await guess(stranger(), account, PASSWORD);
    expect(elsewhere.outcome).toBe('429 RATE_LIMITED');
    expect(Number(elsewhere.headers['retry-after'])).toBeLessThanOrEqual(300);
  });

  it('at a known device has a budget of its own, which a sign-in refills', async () => {
    const account = await register(anonymous);
    const home = stranger();
    await guess(home, account, PASSWORD);
    expect(outcomes(await guesses(home, account, 10), '401 INVALID_CREDENTIALS')).toBe(10);
    expect((await guess(home, account, PASSWORD)).status).toBe(200);
    expect(outcomes(await guesses(home, account, 11), '401 INVALID_CREDENTIALS')).toBe(11);
    expect((await guess(home, account, PASSWORD)).outcome).toBe('429 RATE_LIMITED');
    // The account's own budget is as it was.
    expect((await guess(stranger(), account, PASSWORD)).status).toBe(200);
  });

  it('knows a device for 30 days', async () => {
    const account = await register(anonymous);
    const home = stranger();
    await guess(home, account, PASSWORD);
    await guesses(stranger(), account, 30);
    expect((await guess(home, account, PASSWORD)).status).toBe(200);
    await test.connection.collection('knowndevices').updateMany({}, { $set: { expiresAt: new Date() } });
    expect((await guess(home, account, PASSWORD)).outcome).toBe('429 RATE_LIMITED');
  });

  it('leaves neither addresses nor e-mail addresses in the database', async () => {
    const account = await register(anonymous);
    const home = stranger();
    await guess(home, account, PASSWORD);
    await guess(stranger(), account);
    const all = [
      ...(await counters().find().toArray()),
      ...(await test.connection.collection('knowndevices').find().toArray()),
    ];
    expect(all.length).toBeGreaterThan(2);
    expect(JSON.stringify(all)).not.toMatch(/@|198\.18/);
  });

  it('is logged when it is slowed down', async () => {
    const account = await register(anonymous);
    await guesses(stranger(), account, 13);
    expect(test.logs).toContainEqual(
      expect.objectContaining({ event: 'attempt_delayed', level: 'warn', budget: 'account' }),
    );
  });

  it('is not made easier by registering: ten an hour and address', async () => {
    const client = stranger();
    const taken = await register(anonymous);
    for (let times = 0; times < 5; times++) {
      expect((await client.post(REGISTER, newCredentials())).status).toBe(201);
      expect((await client.post(REGISTER, { email: taken.email, password: PASSWORD })).status).toBe(409);
    }
    const refused = await client.post(REGISTER, newCredentials());
    expect(refused.outcome).toBe('429 RATE_LIMITED');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3500);
    expect((await stranger().post(REGISTER, newCredentials())).status).toBe(201);
    await wait(60 * 60 * 1000);
    expect((await client.post(REGISTER, newCredentials())).status).toBe(201);
  });
});
