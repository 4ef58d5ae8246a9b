import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KEY_PREFIX, Redis } from '../src/platform/redis/redis.js';
import { eventually } from './support/mails.js';
import { type OwnRedis, startRedis } from './support/redis.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { atMost } from './support/soak.js';

// A machine without a redis-server fetches one.
jest.setTimeout(120_000);

/** nestjs-pino has one logger in a process: technical lines of every application go to the log of the first. */
let first: TestApp;
let before = 0;

beforeAll(async () => {
  first = await createTestApp();
});
afterAll(() => first.close());
beforeEach(() => {
  before = first.logs.length;
});

const told = (event: string) => first.logs.slice(before).filter((line) => line['event'] === event);

describe('a Redis that comes and goes', () => {
  let server: OwnRedis;
  let test: TestApp;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    test = await createTestApp({ REDIS_URL: server.url });
  });
  afterEach(() => test.close());

  const redis = () => test.app.get(Redis);
  const ask = () => redis().run((client) => client.get(`${KEY_PREFIX}heartbeat`));
  const health = async () => (await test.anonymous.get('/health')).body as { status: string };
  const healthIs = (status: string) => eventually(async () => (await health()).status === status);

  it('answers commands, and is well', async () => {
    await healthIs('ok');
    expect(await health()).toMatchObject({ services: { redis: { status: 'ok' } } });
    expect(await ask()).toBe('1');
    expect(told('redis_available')).toHaveLength(1);
  });

  it.each([
    ['frozen', () => server.freeze(), () => server.thaw(), 'timeout'],
    ['killed', () => server.kill(), () => server.restart(), /^(ECONNRESET|Socket\w+Error)$/],
  ])(
    'degrades health and nothing else while it is %s, and is back by itself',
    async (_, go, come, reason) => {
      await healthIs('ok');
      await go();
      const started = Date.now();
      const answers = await Promise.all(Array.from({ length: 100 }, ask));
      expect(new Set(answers)).toEqual(new Set([undefined]));
      // The first that failed is enough to know.
      expect(redis().status).toBe('error');
      // A tenth of a second and what a busy machine needs.
      expect(Date.now() - started).toBeLessThan(atMost(1_000));
      await healthIs('degraded');
      expect((await test.anonymous.get('/health')).status).toBe(200);
      expect((await test.anonymous.get('/health/ready')).status).toBe(200);
      expect(await health()).toMatchObject({
        services: { database: { status: 'ok' }, redis: { status: 'error' } },
      });
      // Nobody waits for it any more: each of these would take a tenth of a second.
      const later = Date.now();
      for (let times = 0; times < 50; times++) expect(await ask()).toBeUndefined();
      expect(Date.now() - later).toBeLessThan(atMost(1_000));
      // Several tries to reach it fail meanwhile.
      await sleep(2_500);
      expect(told('redis_unavailable')).toEqual([
        expect.objectContaining({ level: 'warn', reason: expect.stringMatching(reason) }),
      ]);
      await come();
      await healthIs('ok');
      expect(await ask()).toBe('1');
      expect(told('redis_available')).toHaveLength(2);
    },
  );

  it('does not hold up the end of the process while it is frozen', async () => {
    const second = await createTestApp({ REDIS_URL: server.url });
    const link = second.app.get(Redis);
    await eventually(() => link.status === 'ok');
    await server.freeze();
    const started = Date.now();
    const waiting = link.run((client) => client.get(`${KEY_PREFIX}heartbeat`));
    await second.close();
    expect(await waiting).toBeUndefined();
    expect(Date.now() - started).toBeLessThan(atMost(1_500));
    server.thaw();
  });

  it('is one command that failed, and no outage, when it refuses one', async () => {
    await healthIs('ok');
    expect(await redis().run((client) => client.sendCommand(['LPUSH', `${KEY_PREFIX}heartbeat`, '1']))).toBe(
      undefined,
    );
    expect(redis().status).toBe('ok');
    expect(told('redis_unavailable')).toEqual([]);
  });

  it('writes nothing of its address or its password to the log', async () => {
    await healthIs('ok');
    await server.kill();
    await healthIs('degraded');
    expect(told('redis_unavailable')).toHaveLength(1);
    const { port } = new URL(server.url);
    // Not within the digits of an id or a time.
    const address = String.raw`redis://|(?<![\w.])${port}(?!\w)`;
    expect(first.logText()).not.toMatch(new RegExp(`${server.password}|p%25ss|${address}`));
    await server.restart();
  });
});

describe('a Redis that is of no use', () => {
  /** What the health and the log say once it has been tried. */
  async function tried(url: string): Promise<{ reason: unknown; redis: string }> {
    const count = told('redis_unavailable').length;
    const test = await createTestApp({ REDIS_URL: url });
    const line = await eventually(() => told('redis_unavailable').at(count));
    const { body } = await test.anonymous.get('/health');
    await test.close();
    return { reason: line['reason'], redis: body.services.redis.status as string };
  }

  it('may be away when the process starts', async () => {
    const started = Date.now();
    const test = await createTestApp({ REDIS_URL: 'redis://127.0.0.1:1' });
    expect(Date.now() - started).toBeLessThan(atMost(5_000));
    expect((await test.anonymous.get('/health/ready')).status).toBe(200);
    await test.close();
    expect(await tried('redis://127.0.0.1:2')).toEqual({ reason: 'ECONNREFUSED', redis: 'error' });
  });

  it('may want another password', async () => {
    const server = await startRedis();
    const { host } = new URL(server.url);
    expect(await tried(`redis://:wrong@${host}`)).toEqual({ reason: 'WRONGPASS', redis: 'error' });
    expect(await tried(`redis://${host}`)).toEqual({ reason: 'NOAUTH', redis: 'error' });
    await server.close();
  });

  it('may be full', async () => {
    const server = await startRedis('--maxmemory', '1', '--maxmemory-policy', 'noeviction');
    expect(await tried(server.url)).toEqual({ reason: 'OOM', redis: 'error' });
    await server.close();
  });
});
