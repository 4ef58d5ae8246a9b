import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { mongodArguments } from './systems.js';

/** A mongod that accepts connections on 127.0.0.1 and ends no later than this process. */
export interface MongodProcess {
  pid: number;
  port: number;
  /**
   * Ends mongod, after 5 seconds with force; resolves when it is gone.
   * @param ask asks mongod to shut down; when that fails it gets a signal, which on Windows is no request
   */
  stop(ask?: () => Promise<void>): Promise<void>;
}

/** mongod ended before it accepted connections. The message is the reason it gave. */
export class MongodExit extends Error {
  /** What mongod wrote: one JSON object a line, or plain text when the program itself failed. */
  readonly output: string;

  constructor(how: string, output: string) {
    super(lastFault(output) ?? how);
    this.output = output;
  }
}

/** Includes the recovery of a large database after a crash. */
const START_MS = 60_000;
const STOP_MS = 5_000;

/**
 * What the watchdog runs: ends mongod when the process at the other end of its standard input is gone, however it
 * went. It travels as text, so it uses nothing from outside.
 */
function guard(mongod: number): void {
  const send = (signal: NodeJS.Signals | 0) => {
    try {
      process.kill(mongod, signal);
    } catch {
      process.exit();
    }
  };
  process.stdin.resume().once('error', () => undefined);
  process.stdin.once('close', () => {
    send('SIGTERM');
    setInterval(() => send(0), 250);
    setTimeout(() => send('SIGKILL'), 5_000);
  });
}

/**
 * Starts mongod as the single member of the replica set `rs0` on a free port.
 * @param dbPath an existing folder; mongod locks it
 * @param keyFile mongod reads it before it accepts connections, and not again
 * @throws MongodExit when mongod ends at once, say because another one holds the folder
 */
export async function launchMongod(program: string, dbPath: string, keyFile: string): Promise<MongodProcess> {
  const port = await freePort();
  const options = mongodArguments({ dbPath, port, keyFile }, process.platform);
  // A session of its own: Ctrl-C must not stop the database before the application has drained.
  const mongod = spawn(...heldBack([program, ...options], process.platform), {
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const watchdog = watch(mongod);
  letGo(mongod);
  const closed = new Promise<void>((resolve) => {
    mongod.once('close', () => {
      watchdog?.kill('SIGKILL');
      resolve();
    });
  });
  await accepting(mongod).catch(async (error: unknown) => {
    mongod.kill('SIGKILL');
    await closed;
    throw error;
  });
  release(mongod);
  const end = async (ask?: () => Promise<void>) => {
    mongod.ref();
    const force = setTimeout(() => mongod.kill('SIGKILL'), STOP_MS);
    const signal = () => void mongod.kill('SIGTERM');
    if (mongod.exitCode === null && mongod.signalCode === null) {
      await Promise.race([closed, ask ? ask().catch(signal) : signal()]);
    }
    await closed;
    clearTimeout(force);
  };
  let ending: Promise<void> | undefined;
  return { pid: mongod.pid ?? 0, port, stop: (ask) => (ending ??= end(ask)) };
}

/**
 * A command whose process becomes mongod when it is let go. A process that is killed between the start of mongod and
 * that of its watchdog would leave a mongod that nobody ends, and no start could use its folder again.
 */
function heldBack(
  [program, ...options]: [string, ...string[]],
  platform: NodeJS.Platform,
): [string, string[]] {
  if (platform === 'win32') return [program, options];
  return ['/bin/sh', ['-c', 'read -r go <&3 && exec "$0" "$@" 3<&-', program, ...options]];
}

function letGo(mongod: ChildProcess): void {
  const gate = mongod.stdio[3];
  if (!(gate instanceof Socket)) return;
  // A shell that did not start is told by its own error.
  gate.on('error', () => undefined);
  gate.end('go\n');
}

/** @returns nothing when mongod itself did not start */
function watch(mongod: ChildProcess): ChildProcess | undefined {
  if (mongod.pid === undefined) return undefined;
  const options = ['-e', `(${guard.toString()})(${mongod.pid})`, 'mongod-watchdog', String(mongod.pid)];
  const watchdog = spawn(process.execPath, options, {
    detached: true,
    windowsHide: true,
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without its watchdog mongod would outlive a crash, so it does not start at all.
  watchdog.once('error', () => mongod.kill('SIGKILL'));
  watchdog.unref();
  return watchdog;
}

/** Waits for mongod's own word: an open port alone could belong to another program. */
async function accepting(mongod: ChildProcess): Promise<void> {
  let output = '';
  const timeout = AbortSignal.timeout(START_MS);
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Waiting for connections')) resolve();
    };
    mongod.stdout?.on('data', read);
    mongod.stderr?.on('data', read);
    mongod.once('error', reject);
    mongod.once('close', (code, signal) => reject(new MongodExit(`it ended with ${signal ?? code}`, output)));
    timeout.addEventListener('abort', () => reject(new MongodExit(`no answer in ${START_MS} ms`, output)));
  });
}

/** From here on mongod neither keeps this process running nor disturbs it by an end of its own. */
function release(mongod: ChildProcess): void {
  mongod.on('error', () => undefined);
  mongod.unref();
  for (const stream of [mongod.stdout, mongod.stderr]) {
    stream?.removeAllListeners('data').resume();
    if (stream instanceof Socket) stream.unref();
  }
}

/** A port of 127.0.0.1 that nobody uses at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** The reason in mongod's log: the error of its last line of severity E or F, else its last line of plain text. */
function lastFault(output: string): string | undefined {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const fault = lines.findLast((line) => /^\{.*"s":"[EF]".*\}$/.test(line));
  if (fault === undefined) return lines.findLast((line) => !line.startsWith('{'));
  const { msg, attr } = JSON.parse(fault) as { msg: string; attr?: { error?: unknown } };
  return typeof attr?.error === 'string' ? attr.error : msg;
}
