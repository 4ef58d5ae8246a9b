import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createClient } from '@keyv/redis';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { KEY_PREFIX, Redis, type RedisClient } from '../src/platform/redis/redis.js';
import type { UserId } from '../src/platform/access/caller.js';
import { eventually } from './support/mails.js';
import { type OwnRedis, startRedis } from './support/redis.js';
import { hearsOfChanges, newOwner, Shelf } from './support/shelf.js';
import { createTestApp, testConfig, type TestApp } from './support/test-app.js';
import { atMost } from './support/soak.js';

// A machine without a redis-server fetches one.
jest.setTimeout(120_000);

let server: OwnRedis;
/** Two applications with one database, one Redis and one secret, as two processes are. */
let here: TestApp;
let there: TestApp;
let shelf: Shelf;
let other: Shelf;
let owner: UserId;

const secret = randomBytes(48).toString('base64');

async function start(env: Readonly<Record<string, string | undefined>> = {}): Promise<TestApp> {
  const test = await createTestApp({ REDIS_URL: server.url, JWT_SECRET: secret, ...env });
  await Promise.all([hearsOfChanges(test), answers(test)]);
  return test;
}

function answers({ app }: TestApp): Promise<unknown> {
  return eventually(() => app.get(Redis).status === 'ok');
}

beforeAll(async () => {
  server = await startRedis();
  here = await start();
  there = await start({ MONGODB_URI: here.config.of(DatabaseConfig).mongodbUri });
});
afterAll(async () => {
  await here.close();
  await there.close();
  await server.close();
});

beforeEach(async () => {
  await Promise.all([here, there].map(answers));
  await withRedis((client) => client.flushAll());
  shelf = Shelf.in(here);
  other = Shelf.in(there);
  owner = newOwner();
  await shelf.write(owner, 3);
});

const count = async (from: Shelf, of: UserId = owner) => (await from.books(of, 'the secret shelf')).count;

/** Does something to Redis as somebody else who can reach it. */
async function withRedis<T>(
  act: (client: RedisClient) => Promise<T>,
  { url }: Pick<OwnRedis, 'url'> = server,
): Promise<T> {
  const client: RedisClient = createClient({ url });
  await client.connect();
  try {
    return await act(client);
  } finally {
    client.destroy();
  }
}

const namesIn = (client: RedisClient) => client.keys(`${KEY_PREFIX}cache:*`);
const stored = (at: OwnRedis = server) => withRedis(async (client) => (await namesIn(client)).length, at);

/** Asks here, and resolves once Redis has it. */
async function keep(): Promise<void> {
  const before = await stored();
  expect(await count(shelf)).toBe(3);
  await eventually(async () => (await stored()) > before);
}

describe('with a Redis', () => {
  it('what one process has kept is found by another', async () => {
    await keep();
    expect([await count(other), other.calls]).toEqual([3, 0]);
    // It has it in memory from then on.
    await withRedis((client) => client.flushAll());
    expect([await count(other), other.calls]).toEqual([3, 0]);
  });

  it('a change is seen at once in the same process, and within two seconds in others', async () => {
    for (let round = 4; round < 8; round++) {
      await keepAny();
      await shelf.put(owner, round);
      expect(await count(shelf)).toBe(round);
      const started = Date.now();
      await eventually(async () => (await count(other)) === round);
      expect(Date.now() - started).toBeLessThan(atMost(2_000));
    }
  });

  const keepAny = async () => void (await Promise.all([count(shelf), count(other)]));

  it('who has read before a change and keeps it after misleads no process that starts later', async () => {
    const late = Promise.withResolvers<undefined>();
    shelf.pause = late.promise;
    const reading = count(shelf);
    await eventually(() => shelf.calls === 1);
    await sleep(200);
    await other.put(owner, 4);
    const before = await stored();
    late.resolve(undefined);
    expect(await reading).toBe(3);
    await eventually(async () => (await stored()) > before);
    const third = await start({ MONGODB_URI: here.config.of(DatabaseConfig).mongodbUri });
    expect(await count(Shelf.in(third))).toBe(4);
    await third.app.close();
  });

  it('what is kept ends by itself, within its time', async () => {
    await keep();
    const times = await withRedis(async (client) =>
      Promise.all((await namesIn(client)).map((name) => client.pTTL(name))),
    );
    expect(times).toHaveLength(1);
    expect(times[0]).toBeLessThanOrEqual(60_000);
    expect(times[0]).toBeGreaterThan(50_000);
  });

  it('is told nothing that it could pass on: neither whose it is nor what', async () => {
    await keep();
    const all = await withRedis(async (client) =>
      Promise.all((await client.keys('*')).map(async (name) => `${name} ${await client.get(name)}`)),
    );
    expect(all.length).toBeGreaterThan(0);
    const text = all.flatMap((each) => [each, ...each.split(' ').map(fromBase64)]).join('\n');
    for (const plain of [owner, 'Shelf', 'books', 'secret', 'count', server.password]) {
      expect(text).not.toContain(plain);
    }
    expect(all.every((each) => each.startsWith(KEY_PREFIX))).toBe(true);
  });

  const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString('latin1');

  it.each<[string, Partial<Record<string, string>>]>([
    ['another secret', { JWT_SECRET: randomBytes(48).toString('base64') }],
    ['another database', { MONGODB_URI: testConfig().of(DatabaseConfig).mongodbUri ?? '' }],
  ])('finds nothing of an application with %s', async (_, env) => {
    const stranger = await start({ MONGODB_URI: here.config.of(DatabaseConfig).mongodbUri, ...env });
    await keep();
    const theirs = Shelf.in(stranger);
    await count(theirs);
    expect(theirs.calls).toBe(1);
    await stranger.app.close();
  });
});

