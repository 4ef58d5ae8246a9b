import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { ME, SESSIONS, USERS } from '../support/users.js';
import { HttpCaller } from './http-caller.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation } from './server-process.js';

const ADMIN = { email: 'admin@product.test', password: 'a long way to go home' };
const PASSWORD = 'correct horse battery';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

describe('two processes on one database', () => {
  let installation: Installation;
  let mongod: OwnMongod;
  let client: MongoClient;
  let here: HttpCaller;
  let admin: HttpCaller;
  let there: string;
  let count = 0;

  beforeAll(async () => {
    installation = await Installation.create();
    // Of its own: one of the tests cuts off everybody who is connected.
    mongod = await startOwnMongod();
    client = await new MongoClient(mongod.uri).connect();
    const env = {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      MONGODB_URI: mongod.uri,
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
    };
    await installation.migrate(env);
    const first = await installation.start(env);
    const second = await installation.start(env);
    here = new HttpCaller(first.url);
    there = second.url;
    admin = await here.signIn(ADMIN.email, ADMIN.password);
  });
  afterAll(async () => {
    await installation.remove();
    await client.close();
    await mongod.remove();
  });

  /** Signs somebody new in, who is known to both processes from then on. */
  async function known(): Promise<{ user: HttpCaller; id: string; session: string }> {
    const user = await here.signIn(`user${count++}@example.com`, PASSWORD);
    for (let times = 0; times < 3; times++) {
      expect((await user.at(there).get(ME)).status).toBe(200);
      expect((await user.get(ME)).status).toBe(200);
    }
    const { id } = (await user.get(ME)).body.data as { id: string };
    const [session] = (await user.get(SESSIONS)).body.data as [{ id: string }];
    return { user, id, session: session.id };
  }

  /** Resolves with the milliseconds until the other process answers so. */
  async function until(user: HttpCaller, path: string, status: number): Promise<number> {
    const started = Date.now();
    while ((await user.at(there).get(path)).status !== status) {
      if (Date.now() - started > 10_000) throw new Error(`never ${status}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return Date.now() - started;
  }

  it('refuse a session that the other one has ended, within two seconds', async () => {
    const { user, session } = await known();
    expect((await user.send('DELETE', `${SESSIONS}/${session}`)).status).toBe(200);
    expect((await user.get(ME)).status).toBe(401);
    expect(await until(user, ME, 401)).toBeLessThan(2_000);
  });

  it('refuse a user whom the other one has disabled, within two seconds', async () => {
    const { user, id } = await known();
    expect((await admin.send('PATCH', `${USERS}/${id}`, { disabled: true })).status).toBe(200);
    expect((await user.get(ME)).status).toBe(401);
    expect(await until(user, ME, 401)).toBeLessThan(2_000);
  });

  it('know a role that the other one has given, within two seconds', async () => {
    const { user, id } = await known();
    expect((await user.at(there).get(USERS)).status).toBe(403);
    expect((await admin.send('PATCH', `${USERS}/${id}`, { role: 'moderator' })).status).toBe(200);
    expect((await user.get(USERS)).status).toBe(200);
    expect(await until(user, USERS, 200)).toBeLessThan(2_000);
  });

  it('hear of changes again when MongoDB has cut off what told them', async () => {
    const { user, session } = await known();
    await client.db('admin').command({ killAllSessions: [] });
    // The requests' own connections may be cut off as well.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await user.send('DELETE', `${SESSIONS}/${session}`)).status).toBe(200);
    expect(await until(user, ME, 401)).toBeLessThan(2_000);
  });
});
