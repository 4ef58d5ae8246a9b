/**
 * `npm run bench`: what a request costs each server, on one real MongoDB, in one run.
 * `npm run bench -- --help` has its options; growth.mjs is what --growth measures.
 * A full run writes bench/results.md and docs/images/bench.svg.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { argumentsOf } from '../scripts/command-line.mjs';
import { canPin, SERVERS, startServer } from './servers.mjs';
import { measure, routesOf, warmUp } from './load.mjs';
import { createWorld, environmentFor } from './world.mjs';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';
import { median, printTable, writeReport } from './report.mjs';

const {
  options: { smoke, quick = smoke, growth, overload, executions, servers: only = 'ABCF' },
} = argumentsOf('bench');
const names = Object.keys(SERVERS).filter((name) => only.includes(name));
/** Every round starts the servers anew; within a round they take turns, route by route, in slices. */
const rounds = quick ? 1 : 3;
const slices = smoke ? 1 : quick ? 2 : 5;
/** Requests per slice. */
const QUICK = { get: 700, list: 350, create: 450, put: 160, refused: 900, live: 1200 };
const SMOKE = { get: 20, list: 20, create: 20, put: 10, refused: 20, live: 20 };
const FULL = { get: 3000, list: 1500, create: 2000, put: 800, refused: 4000, live: 6000 };
const amounts = smoke ? SMOKE : quick ? QUICK : FULL;
const PORT = 3900;

if (growth) {
  await import('./growth.mjs');
  process.exit();
}

if (overload) {
  const { measureOverload } = await import('./overload.mjs');
  await measureOverload({ seconds: quick ? 8 : 60, writes: !quick });
  process.exit();
}

if (executions) {
  const { measureExecutions } = await import('./executions.mjs');
  await measureExecutions({ smoke });
  process.exit();
}

if (canPin) execFileSync('taskset', ['-cp', '1', String(process.pid)], { stdio: 'ignore' });
const folder = mkdtempSync(join(tmpdir(), 'product-bench-'));
const mongo = await startEmbeddedMongo({
  dataDir: folder,
  binary: process.env.MONGOD_BINARY,
  env: process.env,
  log: process.stderr,
});
const uri = mongo.uri.replace(/\/[^/?]+\?/, '/bench?');
const world = await createWorld(uri);
const routes = routesOf(world);
/** samples[server][route]: one list per round, with one measurement per slice. */
const samples = Object.fromEntries(
  names.map((name) => [name, Object.fromEntries(Object.keys(routes).map((route) => [route, []]))]),
);

async function answersOf({ port }) {
  const headers = routes.get.request.headers;
  const ask = async ({ path }) =>
    (await (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).json()).data;
  return [await ask(routes.get.request), await ask(routes.list.request)];
}

async function requireSameAnswers(servers) {
  const expected = await answersOf(servers[0]);
  for (const server of servers) {
    const answers = await answersOf(server);
    // The order of fields does not matter.
    if (!isDeepStrictEqual(answers, expected)) {
      const [got, wanted] = [answers, expected].map((each) => JSON.stringify(each));
      throw new Error(`${server.name} answers other data:\n${got}\ninstead of\n${wanted}`);
    }
  }
}

function requireLog({ name, logFile }, requests) {
  const lines = readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line.includes('/api/v1/projects')).length;
  if (name !== 'A' && lines < requests) {
    throw new Error(`${name} logged ${lines} lines for ${requests} requests`);
  }
}

/** A different order in each slice, so that no server always comes first or after the same one. */
function inTurn(servers, slice) {
  return servers.map((_, index) => servers[(index + slice) % servers.length]);
}

async function runRound(round) {
  const servers = [];
  try {
    for (const [index, name] of names.entries()) {
      const logFile = join(folder, `${name}${round}.log`);
      const port = PORT + index;
      const server = await startServer(SERVERS[name].args, {
        env: environmentFor(world, uri, port),
        logFile,
      });
      servers.push({ ...server, name, port, logFile });
    }
    await requireSameAnswers(servers);
    for (const [route, definition] of Object.entries(routes)) {
      await world.reset();
      for (const server of servers) await warmUp(server, definition, amounts[route]);
      const measured = Object.fromEntries(names.map((name) => [name, []]));
      for (let slice = 0; slice < slices; slice++) {
        for (const server of inTurn(servers, slice)) {
          measured[server.name].push(await measure(server, definition, amounts[route]));
        }
      }
      for (const name of names) samples[name][route].push(measured[name]);
      const costs = names.map((name) => {
        const micros = median(measured[name].map(({ cpuMicros }) => cpuMicros));
        return `${name} ${micros.toFixed(0).padStart(4)}`;
      });
      process.stderr.write(`  ${route.padEnd(8)} µs CPU: ${costs.join('   ')}\n`);
    }
    const authenticated = ['get', 'list', 'create', 'put', 'refused'].map((route) => amounts[route]);
    for (const server of servers) {
      await server.stop();
      requireLog(server, slices * authenticated.reduce((sum, amount) => sum + amount, 0));
    }
  } finally {
    for (const server of servers) await server.stop();
  }
}

try {
  for (let round = 1; round <= rounds; round++) {
    process.stderr.write(`Round ${round} of ${rounds}\n`);
    await runRound(round);
  }
  printTable(samples);
  if (!quick && only === 'ABCF')
    writeReport(samples, { rounds, slices, pinned: canPin, mongod: mongo.version });
} finally {
  await world.client.close();
  await mongo.stop();
  rmSync(folder, { recursive: true, force: true });
}
