import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { mailboxForms } from '../src/migrations/0002-mailbox-forms.js';
import { createTestApp, type TestApp, testConfig } from './support/test-app.js';
import { type Credentials, LOGIN, newAddress, register } from './support/users.js';

describe('users that were stored before mailboxes had one form', () => {
  const database = { MONGODB_URI: testConfig().of(DatabaseConfig).mongodbUri };
  let before: TestApp;
  let after: TestApp;

  const users = () => before.connection.collection('users');
  /** Somebody whose address was stored as it was typed. */
  async function stored(email: string): Promise<Credentials & { readonly id: string }> {
    const user = await register(before.anonymous);
    await users().updateOne({ email: user.email }, { $set: { email } });
    return { ...user, email };
  }
  const addressOf = async ({ id }: { readonly id: string }) => {
    const all = await users()
      .find({}, { projection: { email: 1, version: 1 } })
      .toArray();
    const found = all.find(({ _id }) => String(_id) === id);
    return [found?.['email'], found?.['version']];
  };

  let alone: Awaited<ReturnType<typeof stored>>[];
  let pair: Awaited<ReturnType<typeof stored>>[];
  let bothOld: Awaited<ReturnType<typeof stored>>[];

  beforeAll(async () => {
    before = await createTestApp(database);
    alone = [
      await stored('rene\u0301@example.com'),
      await stored('ada@mu\u0308nchen.de'),
      await stored('i\u0307@example.com'),
    ];
    pair = [await stored('jose\u0301@example.com'), await stored('josé@example.com')];
    bothOld = [await stored('zoe\u0308@xn--mnchen-3ya.de'), await stored('zoë@münchen.de')];
    await before.connection
      .collection<{ _id: string }>('migrations')
      .deleteOne({ _id: '0002-mailbox-forms' });
    after = await createTestApp(database);
  });
  afterAll(async () => {
    await before.close();
    await after.close();
  });

  it('have it from the next start on, and another version', async () => {
    expect(await Promise.all(alone.map(addressOf))).toEqual([
      ['rené@example.com', 2],
      ['ada@xn--mnchen-3ya.de', 2],
      ['i\u0307@example.com', 1],
    ]);
  });

  it('stay as they are where several have one mailbox, and their ids are told', async () => {
    for (const user of [...pair, ...bothOld]) expect(await addressOf(user)).toEqual([user.email, 1]);
    const { db } = after.connection;
    const told: string[] = [];
    if (db) await mailboxForms.up({ db, progress: () => undefined, notice: (text) => void told.push(text) });
    expect(told).toHaveLength(2);
    for (const { id } of pair) expect(told.find((text) => text.includes(id))).toBeDefined();
    for (const { id } of bothOld) expect(told.find((text) => text.includes(id))).toBeDefined();
    expect(told.join()).not.toContain('@');
  });

  it('sign in as they did', async () => {
    for (const { email, password, id } of [...alone, ...pair, ...bothOld]) {
      const { status, body } = await after.anonymous.from(newAddress()).post(LOGIN, { email, password });
      expect([status, body.data.user.id]).toEqual([200, id]);
    }
  });
});
