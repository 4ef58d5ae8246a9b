import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { CryptoConfig } from '../src/platform/crypto/crypto.config.js';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { UserAddresses } from '../src/modules/users/user-addresses.js';
import { UsersService } from '../src/modules/users/users.service.js';
import type { UserId } from '../src/platform/access/caller.js';
import { inTransaction, hearsOfChanges } from './support/shelf.js';
import { eventually } from './support/mails.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD, TestClient } from './support/test-client.js';
import { ME, USERS } from './support/users.js';
import { atMost } from './support/soak.js';

/** Two applications on one database, as two processes are. */
let here: TestApp;
let there: TestApp;
let admin: TestClient;

beforeAll(async () => {
  here = await createTestApp();
  const { mongodbUri } = here.config.of(DatabaseConfig);
  const { jwtSecret } = here.config.of(CryptoConfig);
  there = await createTestApp({ MONGODB_URI: mongodbUri, JWT_SECRET: jwtSecret });
  admin = await here.anonymous.signIn('admin');
  await Promise.all([hearsOfChanges(here), hearsOfChanges(there)]);
});
afterAll(async () => {
  await here.close();
  await there.close();
});

const profileOf = async (client: TestClient) => (await client.get(ME)).body.data as Record<string, unknown>;
const at = ({ userId }: TestClient) => `${USERS}/${userId}`;

/** Somebody whose profile both applications have kept. */
async function known(): Promise<{ user: TestClient; elsewhere: TestClient }> {
  const user = await here.anonymous.signIn();
  const elsewhere = there.anonymous.with(user.headers);
  await Promise.all([profileOf(user), profileOf(elsewhere)]);
  return { user, elsewhere };
}

const service = () => here.app.get(UsersService);

/** Everything that changes what a user is answered of itself. */
const changes: [
  what: string,
  change: (user: TestClient) => Promise<unknown>,
  seen: Record<string, unknown>,
][] = [
  ['its name, by itself', (user) => user.patch(at(user), { name: 'Ada' }), { name: 'Ada', version: 2 }],
  ['its name, by an administrator', (user) => admin.patch(at(user), { name: 'Eve' }), { name: 'Eve' }],
  ['its role', (user) => admin.patch(at(user), { role: 'moderator' }), { role: 'moderator' }],
  [
    'a right that is taken',
    async (user) => {
      await admin.patch(at(user), { role: 'admin' });
      await profileOf(user);
      await admin.patch(at(user), { role: 'user' });
    },
    { role: 'user', version: 3 },
  ],
  [
    'its address',
    (user) =>
      inTransaction(here, (transaction) =>
        here.app.get(UserAddresses).move(user.userId as UserId, 'ada@example.com', transaction),
      ),
    { email: 'ada@example.com', version: 2 },
  ],
  [
    'its second factor',
    (user) =>
      inTransaction(here, (transaction) => service().setOtpEnabled(user.userId as UserId, true, transaction)),
    { otpEnabled: true, version: 2 },
  ],
];

describe('GET /api/v1/auth/me', () => {
  it('tells of a change behind the back of the product, too', async () => {
    const { user } = await known();
    const stored = here.connection.collection('users');
    await stored.updateOne({ _id: new Types.ObjectId(user.userId) }, { $set: { name: 'Behind the back' } });
    await eventually(async () => (await profileOf(user))['name'] === 'Behind the back');
  });

  it.each(changes)(
    'tells of a change of %s at once, and in other processes within two seconds',
    async (_, change, seen) => {
      const { user, elsewhere } = await known();
      await change(user);
      expect(await profileOf(user)).toMatchObject(seen);
      const started = Date.now();
      await eventually(async () => {
        const profile = await profileOf(elsewhere);
        return Object.entries(seen).every(([name, value]) => profile[name] === value);
      });
      expect(Date.now() - started).toBeLessThan(atMost(2_000));
    },
  );

  it('stays as it is when a change is refused', async () => {
    const { user } = await known();
    expect((await user.patch(at(user), { name: 'Ada' }, { 'if-match': '"7"' })).status).toBe(412);
    expect(await profileOf(user)).toMatchObject({ name: 'user', version: 1 });
  });

  it('answers nobody who is deleted or disabled', async () => {
    const [{ user, elsewhere }, disabled] = [await known(), await known()];
    await user.post(`${at(user)}/delete`, { password: PASSWORD });
    await admin.patch(at(disabled.user), { disabled: true });
    expect([(await user.get(ME)).status, (await disabled.user.get(ME)).status]).toEqual([401, 401]);
    await eventually(async () => (await elsewhere.get(ME)).status === 401);
    await eventually(async () => (await disabled.elsewhere.get(ME)).status === 401);
    await admin.patch(at(disabled.user), { disabled: false });
    const email = String((await admin.get(at(disabled.user))).body.data.email);
    const again = await here.anonymous.signInAs({ email, password: PASSWORD });
    expect(await profileOf(again)).toMatchObject({ disabled: false, version: 3 });
  });

  it('keeps users apart', async () => {
    const people = await Promise.all(Array.from({ length: 10 }, () => here.anonymous.signIn()));
    for (let times = 0; times < 2; times++) {
      const profiles = await Promise.all(people.map(profileOf));
      expect(profiles.map(({ id }) => id)).toEqual(people.map(({ userId }) => userId));
    }
  });

  it('is not wrong after the last of many changes at the same time', async () => {
    const { user } = await known();
    const names = Array.from({ length: 20 }, (_, index) => `Name ${index}`);
    const answers = await Promise.all(
      names.map(async (name) => {
        const changed = await user.patch(at(user), { name });
        await profileOf(user);
        return changed.status;
      }),
    );
    const stored = await here.connection
      .collection('users')
      .findOne({ _id: new Types.ObjectId(user.userId) });
    const { name, version } = await profileOf(user);
    expect({ name, version }).toEqual({ name: stored?.['name'], version: stored?.['version'] });
    expect(new Set(answers)).toEqual(new Set([200]));
  });
});
