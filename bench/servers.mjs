/** Starts the measured servers, one at a time, and reads their resource usage from the operating system. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const top = join(import.meta.dirname, '..');

export const SERVERS = {
  A: { about: 'bare Fastify + MongoDB driver', args: [join(top, 'bench/servers/a-bare.mjs')] },
  B: { about: 'Fastify, protections by hand', args: [join(top, 'bench/servers/b-hand.mjs')] },
  C: { about: 'the usual Nest stack', args: [join(top, 'bench/dist/c-usual.js')] },
  F: { about: 'Flowversal', args: ['--v8-pool-size=2', join(top, 'scripts/start.mjs')] },
};

/** Whether processes can be bound to a processor: the server gets the first, everything else the second. */
export const canPin = process.platform === 'linux' && spawnsOk('taskset');

function spawnsOk(command) {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      closeSync(openSync(join(folder, command), 'r'));
      return true;
    } catch {
      return false;
    }
  });
}

/** CPU seconds that a process has used, in all threads, in user and system mode. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process in MiB. */
export function rssMiB(pid) {
  const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kib) / 1024;
}

/** Starts one server and resolves when it listens. Its output goes to a file. `args` are those of Node. */
export async function startServer(args, { env, logFile, pinned = canPin, withinMs = 20_000 }) {
  const log = openSync(logFile, 'w');
  const started = performance.now();
  const [command, ...rest] = [...(pinned ? ['taskset', '-c', '0'] : []), process.execPath, ...args];
  const child = spawn(command, rest, { cwd: top, env, stdio: ['ignore', log, log] });
  closeSync(log);
  // A run that fails leaves no server behind.
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  child.once('exit', () => process.off('exit', killChild));
  const giveUp = Date.now() + withinMs;
  while (!readFileSync(logFile, 'utf8').includes('"event":"listening"')) {
    if (child.exitCode !== null || Date.now() > giveUp) {
      throw new Error(`${args.at(-1)} did not start:\n${readFileSync(logFile, 'utf8')}`);
    }
    await sleep(20);
  }
  return {
    pid: child.pid,
    readyMs: performance.now() - started,
    async stop() {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 5000);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      clearTimeout(force);
    },
  };
}
