import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accounts, FORGOT, VERIFY, VERIFY_AGAIN } from './support/accounts.js';
import { createTestApp } from './support/test-app.js';
import { PASSWORD, type TestClient } from './support/test-client.js';
import { LOGIN, ME, newCredentials, register, USERS } from './support/users.js';

let accounts: Accounts;

beforeAll(async () => {
  accounts = await Accounts.start();
});
afterAll(() => accounts.close());

describe('an address', () => {
  const verify = (token: string) => accounts.stranger().post(VERIFY, { token });

  it('is proved by a mailed link, which works once', async () => {
    const registered = await accounts.newUser();
    const caller = await accounts.signIn(registered);
    expect((await caller.get(ME)).body.data).toMatchObject({ emailVerified: false, version: 1 });
    const { status, body, headers } = await verify(registered.verification);
    expect([status, body]).toEqual([200, { success: true, message: 'Email address verified' }]);
    expect(headers['cache-control']).toBe('no-store');
    const me = await caller.get(ME);
    expect([me.body.data.emailVerified, me.headers['etag']]).toEqual([true, '"2"']);
    expect((await verify(registered.verification)).outcome).toBe('400 INVALID_RESET_TOKEN');
    expect(accounts.test.logs).toContainEqual(
      expect.objectContaining({ event: 'email_verified', userId: registered.id }),
    );
  });

  it('is not proved by a link for another purpose', async () => {
    const registered = await accounts.newUser();
    const token = await accounts.linkFor(registered);
    expect((await verify(token)).outcome).toBe('400 INVALID_RESET_TOKEN');
    expect((await accounts.reset(token)).status).toBe(200);
  });

  it('that is proved twice is changed once', async () => {
    const registered = await accounts.newUser();
    expect((await verify(registered.verification)).status).toBe(200);
    await accounts.reset(await accounts.linkFor(registered));
    const { body } = await accounts.admin.get(`${USERS}/${registered.id}`);
    expect(body.data).toMatchObject({ emailVerified: true, version: 2 });
  });

  it('gets another mail when its user asks, until it is proved', async () => {
    const registered = await accounts.newUser();
    const caller = await accounts.signIn(registered);
    const answer = await caller.post(VERIFY_AGAIN);
    expect([answer.status, answer.body]).toEqual([
      202,
      { success: true, message: 'If the address is not verified yet, a mail is on its way' },
    ]);
    const { token } = await accounts.mailTo(registered.email, 2);
    // The same link: who asks in somebody's name ends none.
    expect(token).toBe(registered.verification);
    expect((await verify(token)).status).toBe(200);
    expect((await caller.post(VERIFY_AGAIN)).status).toBe(202);
    expect((await caller.post(VERIFY_AGAIN)).status).toBe(202);
    const { outcome, headers } = await caller.post(VERIFY_AGAIN);
    expect([outcome, Number(headers['retry-after']) > 3_500]).toEqual(['429 RATE_LIMITED', true]);
    await sleep(200);
    expect(accounts.mailsTo(registered.email)).toHaveLength(2);
  });
});

describe('production without a mail server', () => {
  it('refuses whatever is of no use without mails, for everybody alike', async () => {
    const test = await createTestApp({ NODE_ENV: 'production', BCRYPT_ROUNDS: '10' });
    const registered = await register(test.anonymous);
    const answers = [];
    for (const body of [{ email: registered.email }, { email: 'nobody@example.com' }, '{', '']) {
      answers.push(await test.anonymous.post(FORGOT, body, { 'x-request-id': 'alike' }));
    }
    expect(answers.map(({ outcome }) => outcome)).toEqual(answers.map(() => '503 MAIL_NOT_CONFIGURED'));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const { email, password } = registered;
    const caller = await test.anonymous.signInAs({ email, password });
    expect((await caller.post(VERIFY_AGAIN)).outcome).toBe('503 MAIL_NOT_CONFIGURED');
    await test.close();
  });
});

describe('signing in', () => {
  /** The time that a refused sign-in takes, in milliseconds. */
  async function timeOf(client: TestClient, email: string, password = PASSWORD): Promise<number> {
    const start = performance.now();
    const { outcome } = await client.post(LOGIN, { email, password });
    expect(outcome).toBe('401 INVALID_CREDENTIALS');
    return performance.now() - start;
  }

  it('takes who has no password as long as a wrong one, and refuses it', async () => {
    const test = await createTestApp({ BCRYPT_ROUNDS: '10' });
    const admin = await test.anonymous.signIn('admin');
    // The shortest: what a busy machine adds is in the others, and on a very busy one in more of them.
    let [without, wrong] = [Infinity, Infinity];
    const isAlike = () => without > wrong * 0.7 && without < wrong * 1.4;
    for (let n = 0; n < 9 || (n < 40 && !isAlike()); n++) {
      const client = test.anonymous.from(`10.0.0.${n}`);
      const { email } = newCredentials();
      await admin.post(USERS, { email, name: 'Grace' });
      without = Math.min(without, await timeOf(client, email));
      const known = (await register(test.anonymous)).email;
      wrong = Math.min(wrong, await timeOf(client, known, 'wrong password'));
    }
    await test.close();
    expect(without).toBeGreaterThan(wrong * 0.7);
    expect(without).toBeLessThan(wrong * 1.4);
  });
});
