import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { Accounts, CHANGE, CHANGE_EMAIL, FORGOT, NEW_PASSWORD } from './support/accounts.js';
import { createKey, withKey } from './support/api-keys.js';
import { askForChange, confirm, login, newEmail } from './support/email-changes.js';
import { codeOf, OTP } from './support/second-factor.js';
import { PASSWORD } from './support/test-client.js';
import { ME, REGISTER, USERS } from './support/users.js';

const INVALID = '400 INVALID_RESET_TOKEN';

let accounts: Accounts;

beforeAll(async () => {
  accounts = await Accounts.start();
});
afterAll(() => accounts.close());

describe('undoing a change of address', () => {
  /** A thief at the session of somebody, who has moved the account to an address of its own. */
  async function stolen() {
    const theft = await askForChange(accounts);
    await confirm(accounts, theft.mail.token);
    return theft;
  }

  it('brings the old address back and ends every session', async () => {
    const { registered, client, email, undo } = await stolen();
    const done = await confirm(accounts, undo.token);
    expect([done.status, done.body.data]).toEqual([200, { email: registered.email, undone: true }]);
    expect((await client.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await login(accounts, email)).outcome).toBe('401 INVALID_CREDENTIALS');
    const { body } = await login(accounts, registered.email);
    expect(body.data.user).toMatchObject({ email: registered.email, emailVerified: true, version: 4 });
    expect((await confirm(accounts, undo.token)).outcome).toBe(INVALID);
    expect(accounts.test.logs).toContainEqual(
      expect.objectContaining({ event: 'email_change_undone', userId: registered.id }),
    );
  });

  it('stops a change that was not made yet', async () => {
    const { registered, client, undo, mail } = await askForChange(accounts);
    expect((await confirm(accounts, undo.token)).body.data).toEqual({
      email: registered.email,
      undone: true,
    });
    expect((await confirm(accounts, mail.token)).outcome).toBe(INVALID);
    expect((await client.get(ME)).status).toBe(401);
  });

  it('leaves nothing by which a thief could stay', async () => {
    const { registered, client, email, undo } = await stolen();
    const program = withKey(accounts.test, (await createKey(client)).key);
    const { body } = await client.post(`${OTP}/enable`, { password: PASSWORD });
    await client.post(`${OTP}/confirm`, { otp: codeOf(String(body.data.secret)) });
    await client.post(CHANGE, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });
    await accounts.stranger().post(FORGOT, { email });
    const thiefs = await accounts.mailTo(email, 2);

    await confirm(accounts, undo.token);
    expect((await program.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    expect((await accounts.reset(thiefs.token)).outcome).toBe(INVALID);
    expect((await login(accounts, registered.email, NEW_PASSWORD)).outcome).toBe('401 INVALID_CREDENTIALS');
    expect((await accounts.reset(await accounts.linkFor(registered), 'third battery horse')).status).toBe(
      200,
    );
    const owner = await login(accounts, registered.email, 'third battery horse');
    expect(owner.body.data.user).toMatchObject({ id: registered.id, otpEnabled: false });
  });

  it('keeps a second factor that is older than a thief', async () => {
    const registered = await accounts.newVerifiedUser();
    const client = await accounts.signIn(registered);
    const { body } = await client.post(`${OTP}/enable`, { password: PASSWORD });
    await client.post(`${OTP}/confirm`, { otp: codeOf(String(body.data.secret)) });
    const ownerId = new Types.ObjectId(registered.id);
    const createdAt = new Date(Date.now() - 8 * 24 * 3_600_000);
    await accounts.test.connection
      .collection('second_factors')
      .updateOne({ ownerId }, { $set: { createdAt } });
    const email = newEmail();
    await client.post(CHANGE_EMAIL, { email });
    const undo = await accounts.mailTo(registered.email, 2);
    await confirm(accounts, (await accounts.mailTo(email)).token);
    await confirm(accounts, undo.token);
    expect((await login(accounts, registered.email)).outcome).toBe('401 OTP_REQUIRED');
  });

  it('works however often the address was changed since, and for the first owner last', async () => {
    const { registered, client, email, undo } = await stolen();
    const third = newEmail();
    await client.post(CHANGE_EMAIL, { email: third });
    const ofThief = await accounts.mailTo(email, 2);
    await confirm(accounts, (await accounts.mailTo(third)).token);
    expect((await confirm(accounts, ofThief.token)).body.data).toEqual({ email, undone: true });
    expect((await confirm(accounts, undo.token)).body.data).toEqual({
      email: registered.email,
      undone: true,
    });
    expect((await confirm(accounts, ofThief.token)).outcome).toBe(INVALID);
  });

  it('cannot be prevented by taking the old address: it is kept for a week', async () => {
    const { registered, undo } = await stolen();
    const { email } = registered;
    expect((await accounts.stranger().post(REGISTER, { email, password: PASSWORD })).outcome).toBe(
      '409 EMAIL_TAKEN',
    );
    expect((await accounts.admin.post(USERS, { email, name: 'New', password: PASSWORD })).outcome).toBe(
      '409 EMAIL_TAKEN',
    );
    const other = await accounts.newVerifiedUser();
    await (await accounts.signIn(other)).post(CHANGE_EMAIL, { email });
    const { token } = await accounts.mailTo(email, 3);
    expect((await confirm(accounts, token)).outcome).toBe('409 EMAIL_TAKEN');
    expect((await confirm(accounts, undo.token)).status).toBe(200);
  });

  it('is over after seven days, and the address is free', async () => {
    const { registered, undo } = await stolen();
    const former = accounts.test.connection.collection('former_addresses');
    const filter = { ownerId: new Types.ObjectId(registered.id) };
    const days = ((await former.findOne(filter))?.['expiresAt'].getTime() - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThanOrEqual(7);
    await former.updateMany(filter, { $set: { expiresAt: new Date(Date.now() - 1) } });
    expect((await confirm(accounts, undo.token)).outcome).toBe(INVALID);
    const { email, password } = registered;
    expect((await accounts.stranger().post(REGISTER, { email, password })).status).toBe(201);
  });

  it('lets a user return to an address that is kept for it', async () => {
    const { registered, client } = await stolen();
    await client.post(CHANGE_EMAIL, { email: registered.email });
    const { token } = await accounts.mailTo(registered.email, 3);
    expect((await confirm(accounts, token)).body.data).toEqual({ email: registered.email, undone: false });
  });
});
