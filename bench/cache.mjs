/**
 * `node bench/cache.mjs`, after `npm run build`: what it costs to know a user from the look-up of each request, from
 * @Cache and from MongoDB, and with REDIS_URL from Redis. One after the other, in one process, on one database.
 */
import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from '../dist/app.js';
import { UserDto } from '../dist/modules/users/user.dto.js';
import { UsersService } from '../dist/modules/users/users.service.js';
import { RedisStore } from '../dist/platform/cache/redis-store.js';
import { Config, parseConfig } from '../dist/platform/config/config.js';
import { ChangeFeed } from '../dist/platform/database/change-feed.js';
import { startEmbeddedMongo } from '../dist/platform/embedded-mongo/embedded-mongo.js';
import { Redis } from '../dist/platform/redis/redis.js';

const ROUNDS = 5;
const ROUND_MS = 400;

/** Microseconds for each call: of the process's CPU, and as they pass. The median of a few rounds. */
async function cost(call) {
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    let calls = 0;
    for (; performance.now() - started < ROUND_MS; calls++) await call();
    const { user, system } = process.cpuUsage(cpu);
    // The first warms up.
    if (round > 0) rounds.push([(user + system) / calls, ((performance.now() - started) * 1000) / calls]);
  }
  return rounds.toSorted(([a], [b]) => a - b)[Math.floor(ROUNDS / 2)];
}

const dataDir = await mkdtemp(join(tmpdir(), 'flowversal-bench-'));
const mongod = await startEmbeddedMongo({
  dataDir,
  binary: process.env.MONGOD_BINARY,
  env: process.env,
  log: process.stderr,
});
const secret = () => randomBytes(32).toString('base64');
const parsed = parseConfig({
  NODE_ENV: 'test',
  BCRYPT_ROUNDS: '4',
  DATA_DIR: dataDir,
  MONGODB_URI: mongod.uri,
  JWT_SECRET: secret(),
  ENCRYPTION_KEY: secret(),
  REDIS_URL: process.env.REDIS_URL,
});
const config = new Config(parsed);
const app = await createApp(config, new Writable({ write: (_chunk, _encoding, done) => done() }));
await app.init();
const users = app.get(UsersService);
const fields = {
  email: 'bench@flowversal.test',
  name: 'Bench',
  password: 'a long way to go home',
  role: 'user',
};
const id = String((await users.create(fields))._id);
while (!app.get(ChangeFeed).isFresh) await sleep(50);

const ways = {
  'look-up of each request (LiveCache)': () => users.findCaller(id),
  '@Cache, in memory': () => users.profile(id),
  MongoDB: async () => UserDto.from(await users.get({ owner: id }, id)),
};
const redis = app.get(Redis);
if (redis.isConfigured) {
  while (redis.status !== 'ok') await sleep(50);
  const store = new RedisStore(redis, config, 'bench');
  await store.set('user', { value: JSON.stringify(await users.profile(id)) }, 60_000);
  ways['@Cache, in Redis'] = () => store.get('user');
}
const costs = [];
for (const [way, call] of Object.entries(ways)) costs.push([way, ...(await cost(call))]);
const [, mongodb] = costs.find(([way]) => way === 'MongoDB');
process.stdout.write('| Way | CPU, µs | Passes, µs | CPU ÷ MongoDB |\n| --- | ---: | ---: | ---: |\n');
for (const [way, cpu, passes] of costs) {
  process.stdout.write(
    `| ${way} | ${cpu.toFixed(2)} | ${passes.toFixed(2)} | ${(cpu / mongodb).toFixed(3)} |\n`,
  );
}
await app.close();
await mongod.stop();
await rm(dataDir, { recursive: true });
