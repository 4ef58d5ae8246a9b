import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeJwt } from 'jose';
import { createApp } from '../../src/app.js';
import { scopeOf, SYSTEM, type UserId } from '../../src/platform/access/caller.js';
import { listen } from '../../src/platform/http/listen.js';
import { addExecutors, EngineLab, script } from '../support/executions.js';
import { eventually } from '../support/mails.js';
import { atMost, IS_SOAK } from '../support/soak.js';
import { createTestApp, type TestApp, testConfig } from '../support/test-app.js';
import { HttpCaller, type HttpAnswer } from './http-caller.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

let mongod: OwnMongod;
let test: TestApp;
let takeBack: () => void;
let ada: HttpCaller;
let projectId: string;

beforeAll(async () => {
  mongod = await startOwnMongod();
  takeBack = addExecutors();
  test = await createTestApp({ MONGODB_URI: mongod.uri });
  ada = await new HttpCaller(await listen(test.app, { port: 0, host: '127.0.0.1' })).signIn();
  const { body } = await ada.post('/api/v1/projects', { name: 'There before' });
  projectId = body.data.id as string;
});
afterAll(async () => {
  await test.close();
  takeBack();
  await mongod.remove();
});

let count = 0;
const create = () => ada.post('/api/v1/projects', { name: `Number ${count++}` });

/** One request of every way in which a handler meets the database. */
const requests: Record<string, () => Promise<HttpAnswer>> = {
  list: () => ada.get('/api/v1/projects?total=true'),
  get: () => ada.get(`/api/v1/projects/${projectId}`),
  create,
  replace: () => ada.send('PUT', `/api/v1/projects/${projectId}`, { name: 'There before' }),
  delete: () => ada.send('DELETE', '/api/v1/projects/66f1a0c2e4b0a1b2c3d4e5f6'),
  login: () =>
    ada.post('/api/v1/auth/login', { email: 'ada@example.com', password: 'correct horse battery' }),
  register: () =>
    ada.post('/api/v1/auth/register', { email: `${count++}@example.com`, password: 'x7!kQp2é' }),
  me: () => ada.get('/api/v1/auth/me'),
};

function askEverything(): Promise<[string, HttpAnswer][]> {
  return Promise.all(
    Object.entries(requests).map(async ([name, send]): Promise<[string, HttpAnswer]> => [name, await send()]),
  );
}

/** Resolves with the milliseconds until the path answers with the status. */
async function until(path: string, status: number): Promise<number> {
  const started = Date.now();
  while ((await ada.get(path)).status !== status) {
    if (Date.now() - started > 15_000) throw new Error(`${path} does not answer ${status}`);
    await sleep(20);
  }
  return Date.now() - started;
}

describe.each([
  ['frozen', () => mongod.freeze(), () => mongod.thaw()],
  ['killed', () => mongod.kill(), () => mongod.restart()],
])('while the database is %s', (_, goAway, comeBack) => {
  let noticed: Promise<number>;
  /** An execution of a user that comes to its second step meanwhile, when nobody knows whether it may. */
  let execution: string;
  const first = Promise.withResolvers<string>();

  beforeAll(async () => {
    const { sub } = decodeJwt(ada.token ?? '') as { sub: UserId };
    const begun = Promise.withResolvers<void>();
    const work = script(async (run) => {
      const a = await run.step('a', () => (begun.resolve(), first.promise));
      return a + (await run.step('b', () => 'b'));
    });
    execution = (await EngineLab.of(test).start(work, { scope: scopeOf(sub) })).id;
    await begun.promise;
    await goAway();
    noticed = until('/health/ready', 503);
  });

  it.each(['at first', 'later'])('every request is answered within 3 s: try again (%s)', async () => {
    for (const [name, { status, body, headers, ms }] of await askEverything()) {
      expect([name, status, body.code]).toEqual([name, 503, 'DATABASE_UNAVAILABLE']);
      expect(headers.get('retry-after')).toBe('1');
      expect({ name, isInTime: ms < atMost(3_000), ms }).toMatchObject({ isInTime: true });
    }
    first.resolve('a');
  });

  it('no request of a flood is left hanging', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => requests['list']?.()));
    expect(answers.filter((answer) => answer?.status !== 503)).toEqual([]);
    expect(Math.max(...answers.map((answer) => answer?.ms ?? 0))).toBeLessThan(atMost(5_000));
  });

  it('the process lives, and is neither ready nor healthy', async () => {
    expect(await noticed).toBeLessThan(atMost(5_000));
    const health = await ada.get('/health');
    expect(health.status).toBe(503);
    expect(health.body).toMatchObject({ status: 'error', services: { database: { status: 'error' } } });
    const live = await ada.get('/health/live');
    expect([live.status, live.body]).toEqual([200, { status: 'ok' }]);
    expect(live.ms).toBeLessThan(atMost(500));
  });

  it('its return is noticed within 5 s, also when nobody asks for data', async () => {
    // Long enough for everything that waits longer each time to have grown.
    await sleep(IS_SOAK ? 30_000 : 1_500);
    await comeBack();
    expect(await until('/health/ready', 200)).toBeLessThan(atMost(5_000));
    expect((await ada.get('/health')).body).toMatchObject({ status: 'ok' });
    const statuses = (await askEverything()).map(([name, { status }]) => [name, status]);
    expect(Object.fromEntries(statuses)).toEqual({
      list: 200,
      get: 200,
      create: 201,
      replace: 200,
      delete: 404,
      login: 200,
      register: 201,
      me: 200,
    });
    const ended = () => EngineLab.of(test).executions.get(SYSTEM, execution);
    // Whatever became of it, so that a failure says what it was.
    const OPEN = new Set(['queued', 'running', 'waiting']);
    await eventually(async () => !OPEN.has((await ended()).status), 20_000).catch(() => undefined);
    expect(await ended()).toMatchObject({ status: 'succeeded', result: 'ab' });
  });
});

describe('a database that goes away under load', () => {
  it.each([1, 2, 3])('costs the requests under way nothing worse than a 503 (%i)', async () => {
    const end = new AbortController();
    const answers: HttpAnswer[] = [];
    const client = async () => {
      while (!end.signal.aborted) answers.push(await create());
    };
    const clients = Array.from({ length: 20 }, client);
    while (!answers.some(({ status }) => status === 201)) await sleep(10);
    await sleep(150);
    await mongod.kill();
    await eventually(() => answers.some(({ status }) => status === 503));
    end.abort();
    await Promise.all(clients);
    await mongod.restart();
    const codes = new Set(answers.map(({ status, body }) => [status, body.code as unknown].join(' ')));
    expect(codes).toEqual(new Set(['201 ', '503 DATABASE_UNAVAILABLE']));
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(atMost(3_000));
    expect(await until('/health/ready', 200)).toBeLessThan(atMost(5_000));
  });
});

describe('a start', () => {
  it('waits for a database that comes later', async () => {
    await mongod.kill();
    let isUp = false;
    const app = await createApp(testConfig({ MONGODB_URI: mongod.uri, LOG_LEVEL: 'silent' }));
    const start = app.init().then(() => (isUp = true));
    await sleep(1_500);
    expect(isUp).toBe(false);
    await mongod.restart();
    await start;
    await app.close();
    await until('/health/ready', 200);
  });
});

describe('an end', () => {
  it('does not wait for a database that is frozen', async () => {
    const second = await createTestApp({ MONGODB_URI: mongod.uri });
    await mongod.freeze();
    const told = Date.now();
    await second.app.close();
    expect(Date.now() - told).toBeLessThan(atMost(3_000));
    mongod.thaw();
  });
});
