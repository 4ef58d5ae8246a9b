import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { isAlive } from '../../src/embedded-mongo/fixtures/processes.js';
import { mongodArguments } from '../../src/embedded-mongo/systems.js';
import { resolveMongod } from '../../src/embedded-mongo/mongod-binary.js';
import { report, soaked } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { startOwnMongod } from './own-mongod.js';
import { Installation } from './server-process.js';

const WRITERS = 8;
const ROUNDS = soaked(5);
const PROJECTS = '/api/v1/projects';
const TRY_AGAIN = new Set([
  '503 DATABASE_UNAVAILABLE',
  '503 OVERLOADED',
  '503 DEADLINE_EXCEEDED',
  '409 IDEMPOTENCY_IN_PROGRESS',
]);
const DISK_MIB = 256;

/** Whether this system lets a user mount a small disk for itself. Some containers do not. */
function mayMount(): boolean {
  try {
    execFileSync('unshare', ['-Urm', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

/** A disk that only its processes see. A supervisor starts mongod again whenever it ends, as a service manager does. */
class SmallDisk {
  private constructor(
    private readonly supervisor: ChildProcess,
    private readonly path: string,
  ) {}

  static async start(
    folder: string,
    files: string,
    program: string,
    options: readonly string[],
  ): Promise<SmallDisk> {
    const path = join(folder, 'disk');
    await mkdir(path);
    const script = [
      `mount -t tmpfs -o size=${DISK_MIB}m tmpfs ${path}`,
      `cp -a ${files}/. ${path}`,
      `while :; do ${program} ${options.map((option) => `'${option}'`).join(' ')} --dbpath=${path} >/dev/null 2>&1; sleep 0.3; done`,
    ].join(' && ');
    const supervisor = spawn('unshare', ['-Urm', 'sh', '-c', script], { stdio: 'ignore', detached: true });
    await once(supervisor, 'spawn');
    return new SmallDisk(supervisor, path);
  }

  private get filler(): string {
    return `/proc/${this.supervisor.pid}/root${this.path}/filler`;
  }

  fill(): void {
    const file = openSync(this.filler, 'w');
    try {
      // The last block as well.
      for (let bytes = 1 << 20; bytes >= 4_096; bytes /= 2) fillWith(file, Buffer.alloc(bytes));
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.filler);
  }

  async remove(): Promise<void> {
    const { pid = 0 } = this.supervisor;
    const gone = once(this.supervisor, 'exit');
    process.kill(-pid, 'SIGKILL');
    await gone;
  }
}

function fillWith(file: number, block: Buffer): void {
  for (;;) {
    try {
      if (writeSync(file, block) < block.length) return;
    } catch {
      return;
    }
  }
}

it(`loses no acknowledged write while the database's disk is full, ${ROUNDS} times, and is well again by itself`, async () => {
  if (!mayMount()) {
    process.stdout.write('full disk: not tried, for this system lets nobody mount a disk of their own\n');
    return;
  }
  const [installation, mongod] = await Promise.all([Installation.create(), startOwnMongod()]);
  const { path: program } = await resolveMongod({
    binary: process.env['MONGOD_BINARY'],
    env: process.env,
    log: process.stderr,
  });
  await mongod.kill('SIGTERM');
  const keyFile = join(installation.folder, 'key');
  await writeFile(keyFile, randomBytes(96).toString('base64'), { mode: 0o600 });
  const port = Number(new URL(mongod.uri).port);
  const options = mongodArguments({ dbPath: '', port, keyFile }, process.platform).filter(
    (each) => !each.startsWith('--dbpath'),
  );
  const disk = await SmallDisk.start(installation.folder, join(mongod.dataDir, 'mongodb'), program, options);
  const client = new MongoClient(mongod.uri);
  try {
    const env = {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      MONGODB_URI: mongod.uri,
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    };
    await installation.migrate(env);
    const server = await installation.start(env);
    const ada = await new HttpCaller(server.url).signIn();
    await client.db().collection('projects').dropIndex('ownerId_1_name_1');
    const acknowledged = new Map<string, string>();
    const outcomes = new Map<string, number>();
    const end = new AbortController();
    const write = async (name: string): Promise<void> => {
      const key = randomUUID();
      for (let outcome = ''; outcome === '' || TRY_AGAIN.has(outcome);) {
        const { status, body } = await ada.post(
          PROJECTS,
          { name, description: 'x'.repeat(500) },
          { 'idempotency-key': key },
        );
        outcome = [status, body.code].filter(Boolean).join(' ');
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        if (status === 201) acknowledged.set(name, body.data.id as string);
        await sleep(50);
      }
    };
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let n = 0; !end.signal.aborted; n++) await write(`${writer}-${n}`);
    });
    const becomes = async (status: number): Promise<void> => {
      for (
        const giveUp = Date.now() + 60_000;
        (await ada.get('/health/ready')).status !== status;
        await sleep(50)
      ) {
        if (Date.now() > giveUp) throw new Error(`never ${status}: ${JSON.stringify([...outcomes])}`);
      }
    };
    for (let round = 0; round < ROUNDS; round++) {
      const enough = acknowledged.size + 5 * WRITERS;
      while (acknowledged.size < enough) await sleep(20);
      disk.fill();
      await becomes(503);
      expect((await ada.get('/health/live')).status).toBe(200);
      await sleep(1_000);
      disk.free();
      await becomes(200);
    }
    end.abort();
    await Promise.all(writers);
    const allowed = new Set(['201', ...TRY_AGAIN]);
    expect([...outcomes.keys()].filter((outcome) => !allowed.has(outcome))).toEqual([]);
    const stored = await client
      .db()
      .collection('projects')
      .find({}, { projection: { name: 1 } })
      .toArray();
    const idsOf = Map.groupBy(stored, ({ name }) => String(name));
    const wrong = [...acknowledged].filter(
      ([name, id]) =>
        idsOf
          .get(name)
          ?.map(({ _id }) => String(_id))
          .join() !== id,
    );
    expect({ wrong, more: stored.length - acknowledged.size }).toEqual({ wrong: [], more: 0 });
    report(
      `disk full ${ROUNDS} times, ${acknowledged.size} writes acknowledged, ${wrong.length} lost, none twice; ${JSON.stringify([...outcomes])}`,
    );
    expect(isAlive(server.pid)).toBe(true);
  } finally {
    await client.close();
    await disk.remove();
    await installation.remove();
    await rm(mongod.dataDir, { recursive: true });
  }
}, 400_000);
