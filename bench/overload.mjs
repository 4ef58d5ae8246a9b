/**
 * `npm run bench -- --overload`: what happens to a server that is asked for more than it can do. An open loop on a
 * processor of its own sends reads and writes at a half, 1, 2 and 4 times the capacity, then a spike; then slow clients,
 * and one who asks for as much as it can, beside normal load. Writes nothing.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';
import { markdown } from './report.mjs';
import { canPin, cpuSeconds, rssMiB, startServer } from './servers.mjs';
import { createWorld, environmentFor } from './world.mjs';

const PORT = 3950;
const SLOW = 500;

function mixOf({ token }) {
  const auth = { authorization: `Bearer ${token}` };
  const json = { ...auth, 'content-type': 'application/json' };
  const id = (_, n) => `/api/v1/projects/66f1a0c2${(n + 1).toString(16).padStart(16, '0')}`;
  const paths = Array.from({ length: 999 }, id);
  const body = { name: 'bench-{n}', description: 'Made by the benchmark', metadata: { tags: ['web'] } };
  return [
    { weight: 70, method: 'GET', paths, headers: auth },
    { weight: 15, method: 'GET', path: '/api/v1/projects?limit=20', headers: auth },
    { weight: 10, method: 'POST', path: '/api/v1/projects', headers: json, body },
    { weight: 5, method: 'PUT', paths, headers: json, body },
  ];
}

/** Binds this process, and what it starts from then on, to processors. */
function bind(processors) {
  if (canPin) execFileSync('taskset', ['-acp', processors, String(process.pid)], { stdio: 'ignore' });
}

function startGenerator() {
  bind('1');
  const generator = spawn(process.execPath, [join(import.meta.dirname, 'open-loop.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  bind('0');
  return {
    pid: generator.pid,
    async run(plan) {
      generator.send(plan);
      const [result] = await once(generator, 'message');
      return result;
    },
    stop: () => generator.kill(),
  };
}

/** So many connections that each do as little as is allowed, or a little less. */
const SLOW_KINDS = {
  headers: { head: 'GET /api/v1/projects HTTP/1.1\r\n', drip: 'X-A: b\r\n' },
  body: ({ token }) => ({
    head: `POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n`,
    drip: ' ',
  }),
  reading: ({ token }) => ({
    head: `GET /api/v1/projects?limit=100 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`.repeat(
      50,
    ),
    reads: false,
  }),
};

function startSlowClients(port, kind, world) {
  const { head, drip, reads = true } = typeof kind === 'function' ? kind(world) : kind;
  const sockets = new Set();
  const open = (index) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${1 + (index % 200)}` }, () =>
      socket.write(head),
    );
    if (reads) socket.resume();
    else socket.pause();
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket) && !isOver && setTimeout(open, 1000, index));
    sockets.add(socket);
  };
  let isOver = false;
  for (let index = 0; index < SLOW; index++) open(index);
  const timer = setInterval(() => {
    if (drip) for (const socket of sockets) if (socket.writable) socket.write(drip);
  }, 1000);
  return () => {
    isOver = true;
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
  };
}

export async function measureOverload({ seconds }) {
  const folder = mkdtempSync(join(tmpdir(), 'product-overload-'));
  const generator = startGenerator();
  const { MONGOD_BINARY: binary } = process.env;
  const mongo = await startEmbeddedMongo({ dataDir: folder, binary, env: process.env, log: process.stderr });
  const uri = mongo.uri.replace(/\/[^/?]+\?/, '/bench?');
  const world = await createWorld(uri);
  const env = environmentFor(world, uri, PORT);
  const server = await startServer([join(import.meta.dirname, '../dist/main.js')], {
    env,
    logFile: join(folder, 'server.log'),
  });
  const plan = { port: PORT, mix: mixOf(world), seconds };
  const rows = [];

  async function measure(label, options) {
    const pids = [server.pid, mongo.pid, generator.pid];
    const before = pids.map(cpuSeconds);
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, rssMiB(server.pid))), 100);
    const result = await generator.run({ ...plan, ...options });
    clearInterval(watch);
    const share = pids.map((pid, index) => (cpuSeconds(pid) - before[index]) / (options.seconds ?? seconds));
    const shed = result.outcomes['OVERLOADED'] ?? 0;
    const others = Object.entries(result.outcomes).filter(([code]) => !/^2|OVERLOADED/.test(code));
    rows.push([
      label,
      result.sent.toFixed(0),
      result.ok.toFixed(0),
      shed,
      others.map(([code, count]) => `${count} × ${code}`).join(', ') || '–',
      `${result.p50.toFixed(1)} / ${result.p99.toFixed(1)}`,
      result.live.toFixed(0),
      most.toFixed(0),
      share.map((each) => each.toFixed(2)).join(' / '),
    ]);
    process.stderr.write(`  ${rows.at(-1).join(' | ')}\n`);
    return result;
  }

  try {
    await generator.run({ ...plan, clients: 16, seconds: 4 });
    const { ok: capacity } = await measure('capacity: 24 clients that wait', { clients: 24 });
    for (const times of [0.5, 1, 2, 4]) await measure(`${times} × capacity`, { rate: times * capacity });
    const spike = measure('spike: 4 × capacity', { rate: 4 * capacity, seconds: 10 });
    await spike;
    await measure('half of it, at once after the spike', { rate: capacity / 2, seconds: 5 });
    for (const [name, kind] of Object.entries(SLOW_KINDS)) {
      await measure('24 clients alone', { clients: 24 });
      const stop = startSlowClients(PORT, kind, world);
      await sleep(1000);
      await measure(`24 clients beside ${SLOW} slow ones: ${name}`, { clients: 24 });
      stop();
      await sleep(1000);
    }
    const head = [
      'load',
      'sent/s',
      '2xx/s',
      'shed',
      'others',
      'p50 / p99 ms',
      'live ms',
      'RSS',
      'CPU: server / mongod / load',
    ];
    process.stdout.write(`\n${markdown({ head, rows })}\n`);
  } finally {
    generator.stop();
    await server.stop();
    await world.client.close();
    await mongo.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
