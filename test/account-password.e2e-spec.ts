import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MailLinksService } from '../src/modules/mail-links/mail-links.service.js';
import { resetPassword } from '../src/modules/mail-links/reset-password.mail.js';
import type { UserId } from '../src/platform/access/caller.js';
import { Accounts, CHANGE, FORGOT, NEW_PASSWORD } from './support/accounts.js';
import { PASSWORD, type TestClient } from './support/test-client.js';
import { LOGIN, ME, newCredentials, REFRESH, USERS } from './support/users.js';

let accounts: Accounts;

beforeAll(async () => {
  accounts = await Accounts.start();
});
afterAll(() => accounts.close());

describe('asking for a new password', () => {
  it('is answered alike for users, strangers and who is disabled', async () => {
    const [known, disabled] = [await accounts.newUser(), await accounts.newUser()];
    await accounts.admin.patch(`${USERS}/${disabled.id}`, { disabled: true });
    const asked = [known.email, newCredentials().email, disabled.email];
    const answers = [];
    for (const email of asked) {
      const { status, text, headers } = await accounts
        .stranger()
        .post(FORGOT, { email }, { 'x-request-id': 'alike' });
      answers.push(JSON.stringify({ status, text, headers: { ...headers, date: '' } }));
    }
    expect(new Set(answers).size).toBe(1);
    await accounts.mailTo(known.email, 2);
    await sleep(200);
    expect([accounts.mailsTo(asked[1] ?? '').length, accounts.mailsTo(disabled.email).length]).toEqual([
      0, 1,
    ]);
  });

  it('takes the same time for users and strangers', async () => {
    const times: Record<'known' | 'unknown', number[]> = { known: [], unknown: [] };
    for (let n = 0; n < 40; n++) {
      const { email } = await accounts.newUser();
      const asked = { known: email, unknown: newCredentials().email };
      for (const who of n % 2 === 0 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const)) {
        const client = accounts.stranger();
        const start = performance.now();
        await client.post(FORGOT, { email: asked[who] });
        times[who].push(performance.now() - start);
        // What happens after the answer is no part of the next one's time.
        await sleep(30);
      }
    }
    // The fast ones: what else the machine does makes the others slow.
    const [known = 0, unknown = 0] = [times.known, times.unknown].map(
      (each) => each.toSorted((a, b) => a - b)[4] ?? 0,
    );
    process.stdout.write(
      `forgot: tenth percentile ${known.toFixed(2)} ms for users, ${unknown.toFixed(2)} for others\n`,
    );
    expect(Math.abs(known - unknown)).toBeLessThan(Math.max(1, 0.3 * unknown));
  });

  it('mails one user three times an hour for each network that asks, and tells nobody that it stopped', async () => {
    const { email } = await accounts.newUser();
    const strangers = [accounts.stranger(), accounts.stranger()];
    for (const stranger of strangers) {
      for (let n = 0; n < 5; n++) expect((await stranger.post(FORGOT, { email })).status).toBe(202);
    }
    // The mail that proves the address was the first.
    const link = (await accounts.mailTo(email, 7)).token;
    // Strangers cannot keep the owner from its link, nor end it.
    expect(await accounts.linkFor({ email })).toBe(link);
    expect(accounts.mailsTo(email)).toHaveLength(8);
    expect((await accounts.reset(link)).status).toBe(200);
  });

  it('mails one link to who asks at several places at once', async () => {
    const { id, email } = await accounts.newUser();
    const recipient = { id: id as UserId, email, name: 'Ada' };
    const mailLinks = accounts.test.app.get(MailLinksService, { strict: false });
    for (let n = 0; n < 4; n++) mailLinks.send(resetPassword, () => Promise.resolve(recipient));
    await accounts.mailTo(email, 1 + 4);
    const [, ...links] = accounts.mailsTo(email).map(({ token }) => token);
    expect([links.length, new Set(links).size]).toEqual([4, 1]);
  });

  it('mails an owner who asks from where it has signed in, whatever strangers have used up', async () => {
    const registered = await accounts.newUser();
    const { email } = registered;
    const home = accounts.stranger();
    await home.signInAs(registered);
    for (let n = 0; n < 7; n++) {
      const stranger = accounts.stranger();
      for (let times = 0; times < 3; times++) await stranger.post(FORGOT, { email });
    }
    const { token } = await accounts.mailTo(email, 1 + 20);
    for (let times = 0; times < 4; times++) expect((await home.post(FORGOT, { email })).status).toBe(202);
    expect((await accounts.mailTo(email, 1 + 20 + 3)).token).toBe(token);
    await sleep(100);
    expect(accounts.mailsTo(email)).toHaveLength(1 + 20 + 3);
  });

  it('is refused after ten times an hour from one address', async () => {
    const client = accounts.stranger();
    for (let n = 0; n < 10; n++) expect((await client.post(FORGOT, newEmail())).status).toBe(202);
    const { outcome, headers } = await client.post(FORGOT, newEmail());
    expect(outcome).toBe('429 RATE_LIMITED');
    expect(Number(headers['retry-after'])).toBeGreaterThan(3_500);
    expect((await accounts.stranger().post(FORGOT, newEmail())).status).toBe(202);
  });

  const newEmail = () => ({ email: newCredentials().email });
});

