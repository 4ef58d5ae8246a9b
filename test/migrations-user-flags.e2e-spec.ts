import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { createTestApp, type TestApp, testConfig } from './support/test-app.js';
import { type Credentials, LOGIN, ME, register } from './support/users.js';

const PROJECT = {
  _id: new Types.ObjectId(),
  ownerId: new Types.ObjectId(),
  name: 'Old',
  metadata: {},
  version: 4,
  createdAt: new Date(),
  updatedAt: new Date(),
};
const NEWER = { _id: new Types.ObjectId(), name: 'New', createdBy: new Types.ObjectId() };
const FLAGS = { emailVerified: 1, otpEnabled: 1 } as const;

describe('users that were stored before they had emailVerified and otpEnabled', () => {
  const database = { MONGODB_URI: testConfig().of(DatabaseConfig).mongodbUri };
  let before: TestApp;
  let after: TestApp;
  let old: Credentials;
  let half: Credentials;
  let whole: Credentials;

  const forget = (_id: string) =>
    before.connection.collection<{ _id: string }>('migrations').deleteOne({ _id });
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
    await forget('0001-user-flags');
    await forget('20261129064000-created-by');
    await before.connection.collection('projects').insertOne({ ...PROJECT });
    await before.connection.collection('projects').insertOne({ ...PROJECT, ...NEWER });
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

  it('have what they own as their own work, and what somebody else has created as theirs', async () => {
    const projects = before.connection.collection('projects');
    const { ownerId, version } = PROJECT;
    expect(await projects.findOne({ _id: PROJECT._id })).toMatchObject({
      createdBy: ownerId,
      version: version + 1,
    });
    expect(await projects.findOne({ _id: NEWER._id })).toMatchObject({ ...NEWER, version });
    expect(
      await before.connection.collection('sessions').findOne({ createdBy: { $exists: true } }),
    ).toBeNull();
  });

  it('are changed once: the ledger has it', async () => {
    await users().updateOne({ email: old.email }, { $unset: FLAGS });
    const third = await createTestApp(database);
    await third.app.close();
    expect(await stored(old)).not.toHaveProperty('otpEnabled');
  });
});
