import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../support/mails.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { PASSWORD, type TestClient } from '../support/test-client.js';
import { LOGIN, newCredentials, REGISTER, register } from '../support/users.js';
import { type FailingMongod, startFailingMongod } from './own-mongod.js';

jest.setTimeout(120_000);

/** After so many failures, whose delays are over, a further one has a long delay. */
const FAILURES = 25;
/** The database does what it is asked, and cannot say so: the outcome is unknown to the process. */
const UNSAID = {
  writeConcernError: { code: 91, errmsg: 'shutting down', errorLabels: ['RetryableWriteError'] },
};
/** The database cannot be reached. */
const LOST = { closeConnection: true };

describe('who tries while the database comes and goes', () => {
  let mongod: FailingMongod;
  let test: TestApp;
  let client: TestClient;
  let env: Record<string, string>;
  let addresses = 0;

  beforeAll(async () => {
    mongod = await startFailingMongod();
    env = { MONGODB_URI: mongod.uri, JWT_SECRET: randomBytes(48).toString('base64') };
    test = await createTestApp(env);
  });
  beforeEach(() => {
    client = test.anonymous.from(`198.51.100.${++addresses}`);
  });
  afterEach(() => mongod.fail('off'));
  afterAll(async () => {
    await test.close();
    await mongod.remove();
  });

  const repeatedly = async (times: number, work: () => Promise<{ status: number }>) => {
    const statuses = new Set<number>();
    for (let n = 0; n < times; n++) statuses.add((await work()).status);
    return [...statuses];
  };

  const counters = () => test.connection.collection('counters');
  /** Guesses passwords of an account that has failures already. */
  async function afterFailures() {
    const { email } = await register(client);
    const guess =
      (password: string, from = client) =>
      () =>
        from.post(LOGIN, { email, password });
    expect(await repeatedly(1, guess('wrong horse battery'))).toEqual([401]);
    await counters().updateMany({}, { $set: { count: FAILURES } });
    return guess;
  }

  describe.each([
    ['nothing can be written after the charge', ['insert', 'update'], LOST],
    ['it is unknown whether the charge was written', ['findAndModify'], UNSAID],
    ['neither charges nor refunds are acknowledged', ['findAndModify', 'update'], UNSAID],
  ])('where %s', (_, failCommands, fault) => {
    it('is not slowed down for that, only for wrong guesses', async () => {
      const guess = await afterFailures();
      await mongod.fail('alwaysOn', { failCommands, ...fault });
      expect(await repeatedly(3, guess(PASSWORD))).toEqual([503]);
      await mongod.fail('off');
      expect(await repeatedly(1, guess('wrong horse battery'))).toEqual([401]);
      // What was answered late may still be done, which ends the delay once and makes the device known.
      await eventually(async () => {
        const stranger = test.anonymous.from(`198.51.100.${++addresses}`);
        await guess('wrong horse battery', stranger)();
        return (await guess(PASSWORD, stranger)()).status === 429;
      });
    });

    it('may sign in at once when it is back', async () => {
      const guess = await afterFailures();
      await mongod.fail('alwaysOn', { failCommands, ...fault });
      expect(await repeatedly(3, guess(PASSWORD))).toEqual([503]);
      await mongod.fail('off');
      expect(await repeatedly(5, guess(PASSWORD))).toEqual([200]);
    });
  });

  it('is given back registrations, in whichever process it asks again', async () => {
    const other = await createTestApp(env);
    const users = () => test.connection.collection('users').countDocuments();
    const signUp = (from: TestClient) => from.post(REGISTER, { ...newCredentials(), password: PASSWORD });
    await counters().deleteMany({});
    const before = await users();
    await mongod.fail('alwaysOn', { failCommands: ['insert', 'update'], ...LOST });
    expect(await repeatedly(11, () => signUp(client))).toEqual([503]);
    await mongod.fail('off');
    // The first process gives back by itself, but for what was done after it was answered.
    let done = 0;
    await eventually(async () => {
      done = (await users()) - before;
      const [counter] = await counters().find().toArray();
      return counter?.['count'] === done;
    });
    const there = other.anonymous.from(`198.51.100.${addresses}`);
    expect(await repeatedly(10 - done, () => signUp(there))).toEqual([201]);
    expect((await signUp(there)).outcome).toBe('429 RATE_LIMITED');
    await other.close();
  });
});
