import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Accounts, CHANGE_EMAIL, FORGOT, VERIFY_AGAIN } from './support/accounts.js';
import { createKey, withKey } from './support/api-keys.js';
import { askForChange, confirm, login, newEmail } from './support/email-changes.js';
import { createTestApp } from './support/test-app.js';
import { PASSWORD, type TestClient } from './support/test-client.js';
import { faultyPaths, ME, register, REGISTER, SESSIONS, USERS } from './support/users.js';

const INVALID = '400 INVALID_RESET_TOKEN';

let accounts: Accounts;

beforeAll(async () => {
  accounts = await Accounts.start();
});
afterAll(() => accounts.close());

const meOf = async (client: TestClient) => (await client.get(ME)).body.data as Record<string, unknown>;

describe('changing the address', () => {
  it('takes a link that is mailed to the new one, and tells the old one', async () => {
    const { registered, client, email, undo, mail, answer } = await askForChange(accounts);
    expect([answer.body, answer.headers['cache-control']]).toEqual([
      { success: true, message: 'If the address is free, a mail to it is on its way' },
      'no-store',
    ]);
    expect([mail.subject, new URL(mail.link).pathname]).toEqual([
      'Confirm your new email address',
      '/email-change',
    ]);
    expect([undo.subject, new URL(undo.link).pathname]).toEqual([
      'Your email address is about to change',
      '/email-undo',
    ]);
    // Neither names the other address to whoever reads it.
    expect(mail.raw).not.toContain(registered.email);
    expect(undo.raw).not.toContain(email);
    expect(await meOf(client)).toMatchObject({ email: registered.email, version: 2 });

    const done = await confirm(accounts, mail.token);
    expect([done.status, done.body, done.headers['cache-control']]).toEqual([
      200,
      { success: true, data: { email, undone: false } },
      'no-store',
    ]);
    expect(await meOf(client)).toMatchObject({ email, emailVerified: true, version: 3 });
    expect((await login(accounts, email)).status).toBe(200);
    expect((await login(accounts, registered.email)).outcome).toBe('401 INVALID_CREDENTIALS');
    expect((await confirm(accounts, mail.token)).outcome).toBe(INVALID);
    expect(accounts.test.logs).toContainEqual(
      expect.objectContaining({ event: 'email_changed', userId: registered.id }),
    );
  });

  it('ends every session but the one that asked, and no key', async () => {
    const { registered, client, mail } = await askForChange(accounts);
    const other = await accounts.signIn(registered);
    const program = withKey(accounts.test, (await createKey(client)).key);
    await confirm(accounts, mail.token);
    expect([(await client.get(ME)).status, (await other.get(ME)).status]).toEqual([200, 401]);
    expect((await program.get(ME)).status).toBe(200);
    expect((await client.get(SESSIONS)).body.data).toHaveLength(1);
  });

  it('is answered alike for an address that is taken, whose owner gets no mail', async () => {
    const taken = await accounts.newUser();
    const registered = await accounts.newUser();
    const client = await accounts.signIn(registered);
    const answers = [];
    for (const email of [taken.email, newEmail()]) {
      const answer = await client.post(CHANGE_EMAIL, { email }, { 'x-request-id': 'alike' });
      answers.push(JSON.stringify([answer.status, answer.text]));
    }
    expect(new Set(answers).size).toBe(1);
    await accounts.mailTo(registered.email, 3);
    await sleep(100);
    expect(accounts.mailsTo(taken.email)).toHaveLength(1);
  });

  it('is refused in the end when somebody took the address meanwhile', async () => {
    const { client, email, mail, registered } = await askForChange(accounts);
    await accounts.stranger().post(REGISTER, { email, password: PASSWORD });
    expect((await confirm(accounts, mail.token)).outcome).toBe('409 EMAIL_TAKEN');
    expect(await meOf(client)).toMatchObject({ email: registered.email });
  });

  it('is done by the newest link only', async () => {
    const { client, mail } = await askForChange(accounts);
    const email = newEmail();
    await client.post(CHANGE_EMAIL, { email });
    const { token } = await accounts.mailTo(email);
    expect((await confirm(accounts, mail.token)).outcome).toBe(INVALID);
    expect((await confirm(accounts, token)).body.data).toEqual({ email, undone: false });
  });

  it('is done once, however many open the link at once', async () => {
    const { mail } = await askForChange(accounts);
    const answers = await Promise.all(Array.from({ length: 10 }, () => confirm(accounts, mail.token)));
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['200', ...Array(9).fill(INVALID)]);
  });

  it('of two users to one address is done by one', async () => {
    const email = newEmail();
    const first = await askForChange(accounts, email);
    const registered = await accounts.newVerifiedUser();
    await (await accounts.signIn(registered)).post(CHANGE_EMAIL, { email });
    const second = await accounts.mailTo(email, 2);
    const answers = await Promise.all([confirm(accounts, first.mail.token), confirm(accounts, second.token)]);
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['200', '409 EMAIL_TAKEN']);
  });

  it.each([
    ['the user has', (email: string) => ({ email }), 'email'],
    ['the user has in other letters', (email: string) => ({ email: ` ${email.toUpperCase()} ` }), 'email'],
    ['is none', () => ({ email: 'nobody' }), 'email'],
    ['is missing', () => ({}), 'email'],
  ])('is refused for an address that %s', async (_, body, path) => {
    const registered = await accounts.newUser();
    const client = await accounts.signIn(registered);
    const answer = await client.post(CHANGE_EMAIL, body(registered.email));
    expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', [path]]);
  });

  it('has a budget for the user', async () => {
    const client = await accounts.signIn(await accounts.newUser());
    for (let n = 0; n < 5; n++) {
      expect((await client.post(CHANGE_EMAIL, { email: newEmail() })).status).toBe(202);
    }
    const refused = await client.post(CHANGE_EMAIL, { email: newEmail() });
    expect([refused.outcome, Number(refused.headers['retry-after']) > 3_500]).toEqual([
      '429 RATE_LIMITED',
      true,
    ]);
  });

  it('has a budget for each user and address together, and one for all mails to the address', async () => {
    const target = newEmail();
    const ask = async (times: number) => {
      const registered = await accounts.newUser();
      const client = await accounts.signIn(registered);
      for (let n = 0; n < times; n++) {
        expect((await client.post(CHANGE_EMAIL, { email: target })).status).toBe(202);
      }
      await accounts.mailTo(registered.email, 1 + times);
      return registered;
    };
    await ask(4);
    await accounts.mailTo(target, 3);
    await ask(1);
    await accounts.mailTo(target, 4);
    for (let n = 0; n < 6; n++) await ask(3);
    await accounts.mailTo(target, 20);
    await sleep(100);
    expect(accounts.mailsTo(target)).toHaveLength(20);
    // Who has proved an address of its own is not kept waiting by accounts that anybody can make.
    const verified = await accounts.newVerifiedUser();
    await (await accounts.signIn(verified)).post(CHANGE_EMAIL, { email: target });
    const { token } = await accounts.mailTo(target, 21);
    expect((await confirm(accounts, token)).body.data).toEqual({ email: target, undone: false });
  });

  it('leaves nothing that was mailed to the old address', async () => {
    const { registered, mail } = await askForChange(accounts);
    await accounts.stranger().post(FORGOT, { email: registered.email });
    const { token } = await accounts.mailTo(registered.email, 3);
    await confirm(accounts, mail.token);
    expect((await accounts.reset(token)).outcome).toBe(INVALID);
  });

  it('is not done by a link that came before the user was disabled', async () => {
    const { registered, mail } = await askForChange(accounts);
    for (const disabled of [true, false]) {
      await accounts.admin.patch(`${USERS}/${registered.id}`, { disabled });
    }
    expect((await confirm(accounts, mail.token)).outcome).toBe(INVALID);
  });

  it('verifies an address that was not, where the mail for the old one no longer does', async () => {
    const registered = await accounts.newUser();
    const client = await accounts.signIn(registered);
    const email = newEmail();
    await client.post(CHANGE_EMAIL, { email });
    await confirm(accounts, (await accounts.mailTo(email)).token);
    expect(await meOf(client)).toMatchObject({ email, emailVerified: true });
    expect((await client.post(VERIFY_AGAIN)).status).toBe(202);
  });

  it('is refused where no mail can be sent', async () => {
    const test = await createTestApp({ NODE_ENV: 'production', BCRYPT_ROUNDS: '10' });
    const { email, password } = await register(test.anonymous);
    const client = await test.anonymous.signInAs({ email, password });
    expect((await client.post(CHANGE_EMAIL, { email: newEmail() })).outcome).toBe('503 MAIL_NOT_CONFIGURED');
    await test.close();
  });
});