describe('a value in Redis that is not what was kept', () => {
  /** What somebody who can write Redis may put there. */
  const forged: [what: string, forge: (value: string) => string][] = [
    ['nothing', () => ''],
    ['garbage', () => 'garbage'],
    ['JSON', () => JSON.stringify({ value: '{"count":99}', expires: Date.now() + 60_000 })],
    ['half of it', (value) => value.slice(0, value.length / 2)],
    ['one that was changed in its last bytes', (value) => `${value.slice(0, -8)}AAAAAA==`],
    ['a megabyte', () => 'A'.repeat(1_000_000)],
  ];

  it.each(forged)('is not there: %s', async (_, forge) => {
    await keep();
    await withRedis(async (client) => {
      for (const name of await namesIn(client)) await client.set(name, forge((await client.get(name)) ?? ''));
    });
    expect([await count(other), other.calls]).toEqual([3, 1]);
  });

  it('is not there: a list', async () => {
    await keep();
    await withRedis(async (client) => {
      for (const name of await namesIn(client)) {
        await client.del(name);
        await client.lPush(name, 'garbage');
      }
    });
    expect([await count(other), other.calls]).toEqual([3, 1]);
    expect(there.app.get(Redis).status).toBe('ok');
  });

  it("is not there: another's, at this place", async () => {
    const neighbour = newOwner();
    await shelf.write(neighbour, 77);
    await count(shelf, neighbour);
    await keep();
    await withRedis(async (client) => {
      const names = await namesIn(client);
      const values = await Promise.all(names.map(async (name) => (await client.get(name)) ?? ''));
      // Everything moves on by one.
      await Promise.all(names.map((name, index) => client.set(name, values.at(index - 1) ?? '')));
    });
    expect(await count(other, neighbour)).toBe(77);
    expect(await count(other)).toBe(3);
  });
});

describe.each([
  ['frozen', () => server.freeze(), () => server.thaw()],
  ['killed', () => server.kill(), () => server.restart()],
])('while Redis is %s', (_, go, come) => {
  it('answers are as right, hardly later, and shared again once it is back', async () => {
    await keep();
    await go();
    const started = Date.now();
    // Few enough to need no more connections to MongoDB at once than a busy machine can open.
    const owners = await Promise.all(
      Array.from({ length: 20 }, async (_each, books) => {
        const each = newOwner();
        await shelf.write(each, books);
        return each;
      }),
    );
    expect(await Promise.all(owners.map((each) => count(other, each)))).toEqual([...owners.keys()]);
    // Who was first has waited a tenth of a second; the rest is MongoDB and a busy machine.
    expect(Date.now() - started).toBeLessThan(atMost(1_500));
    // What is in memory needs no Redis, and a change is seen as ever.
    expect([await count(shelf), shelf.calls]).toEqual([3, 1]);
    await shelf.put(owner, 4);
    expect(await count(shelf)).toBe(4);
    await eventually(async () => (await count(other)) === 4);
    await come();
    await Promise.all([here, there].map(answers));
    owner = newOwner();
    await shelf.write(owner, 3);
    await keep();
    const { calls } = other;
    expect([await count(other), other.calls]).toEqual([3, calls]);
  });
});

describe('a Redis that is absent at the start', () => {
  it('is used once it is there', async () => {
    const late = await startRedis();
    await late.kill();
    const test = await createTestApp({ REDIS_URL: late.url });
    const alone = Shelf.in(test);
    await alone.write(owner, 3);
    expect(await count(alone)).toBe(3);
    await late.restart();
    await answers(test);
    await alone.books(owner, 'later');
    await eventually(async () => (await stored(late)) > 0);
    await test.close();
    await late.close();
  });
});
