/**
 * `node bench/cache.mjs`, after `npm run build`: the cost of looking up a user in the cache that requests use, in @Cache
 * and in MongoDB, and with REDIS_URL in Redis. One after the other, in one process, on one database.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserDto } from '../dist/modules/users/user.dto.js';
import { UsersService } from '../dist/modules/users/users.service.js';
import { RedisStore } from '../dist/platform/cache/redis-store.js';
import { ChangeFeed } from '../dist/platform/database/change-feed.js';
import { Redis } from '../dist/platform/redis/redis.js';
import { scopeOf } from '../dist/platform/access/caller.js';
import { startProduct } from './product.mjs';

const ROUNDS = 5;
const ROUND_MS = 400;

/** Microseconds per call, of CPU and elapsed. The median of a few rounds. */
async function cost(call) {
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    let calls = 0;
    for (; performance.now() - started < ROUND_MS; calls++) await call();
    const { user, system } = process.cpuUsage(cpu);
    // The first round is a warm-up.
    if (round > 0) rounds.push([(user + system) / calls, ((performance.now() - started) * 1000) / calls]);
  }
  return rounds.toSorted(([a], [b]) => a - b)[Math.floor(ROUNDS / 2)];
}

const { app, config, stop } = await startProduct({ REDIS_URL: process.env.REDIS_URL });
const users = app.get(UsersService);
const fields = {
  email: 'bench@product.test',
  name: 'Bench',
  password: 'a long way to go home',
  role: 'user',
};
const id = String((await users.create(fields, { isKnown: true, subjects: [] }))._id);
while (!app.get(ChangeFeed).isFresh) await sleep(50);

const ways = {
  'look-up of each request (LiveCache)': () => users.findCaller(id),
  '@Cache, in memory': () => users.profile(id),
  MongoDB: async () => UserDto.from(await users.get(scopeOf(id), id)),
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
await stop();
