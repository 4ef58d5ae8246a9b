import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../support/mails.js';
import { type OwnRedis, startRedis } from '../support/redis.js';
import { ME, USERS } from '../support/users.js';
import { atMost } from '../support/soak.js';
import { HttpCaller, type HttpAnswer } from './http-caller.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation, type ServerProcess } from './server-process.js';

const ADMIN = { email: 'admin@product.test', password: 'a long way to go home' };
const PASSWORD = 'correct horse battery';
/** How long Redis is away, in milliseconds. */
const OUTAGE_MS = 4_000;

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(120_000);

describe('three processes with one Redis', () => {
  let installation: Installation;
  let mongod: OwnMongod;
  let redis: OwnRedis;
  let servers: ServerProcess[];
  let admin: HttpCaller;
  let count = 0;

  beforeAll(async () => {
    installation = await Installation.create();
    [mongod, redis] = await Promise.all([startOwnMongod(), startRedis()]);
    const env = {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      MONGODB_URI: mongod.uri,
      REDIS_URL: redis.url,
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
    };
    await installation.migrate(env);
    servers = [await installation.start(env), await installation.start(env), await installation.start(env)];
    admin = await new HttpCaller(servers[0]?.url ?? '').signIn(ADMIN.email, ADMIN.password);
    await everywhere(admin, '/health', ({ body }) => body.services.redis.status === 'ok');
  });
  afterAll(async () => {
    await installation.remove();
    await redis.close();
    await mongod.remove();
  });

  const at = (user: HttpCaller) => servers.map(({ url }) => user.at(url));

  /** Resolves with the milliseconds until every process answers so. */
  async function everywhere(
    user: HttpCaller,
    path: string,
    isSo: (answer: HttpAnswer) => boolean,
  ): Promise<number> {
    const started = Date.now();
    await Promise.all(at(user).map((each) => eventually(async () => isSo(await each.get(path)))));
    return Date.now() - started;
  }

  async function newUser(): Promise<{ user: HttpCaller; id: string }> {
    const user = await new HttpCaller(admin.url).signIn(`user${count++}@example.com`, PASSWORD);
    const { id } = (await user.get(ME)).body.data as { id: string };
    await everywhere(user, ME, ({ status }) => status === 200);
    return { user, id };
  }

  it.each([
    ['frozen', () => redis.freeze(), () => redis.thaw()],
    ['killed', () => redis.kill(), () => redis.restart()],
  ])('fail no request and keep no right for longer than two seconds while it is %s', async (_, go, come) => {
    const { user, id } = await newUser();
    const end = new AbortController();
    const failed: string[] = [];
    let requests = 0;
    let slowest = 0;
    const client = async (caller: HttpCaller, path: string): Promise<void> => {
      while (!end.signal.aborted) {
        const { status, ms } = await caller.get(path);
        requests++;
        slowest = Math.max(slowest, ms);
        if (status !== 200) failed.push(`${path} ${status}`);
        await sleep(5);
      }
    };
    const clients = at(user).flatMap((each) => [client(each, ME), client(each, '/api/v1/projects')]);
    const seen: number[] = [];
    const started = Date.now();
    await go();
    for (let round = 0; Date.now() - started < OUTAGE_MS; round++) {
      const name = `Name ${round}`;
      expect((await user.send('PATCH', `${USERS}/${id}`, { name })).status).toBe(200);
      seen.push(await everywhere(user, ME, ({ body }) => body.data.name === name));
      const role = round % 2 === 0 ? 'moderator' : 'user';
      expect((await admin.send('PATCH', `${USERS}/${id}`, { role })).status).toBe(200);
      const status = role === 'moderator' ? 200 : 403;
      seen.push(await everywhere(user, USERS, (answer) => answer.status === status));
    }
    await everywhere(user, '/health', ({ body, status }) => body.status === 'degraded' && status === 200);
    await come();
    await everywhere(user, '/health', ({ body }) => body.status === 'ok');
    end.abort();
    await Promise.all(clients);
    expect(failed).toEqual([]);
    expect(requests).toBeGreaterThan(100);
    expect(Math.max(...seen)).toBeLessThan(2_000);
    expect(slowest).toBeLessThan(atMost(2_500));
    process.stdout.write(
      `Redis away: ${requests} requests, the slowest ${slowest} ms; changes seen after ${Math.max(...seen)} ms at most\n`,
    );
  });

  it('tell each outage and each return in one line, and nothing of the address', async () => {
    for (const server of servers) {
      // Production writes its lines a tenth of a second later.
      await eventually(() => server.stdout.match(/"redis_available"/g)?.length === 3);
      const { stdout, stderr } = server;
      expect(stdout.match(/"redis_unavailable"/g)).toHaveLength(2);
      expect(stdout + stderr).not.toMatch(/redis:\/\/|p%25ss|p%ss/);
    }
  });
});
