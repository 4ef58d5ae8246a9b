/**
 * `node bench/passwords.mjs`, after `npm run build`: how long a wrong password takes, depending on whether the account
 * exists and on the cost of its hash, and how much that reveals. BCRYPT_ROUNDS has been raised from 10 to 11, and one
 * hash has cost 12. In turn, in one process.
 */
import { setImmediate } from 'node:timers/promises';
import { getConnectionToken } from '@nestjs/mongoose';
import bcrypt from 'bcrypt';
import { UsersService } from '../dist/modules/users/users.service.js';
import { startProduct } from './product.mjs';

const TIMES = 120;
const BAR = 60;
const KINDS = { 'cost 10': 10, 'cost 11': 11, 'cost 12': 12, unknown: undefined };

const { app, stop } = await startProduct({ BCRYPT_ROUNDS: '11', RATE_LIMIT_MAX: '1000000' });
const server = app.getHttpAdapter().getInstance();
const users = app.get(getConnectionToken()).collection('users');
const password = 'a long way to go home';

// An account for each guess, so that none is throttled.
for (const [kind, cost] of Object.entries(KINDS)) {
  if (cost === undefined) continue;
  const passwordHash = await bcrypt.hash(password, cost);
  for (let n = 0; n < TIMES; n++) {
    const email = `${cost}-${n}@product.test`;
    const { _id } = await app.get(UsersService).create({ email, name: kind, role: 'user' });
    await users.updateOne({ _id }, { $set: { passwordHash } });
  }
}

async function guess(email, n) {
  const started = performance.now();
  const { statusCode } = await server.inject({
    method: 'POST',
    url: '/api/v1/auth/login',
    remoteAddress: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
    payload: { email, password: 'a wrong password' },
  });
  if (statusCode !== 401) throw new Error(`A guess was answered ${statusCode}`);
  return performance.now() - started;
}

// The first hash that costs more than configured sets the time that all checks take.
await guess('12-0@product.test', 0);
const took = new Map(Object.keys(KINDS).map((kind) => [kind, []]));
let asked = 1;
for (let n = 0; n < TIMES; n++) {
  if (process.stderr.isTTY) process.stderr.write(`\r${n} of ${TIMES} `);
  for (const [kind, times] of took) {
    times.push(await guess(`${KINDS[kind] ?? 'unknown'}-${n}@product.test`, asked++));
    await setImmediate();
  }
}
await stop();

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
const unknown = took.get('unknown').toSorted((a, b) => a - b);
/** How often a guess at the account takes longer than one at an unknown address: 0.5 reveals nothing. */
const tells = (times) =>
  times.reduce((sum, time) => sum + unknown.filter((other) => other < time).length, 0) /
  (times.length * unknown.length);
const all = [...took.values()].flat().toSorted((a, b) => a - b);
const [from, to] = [all[0], quantile(all, 0.98)];
process.stdout.write(
  '\n| Account | 10 %, ms | Median, ms | 90 %, ms | Slower than unknown | Distribution |\n',
);
process.stdout.write('| --- | ---: | ---: | ---: | ---: | --- |\n');
for (const [kind, times] of took) {
  const sorted = times.toSorted((a, b) => a - b);
  const bins = Array.from({ length: BAR }, () => 0);
  for (const time of times) {
    const bin = Math.floor(((time - from) / (to - from)) * BAR);
    bins[Math.min(BAR - 1, Math.max(0, bin))]++;
  }
  const most = Math.max(...bins);
  const drawn = bins.map((count) => ' ▁▂▃▄▅▆▇█'[Math.ceil((count / most) * 8)]).join('');
  const row = [kind, ...[0.1, 0.5, 0.9].map((q) => quantile(sorted, q).toFixed(1)), tells(times).toFixed(2)];
  process.stdout.write(`| ${row.join(' | ')} | \`${drawn}\` |\n`);
}
