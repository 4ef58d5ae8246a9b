import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { verifyEmail } from '../src/modules/mail-links/verify-email.mail.js';
import { MailLinksService } from '../src/modules/mail-links/mail-links.service.js';
import { Accounts, CHANGE, FORGOT, NEW_PASSWORD, VERIFY } from './support/accounts.js';
import { isOverloaded, PASSWORD, untilTaken } from './support/test-client.js';
import { LOGIN, ME, newCredentials, REFRESH, USERS } from './support/users.js';
import { PRODUCT } from '../src/product/product.js';

const INVALID_LINK = '400 INVALID_RESET_TOKEN';

let accounts: Accounts;

beforeAll(async () => {
  accounts = await Accounts.start();
});
afterAll(() => accounts.close());

const user = ({ id }: { id: string }) => ({ _id: new Types.ObjectId(id) });
const users = () => accounts.test.connection.collection('users');

describe('a forgotten password', () => {
  it('is replaced by a mailed link, which works once', async () => {
    const { email, password } = await accounts.newUser();
    const { status, body, headers } = await accounts.stranger().post(FORGOT, { email });
    expect([status, body]).toEqual([
      202,
      { success: true, message: 'If the address belongs to a user, a mail is on its way' },
    ]);
    expect(headers['cache-control']).toBe('no-store');
    const mail = await accounts.mailTo(email, 2);
    expect(mail.subject).toBe('Choose a new password');
    expect(new URL(mail.link).pathname).toBe('/reset');

    const done = await accounts.reset(mail.token);
    expect([done.status, done.body]).toEqual([200, { success: true, message: 'Password set' }]);
    expect((await accounts.stranger().post(LOGIN, { email, password })).outcome).toBe(
      '401 INVALID_CREDENTIALS',
    );
    expect((await accounts.stranger().post(LOGIN, { email, password: NEW_PASSWORD })).status).toBe(200);
    expect((await accounts.reset(mail.token, 'another battery horse')).outcome).toBe(INVALID_LINK);
    expect((await accounts.stranger().post(LOGIN, { email, password: NEW_PASSWORD })).status).toBe(200);
  });

  it('ends every session', async () => {
    const credentials = await accounts.newUser();
    const devices = [await accounts.signIn(credentials), await accounts.signIn(credentials)];
    for (const device of devices) expect((await device.get(ME)).status).toBe(200);
    expect((await accounts.reset(await accounts.linkFor(credentials))).status).toBe(200);
    for (const device of devices) {
      expect((await device.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
      const { refreshToken } = device.signedIn;
      expect((await device.post(REFRESH, { refreshToken })).outcome).toBe('401 INVALID_REFRESH_TOKEN');
    }
    expect(accounts.test.logs).toContainEqual(
      expect.objectContaining({ event: 'password_reset', userId: credentials.id }),
    );
  });

  it('proves the address, and changes nothing else that is answered', async () => {
    const credentials = await accounts.newUser();
    const before = await users().findOne(user(credentials));
    await accounts.reset(await accounts.linkFor(credentials));
    const after = await users().findOne(user(credentials));
    expect(after).toEqual({
      ...before,
      emailVerified: true,
      version: 2,
      passwordHash: expect.any(String),
      updatedAt: expect.any(Date),
    });
    expect(after?.['passwordHash']).not.toBe(before?.['passwordHash']);
  });

  it('leaves a second factor on where the address was verified, and a disabled user disabled', async () => {
    const credentials = await accounts.newVerifiedUser();
    const token = await accounts.linkFor(credentials);
    await users().updateOne(user(credentials), { $set: { otpEnabled: true } });
    await accounts.admin.patch(`${USERS}/${credentials.id}`, { disabled: true });
    expect((await accounts.reset(token)).status).toBe(200);
    expect(await users().findOne(user(credentials))).toMatchObject({ otpEnabled: true, disabled: true });
    const answer = await accounts
      .stranger()
      .post(LOGIN, { email: credentials.email, password: NEW_PASSWORD });
    expect(answer.outcome).toBe('401 INVALID_CREDENTIALS');
  });

  it.each([
    ['one of the most common', 'password123', '400 WEAK_PASSWORD'],
    ['too short', 'short', '400 VALIDATION_ERROR'],
  ])('is not replaced by one that is %s, and the link stays valid', async (_, password, outcome) => {
    const token = await accounts.linkFor(await accounts.newUser());
    const answer = await accounts.reset(token, password);
    expect([answer.outcome, answer.body.details[0].path]).toEqual([outcome, 'newPassword']);
    expect((await accounts.reset(token)).status).toBe(200);
  });

  it('is not replaced by the name in the address', async () => {
    const email = `grace.hopper.${Date.now()}@example.com`;
    await accounts.admin.post(USERS, { email, name: 'Grace' });
    const { token } = await accounts.mailTo(email);
    expect((await accounts.reset(token, 'my Hopper 1906')).outcome).toBe('400 WEAK_PASSWORD');
  });

  describe('is not replaced by', () => {
    it.each(['x', 'x'.repeat(43), 'x'.repeat(128), ' ', '{}'])('the token %j', async (token) => {
      expect((await accounts.reset(token)).outcome).toBe(INVALID_LINK);
    });

    it.each(['', 'x'.repeat(129), '\0', null, 1, { $ne: '' }])('what is no token: %j', async (token) => {
      const answer = await accounts.reset(token);
      expect(answer.outcome).toBe('400 VALIDATION_ERROR');
    });

    it('a link that has expired, whether MongoDB has removed it or not', async () => {
      const credentials = await accounts.newUser();
      const token = await accounts.linkFor(credentials);
      const link = { ownerId: new Types.ObjectId(credentials.id), purpose: 'reset-password' };
      const links = accounts.test.connection.collection('mail_links');
      const minutes = ((await links.findOne(link))?.['expiresAt'].getTime() - Date.now()) / 60_000;
      expect(minutes).toBeGreaterThan(29);
      expect(minutes).toBeLessThanOrEqual(30);
      await links.updateOne(link, { $set: { expiresAt: new Date(Date.now() - 1) } });
      expect((await accounts.reset(token)).outcome).toBe(INVALID_LINK);
      expect(await links.countDocuments(link)).toBe(1);
    });

    it('a link that proves an address', async () => {
      const { verification } = await accounts.newUser();
      expect((await accounts.reset(verification)).outcome).toBe(INVALID_LINK);
      expect((await accounts.stranger().post(VERIFY, { token: verification })).status).toBe(200);
    });

    it('a link that was mailed twice and used once', async () => {
      const credentials = await accounts.newUser();
      const [first, again] = [await accounts.linkFor(credentials), await accounts.linkFor(credentials)];
      expect(again).toBe(first);
      expect((await accounts.reset(first)).status).toBe(200);
      expect((await accounts.reset(again)).outcome).toBe(INVALID_LINK);
      expect(await accounts.linkFor(credentials)).not.toBe(first);
    });

    it('a link from before the password was changed', async () => {
      const credentials = await accounts.newUser();
      const token = await accounts.linkFor(credentials);
      const caller = await accounts.signIn(credentials);
      await caller.post(CHANGE, { currentPassword: PASSWORD, newPassword: 'another battery horse' });
      expect((await accounts.reset(token)).outcome).toBe(INVALID_LINK);
    });

    it('a link of a user who was deleted', async () => {
      const credentials = await accounts.newUser();
      const token = await accounts.linkFor(credentials);
      await accounts.admin.delete(`${USERS}/${credentials.id}`);
      expect((await accounts.reset(token)).outcome).toBe(INVALID_LINK);
    });

    it('a link twice, however many open it at once', async () => {
      const token = await accounts.linkFor(await accounts.newUser());
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          untilTaken(() => accounts.reset(token, `${n} horses run`), isOverloaded),
        ),
      );
      const refused = Array.from({ length: 49 }, () => INVALID_LINK);
      expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual(['200', ...refused]);
    });
  });

  it('has a link that one of a hundred gets at once', async () => {
    const { id, verification } = await accounts.newUser();
    const links = accounts.test.app.get(MailLinksService, { strict: false });
    const owners = await Promise.all(
      Array.from({ length: 100 }, () => links.redeem(verification, [verifyEmail])),
    );
    expect(owners.flatMap((link) => link?.owner ?? [])).toEqual([id]);
  });
});

describe('a user without a password', () => {
  it('chooses one by the mailed link, and signs in', async () => {
    const { email } = newCredentials();
    const { body } = await accounts.admin.post(USERS, { email, name: 'Grace Hopper' });
    expect(body.data).toMatchObject({ emailVerified: false, version: 1 });
    expect(await users().findOne(user(body.data as { id: string }))).not.toHaveProperty('passwordHash');
    const mail = await accounts.mailTo(email);
    expect(mail).toMatchObject({
      subject: `Welcome to ${PRODUCT.name}: choose your password`,
      to: [{ name: 'Grace Hopper', address: email }],
    });
    expect((await accounts.reset(mail.token)).status).toBe(200);
    const caller = await accounts.signIn({ email, password: NEW_PASSWORD });
    expect((await caller.get(ME)).body.data).toMatchObject({ emailVerified: true, version: 2 });
  });

  it('may ask for another link when that has expired', async () => {
    const { email } = newCredentials();
    await accounts.admin.post(USERS, { email, name: 'Grace', password: null });
    const first = await accounts.mailTo(email);
    expect((await accounts.reset(await accounts.linkFor({ email }))).status).toBe(200);
    expect((await accounts.reset(first.token)).outcome).toBe(INVALID_LINK);
  });
});
