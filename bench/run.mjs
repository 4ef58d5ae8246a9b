/**
 * `npm run bench`: what a request costs each server, on one real MongoDB, in one run.
 * --quick: one short round. Writes bench/results.md and docs/images/bench.svg unless quick.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canPin, SERVERS, startServer } from './servers.mjs';
import { measure, routesOf } from './load.mjs';
import { createWorld, environmentFor } from './world.mjs';
import { startEmbeddedMongo } from '../dist/platform/embedded-mongo/embedded-mongo.js';
import { printTable, writeReport } from './report.mjs';

const quick = process.argv.includes('--quick');
const rounds = quick ? 1 : 3;
const amounts = quick
  ? { get: 1500, list: 500, create: 800, put: 300, refused: 1500, live: 2000 }
  : { get: 6000, list: 2500, create: 3000, put: 1200, refused: 6000, live: 8000 };
const only = process.argv.find((arg) => arg.startsWith('--servers='))?.slice('--servers='.length) ?? 'ABCF';
const PORT = 3900;

if (canPin) execFileSync('taskset', ['-cp', '1', String(process.pid)], { stdio: 'ignore' });
const folder = mkdtempSync(join(tmpdir(), 'flowversal-bench-'));
const mongo = await startEmbeddedMongo({ dataDir: folder, env: process.env, log: process.stderr });
const uri = mongo.uri.replace('/flowversal?', '/bench?');
const world = await createWorld(uri);
const routes = routesOf(world);
/** samples[server][route] = one measurement a round */
const samples = {};

async function answersOf(port) {
  const headers = routes.get.request.headers;
  const ask = async ({ path }) =>
    (await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).json()).data;
  return JSON.stringify([await ask(routes.get.request), await ask(routes.list.request)]);
}

function checkLog(name, logFile, requests) {
  const lines = readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line.includes('/api/v1/projects')).length;
  if (name !== 'A' && lines < requests)
    throw new Error(`${name} logged ${lines} lines for ${requests} requests`);
}

async function runServer(name, expected) {
  await world.reset();
  const logFile = join(folder, `${name}.log`);
  const server = await startServer(name, { env: environmentFor(world, uri, PORT), logFile });
  try {
    const answers = await answersOf(PORT);
    if (expected !== undefined && answers !== expected) {
      throw new Error(
        `${name} answers other data:\n${answers.slice(0, 400)}\ninstead of\n${expected.slice(0, 400)}`,
      );
    }
    for (const [route, definition] of Object.entries(routes)) {
      const sample = await measure({
        port: PORT,
        pid: server.pid,
        route: definition,
        amount: amounts[route],
      });
      ((samples[name] ??= {})[route] ??= []).push({ ...sample, readyMs: server.readyMs });
      process.stderr.write(
        `  ${name} ${route.padEnd(8)} ${sample.cpuMicros.toFixed(0).padStart(5)} µs CPU\n`,
      );
    }
    await server.stop();
    checkLog(name, logFile, amounts.get + amounts.list + amounts.create);
    return answers;
  } finally {
    await server.stop();
  }
}

try {
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`Round ${round} of ${rounds}\n`);
    let answers;
    // Another order in each round, so that nobody always runs first on a cold machine.
    const names = Object.keys(SERVERS).filter((name) => only.includes(name));
    const order = names.map((_, index) => names[(index + round - 1) % names.length]);
    for (const name of order) answers = await runServer(name, answers);
  }
  printTable(samples);
  if (!quick && only === 'ABCF') writeReport(samples, { rounds, pinned: canPin, mongod: mongo.version });
} finally {
  await world.client.close();
  await mongo.stop();
  rmSync(folder, { recursive: true, force: true });
}
