import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { createTestApp, type TestApp, testConfig } from './support/test-app.js';
import { type Credentials, LOGIN, ME, register } from './support/users.js';

const FLAGS = { emailVerified: 1, otpEnabled: 1 } as const;

describe('users that were stored before they had emailVerified and otpEnabled', () => {
  const database = { MONGODB_URI: testConfig().of(DatabaseConfig).mongodbUri };
  let before: TestApp;
  let after: TestApp;
  let old: Credentials;
  let half: Credentials;
  let whole: Credentials;

  const users = () => before.connection.collection('users');

  beforeAll(async () => {
    before = await createTestApp(database);
    [old, half, whole] = [
      await register(before.anonymous),
      await register(before.anonymous),
      await register(before.anonymous),
    ];
    await users().updateOne({ email: old.email }, { $unset: FLAGS });
    await users().updateOne(
      { email: half.email },
      { $unset: { otpEnabled: 1 }, $set: { emailVerified: true } },
    );
    await before.connection.collection<{ _id: string }>('migrations').deleteOne({ _id: '0001-user-flags' });
    after = await createTestApp(database);
  });
  afterAll(async () => {
    await before.close();
    await after.close();
  });

  const stored = ({ email }: Credentials) => users().findOne({ email });

  it('have both as false from the next start on, and another version where they are answered differently', async () => {
    expect(await stored(old)).toMatchObject({ emailVerified: false, otpEnabled: false, version: 3 });
  });

  it('keep what they have', async () => {
    expect(await stored(half)).toMatchObject({ emailVerified: true, otpEnabled: false, version: 2 });
    expect(await stored(whole)).toMatchObject({ emailVerified: false, otpEnabled: false, version: 1 });
  });

  it('sign in, and are answered as everybody is', async () => {
    const { email, password } = old;
    const { status, body } = await after.anonymous.post(LOGIN, { email, password });
    expect([status, body.data.user]).toEqual([
      200,
      expect.objectContaining({ email, emailVerified: false, otpEnabled: false }),
    ]);
    const ada = await after.anonymous.signInAs(old);
    expect((await ada.get(ME)).body.data).toMatchObject({ emailVerified: false, otpEnabled: false });
  });

  it('are changed once: the ledger has it', async () => {
    await users().updateOne({ email: old.email }, { $unset: FLAGS });
    const third = await createTestApp(database);
    await third.app.close();
    expect(await stored(old)).not.toHaveProperty('otpEnabled');
  });
});