describe('changing the password', () => {
  const change = (caller: TestClient, currentPassword: string, newPassword = NEW_PASSWORD) =>
    caller.post(CHANGE, { currentPassword, newPassword });

  it('ends every other session and keeps this one', async () => {
    const credentials = await accounts.newUser();
    const [here, there] = [await accounts.signIn(credentials), await accounts.signIn(credentials)];
    const before = (await here.get(ME)).body;
    const { status, body, headers } = await change(here, credentials.password);
    expect([status, body]).toEqual([200, { success: true, message: 'Password changed' }]);
    expect(headers['cache-control']).toBe('no-store');
    expect((await here.get(ME)).body).toEqual(before);
    const { refreshToken } = here.signedIn;
    expect((await here.post(REFRESH, { refreshToken })).status).toBe(200);
    expect((await there.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    const refreshed = await there.post(REFRESH, { refreshToken: there.signedIn.refreshToken });
    expect(refreshed.outcome).toBe('401 INVALID_REFRESH_TOKEN');
    const { email, password } = credentials;
    expect((await accounts.stranger().post(LOGIN, { email, password })).outcome).toBe(
      '401 INVALID_CREDENTIALS',
    );
    expect((await accounts.stranger().post(LOGIN, { email, password: NEW_PASSWORD })).status).toBe(200);
    expect(accounts.test.logs).toContainEqual(
      expect.objectContaining({ event: 'password_changed', userId: credentials.id }),
    );
  });

  it('is outlived by no sign-in with the old one that overlaps it', async () => {
    let overlapping = 0;
    for (let round = 0; round < 12; round++) {
      const credentials = await accounts.newUser();
      const here = await accounts.signIn(credentials);
      const { email, password } = credentials;
      // Each a little later than the one before it, so that one of them meets every step of the change.
      const signIns = Array.from({ length: 8 }, async (_, n) => {
        await sleep(2 * n);
        return accounts.stranger().post(LOGIN, { email, password });
      });
      const [changed, ...answers] = await Promise.all([change(here, password), ...signIns]);
      expect(changed.status).toBe(200);
      for (const { status, body } of answers) {
        if (status !== 200) continue;
        overlapping++;
        const headers = { authorization: `Bearer ${body.data.accessToken}` };
        expect((await accounts.stranger().get(ME, headers)).outcome).toBe('401 UNAUTHENTICATED');
      }
    }
    expect(overlapping).toBeGreaterThan(0);
  });

  it.each([
    ['the current one is wrong', 'wrong password', NEW_PASSWORD, '401 INVALID_CREDENTIALS'],
    ['the new one is too common', PASSWORD, 'password123', '400 WEAK_PASSWORD'],
    ['both are wrong', 'wrong password', 'password123', '401 INVALID_CREDENTIALS'],
    ['the new one is too short', PASSWORD, 'short', '400 VALIDATION_ERROR'],
  ])('is refused when %s', async (_, current, next, outcome) => {
    const credentials = await accounts.newUser();
    const [here, there] = [await accounts.signIn(credentials), await accounts.signIn(credentials)];
    expect((await change(here, current, next)).outcome).toBe(outcome);
    expect((await there.get(ME)).status).toBe(200);
    expect(
      (await accounts.stranger().post(LOGIN, { email: credentials.email, password: credentials.password }))
        .status,
    ).toBe(200);
  });

  it('slows down who guesses the current one, and nobody else', async () => {
    const credentials = await accounts.newUser();
    const [here, there] = [await accounts.signIn(credentials), await accounts.signIn(credentials)];
    const outcomes = [];
    for (let n = 0; n < 12; n++) outcomes.push((await change(here, `guess number ${n}`)).outcome);
    expect(outcomes.filter((outcome) => outcome === '401 INVALID_CREDENTIALS')).toHaveLength(11);
    expect(outcomes.at(-1)).toBe('429 RATE_LIMITED');
    expect((await change(there, credentials.password)).outcome).toBe('429 RATE_LIMITED');
    const other = await accounts.newUser();
    expect((await change(await accounts.signIn(other), other.password)).status).toBe(200);
  });

  it('is not held up by strangers who guess at signing in', async () => {
    const { email, password } = await accounts.newUser();
    const here = await accounts.signIn({ email, password });
    for (let n = 0; n < 14; n++)
      await accounts.stranger().post(LOGIN, { email, password: `guess number ${n}` });
    expect((await change(here, password)).status).toBe(200);
  });

  it('of two at once is done by one', async () => {
    const credentials = await accounts.newUser();
    const here = await accounts.signIn(credentials);
    const passwords = ['first battery horse', 'second battery horse'];
    const answers = await Promise.all(passwords.map((each) => change(here, credentials.password, each)));
    const outcomes = answers.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === '200')).toHaveLength(1);
    expect(outcomes.join()).toMatch(/401 INVALID_CREDENTIALS|409 CONFLICT/);
    const won = passwords[outcomes.indexOf('200')] ?? '';
    expect((await accounts.stranger().post(LOGIN, { email: credentials.email, password: won })).status).toBe(
      200,
    );
  });
});
