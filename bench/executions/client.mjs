/** The server of bench/servers/chain.ts, and its HTTP client. */
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, startServer } from '../servers.mjs';
import { environmentFor } from '../world.mjs';

const MAIN = join(import.meta.dirname, '../dist/chain.js');
/** Concurrent requests in a burst. */
const LANES = 20;
const LOOK_MS = 5;
const TRIES = 20;
const HOUR_MS = 3_600_000;
const agent = new Agent({ keepAlive: true, maxSockets: 2 * LANES });

let port = 3950;
let named = 0;

/** Starts the server on a world's database. It shares both processors with mongod. */
export async function startChain(world, uri, folder, env = {}) {
  const own = port++;
  const logFile = join(folder, `${own}.log`);
  const settings = { ...environmentFor(world, uri, own), ...env };
  const options = { env: settings, logFile, pinned: false, withinMs: 60_000 };
  return { ...(await startServer([MAIN], options)), port: own };
}

/** One request as the world's user. Resolves once the answer has been read. */
export function ask({ port: to }, { token }, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    request({ host: '127.0.0.1', port: to, method, path: `/api/v1/${path}`, headers, agent }, (answer) => {
      const chunks = [];
      answer
        .on('data', (chunk) => chunks.push(chunk))
        .on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(chunks).toString() }));
    })
      .on('error', reject)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The same, with an expected status; a 503 is reported and retried, as clients do. */
async function ok(server, world, status, ...asked) {
  let answer;
  for (let tries = 0; tries < TRIES; tries++) {
    answer = await ask(server, world, ...asked);
    if (answer.status !== 503) break;
    process.stderr.write(`  ${asked[0]} ${asked[1]}: ${answer.text}\n`);
    await sleep(100);
  }
  if (answer.status !== status) throw new Error(`${asked.join(' ')}: ${answer.status} ${answer.text}`);
  return answer.text;
}

/** Actions of a client, as functions of a server and its world. */
export const create = (server, world) =>
  ok(server, world, 201, 'POST', 'projects', {
    name: `bench-${++named}`,
    description: 'Made by the benchmark',
    metadata: { colour: 'green', tags: ['web', 'shop'], order: 1 },
  });
export const list = (server, world) => ok(server, world, 200, 'GET', 'executions?limit=20');
export const inTransaction = (route) => (server, world) =>
  ok(server, world, 200, 'POST', `bench/${route}`, { name: `bench-${++named}` });
export const start = (input) => async (server, world) =>
  JSON.parse(await ok(server, world, 202, 'POST', 'bench/chains', input)).data;
/** Starts one, and waits for the result with a single request, unless the answer to the start has it. */
export const waited = (input) => async (server, world) => {
  const started = await start(input)(server, world);
  if (started.status === 'succeeded') return;
  const { data } = JSON.parse(await ok(server, world, 200, 'GET', `executions/${started.id}?wait=30`));
  if (data.status !== 'succeeded') throw new Error(`An execution is ${data.status} after 30 seconds`);
};
/** Starts one, and reads its events up to the last one. */
export const followed = (input) => async (server, world) => {
  const { id } = await start(input)(server, world);
  const events = await ok(server, world, 200, 'GET', `executions/${id}/events`);
  if (!events.includes('event: end')) throw new Error(`The stream of an execution ended early: ${events}`);
};

/** Resolves once nothing of the world runs or is due within the hour; both checks use an index. */
export async function quiet({ db }) {
  const open = () => [{ engine: { $exists: true } }, { dueAt: { $lte: new Date(Date.now() + HOUR_MS) } }];
  const isThere = (filter) => db.collection('executions').countDocuments(filter, { limit: 1 });
  while ((await Promise.all(open().map(isThere))).some(Boolean)) await sleep(LOOK_MS);
}

/** Repeats an action concurrently; returns the cost of each to the server and mongod, in µs, and the rate per second. */
export async function costOf({ server, world, mongo }, act, count) {
  const pids = [server.pid, mongo.pid];
  const [before, startedAt] = [pids.map(cpuSeconds), performance.now()];
  let left = count;
  const lane = async () => {
    while (left-- > 0) await act(server, world);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await quiet(world);
  const ms = performance.now() - startedAt;
  const [own, database] = pids.map((pid, index) => ((cpuSeconds(pid) - before[index]) * 1e6) / count);
  return { own, database, both: own + database, perSecond: (count * 1000) / ms };
}

/** Repeats an action in sequence; returns the durations, in milliseconds. */
export async function times({ server, world }, act, count) {
  const all = [];
  for (let n = 0; n < count; n++) {
    const startedAt = performance.now();
    await act(server, world);
    all.push(performance.now() - startedAt);
  }
  return all;
}
