import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { ConfigError } from '../src/platform/config/config.js';
import { createTestApp, type TestApp, testConfig } from './support/test-app.js';
import { PASSWORD } from './support/test-client.js';
import { LOGIN, newCredentials, REGISTER } from './support/users.js';

const ADMIN = { ADMIN_EMAIL: 'Root@Example.com', ADMIN_PASSWORD: PASSWORD };
const SIGN_IN = { email: 'root@example.com', password: PASSWORD };

/** The address of a database that nobody has used. */
const emptyDatabase = () => ({ MONGODB_URI: testConfig().of(DatabaseConfig).mongodbUri });

const administrators = ({ connection }: TestApp) =>
  connection.collection('users').find({ role: 'admin' }).toArray();

describe('the first administrator', () => {
  const running: TestApp[] = [];

  /** Starts an application that is closed after the tests. */
  async function start(env: Parameters<typeof createTestApp>[0]): Promise<TestApp> {
    const test = await createTestApp(env);
    running.push(test);
    return test;
  }
  // One after the other: some share a database.
  afterAll(async () => {
    for (const test of running) await test.close();
  });

  it('is created by the start, and may do what administrators may', async () => {
    const test = await start({ ...ADMIN, ...emptyDatabase() });
    const { status, body } = await test.anonymous.post(LOGIN, SIGN_IN);
    expect([status, body.data.user.role]).toEqual([200, 'admin']);
    const client = test.anonymous.with({ authorization: `Bearer ${body.data.accessToken}` });
    expect((await client.get('/api/v1/users')).status).toBe(200);
    expect(test.logs).toContainEqual(
      expect.objectContaining({ event: 'user_created', userId: body.data.user.id, role: 'admin' }),
    );
    expect(test.logText()).not.toMatch(/root@example\.com/i);
  });

  describe('is not created', () => {
    const database = emptyDatabase();
    let first: TestApp;

    beforeAll(async () => {
      first = await start({ ...ADMIN, ...database });
    });

    it('twice, by a second start', async () => {
      const before = await administrators(first);
      await start({ ...ADMIN, ...database });
      expect(await administrators(first)).toEqual(before);
    });

    it('anew with another password', async () => {
      const second = await start({ ...ADMIN, ADMIN_PASSWORD: 'another password', ...database });
      expect((await second.anonymous.post(LOGIN, SIGN_IN)).status).toBe(200);
      const other = await second.anonymous.post(LOGIN, { ...SIGN_IN, password: 'another password' });
      expect(other.outcome).toBe('401 INVALID_CREDENTIALS');
    });

    it('beside another administrator', async () => {
      await start({ ...ADMIN, ADMIN_EMAIL: 'second@example.com', ...database });
      expect(await administrators(first)).toHaveLength(1);
    });

    it('unless it is asked for', async () => {
      expect(await administrators(await start(emptyDatabase()))).toEqual([]);
    });
  });

  it.each(['user', 'moderator'])('is not made of a %s: the start is refused', async (role) => {
    const database = emptyDatabase();
    const test = await start(database);
    const { email, password } = newCredentials();
    await test.anonymous.post(REGISTER, { email, password });
    const users = test.connection.collection('users');
    await users.updateOne({ email }, { $set: { role } });
    const refused = createTestApp({ ADMIN_EMAIL: email, ADMIN_PASSWORD: PASSWORD, ...database });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toMatchObject({
      faults: [{ variable: 'ADMIN_EMAIL', problem: expect.any(String) }],
    });
    await expect(refused).rejects.not.toThrow(email);
    expect(await users.findOne({ email })).toMatchObject({ role });
    expect(await administrators(test)).toEqual([]);
  });

  it('is one when two processes start at once', async () => {
    const env = { ...ADMIN, ...emptyDatabase() };
    const [first, second] = await Promise.all([start(env), start(env)]);
    expect(await administrators(first)).toHaveLength(1);
    for (const { anonymous } of [first, second]) {
      expect((await anonymous.post(LOGIN, SIGN_IN)).status).toBe(200);
    }
  });

  it('has the word of whoever runs the server for its address, also when an older release made it', async () => {
    const database = emptyDatabase();
    const test = await start({ ...ADMIN, ...database });
    const isVerified = async () =>
      (await administrators(test)).map(({ emailVerified }) => emailVerified as unknown);
    expect(await isVerified()).toEqual([true]);
    await test.connection.collection('users').updateMany({}, { $set: { emailVerified: false } });
    await start({ ...ADMIN, ...database });
    expect(await isVerified()).toEqual([true]);
  });

  it('stops the start when its password is easy to guess', async () => {
    const weak = { ADMIN_EMAIL: 'grace.hopper@example.com', ADMIN_PASSWORD: 'Grace-of-1906' };
    await expect(createTestApp({ ...weak, ...emptyDatabase() })).rejects.toThrow(
      'ADMIN_PASSWORD must not hold the name in the email address',
    );
  });
});
