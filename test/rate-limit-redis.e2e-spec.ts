import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createClient } from '@keyv/redis';
import { KEY_PREFIX, Redis, type RedisClient } from '../src/platform/redis/redis.js';
import { eventually } from './support/mails.js';
import { type OwnRedis, startRedis } from './support/redis.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { ME, newAddress } from './support/users.js';

// A machine without a redis-server fetches one.
jest.setTimeout(120_000);

const MAX = 20;

describe('the rate limit of two processes with one Redis', () => {
  let server: OwnRedis;
  let redis: RedisClient;
  let here: TestApp;
  let there: TestApp;

  beforeAll(async () => {
    server = await startRedis();
    redis = createClient({ url: server.url });
    // It is killed with connections open.
    redis.on('error', () => undefined);
    await redis.connect();
    const env = {
      REDIS_URL: server.url,
      RATE_LIMIT_MAX: String(MAX),
      JWT_SECRET: randomBytes(48).toString('base64'),
    };
    [here, there] = [await createTestApp(env), await createTestApp(env)];
    await reachRedis();
  });
  afterAll(async () => {
    redis.destroy();
    await here.close();
    await there.close();
    await server.close();
  });

  const reachRedis = () => eventually(() => [here, there].every(({ app }) => app.get(Redis).status === 'ok'));

  /** The outcomes of so many requests. */
  async function ask({ anonymous }: TestApp, address: string, times: number): Promise<string[]> {
    const answers = await Promise.all(Array.from({ length: times }, () => anonymous.from(address).get(ME)));
    return answers.map(({ outcome }) => outcome);
  }
  const refused = (outcomes: readonly string[]) =>
    outcomes.filter((outcome) => outcome === '429 RATE_LIMITED').length;

  it('is one for both', async () => {
    const address = newAddress();
    expect(refused([...(await ask(here, address, 12)), ...(await ask(there, address, 8))])).toBe(0);
    expect(refused([...(await ask(here, address, 5)), ...(await ask(there, address, 5))])).toBe(10);
    const { headers } = await there.anonymous.from(address).get(ME);
    expect(Number(headers['retry-after'])).toBeGreaterThan(50);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
  });

  it('lets exactly so many of many at the same time through', async () => {
    const address = newAddress();
    const outcomes = await Promise.all([ask(here, address, 19), ask(there, address, 19)]);
    expect(refused(outcomes.flat())).toBe(38 - MAX);
  });

  it('is one for each client, and ends by itself', async () => {
    const [one, other] = [newAddress(), newAddress()];
    await redis.flushAll();
    expect(refused([...(await ask(here, one, 15)), ...(await ask(there, one, 15))])).toBe(10);
    expect(refused(await ask(there, other, 15))).toBe(0);
    const names = await redis.keys(`${KEY_PREFIX}window:*`);
    expect(names).toHaveLength(2);
    for (const name of names) {
      const restMs = await redis.pTTL(name);
      expect(restMs).toBeGreaterThan(0);
      expect(restMs).toBeLessThanOrEqual(60_000);
    }
    // As at its end.
    await redis.del(names);
    expect(refused(await ask(there, one, 1))).toBe(0);
  });

  it('tells Redis no address', async () => {
    const address = newAddress();
    await ask(here, address, 1);
    expect((await redis.keys('*')).join(' ')).not.toContain(address);
  });

  it.each([
    ['frozen', () => server.freeze(), () => server.thaw()],
    ['killed', () => server.kill(), () => server.restart()],
  ])('is counted in each process while Redis is %s, and nobody else is refused', async (_, go, come) => {
    const address = newAddress();
    await go();
    expect(refused(await ask(here, address, MAX))).toBe(0);
    expect(refused(await ask(there, address, MAX))).toBe(0);
    expect(refused([...(await ask(here, address, 3)), ...(await ask(there, address, 3))])).toBe(6);
    await come();
    await reachRedis();
  });
});
