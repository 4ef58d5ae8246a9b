import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { startEmbeddedMongo } from './embedded-mongo.js';
import { commandsNaming, isAlive, until } from './fixtures/processes.js';
import { resolveMongod } from './mongod-binary.js';
import { PRODUCT } from '../product/product.js';
import { atMost } from '../../test/support/soak.js';

const OWNER = join(import.meta.dirname, 'fixtures/owner.mjs');
const base = { binary: process.env['MONGOD_BINARY'], env: process.env, log: process.stderr };

let binary: string;
let dataDir: string;
let owner: ChildProcess;
let mongod: number;
/** How many writes a majority has acknowledged to the owner. */
let acknowledged: number;

beforeAll(async () => {
  binary = (await resolveMongod(base)).path;
});

/** A process, in a process group of its own, that owns an embedded MongoDB and keeps writing to it. */
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'embedded-mongo-owner-'));
  acknowledged = 0;
  owner = spawn(process.execPath, ['--no-warnings', OWNER, binary, dataDir], {
    detached: true,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  owner.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    acknowledged = output.split('\n').length - 2;
  });
  await until(() => acknowledged > 20);
  mongod = (JSON.parse(output.split('\n')[0] ?? '') as { pid: number }).pid;
});

afterEach(async () => {
  owner.kill('SIGKILL');
  await until(() => !isAlive(mongod));
  await rm(dataDir, { recursive: true });
});

describe('a process that owns the embedded MongoDB', () => {
  it('leaves neither mongod nor its watchdog behind when it is killed', async () => {
    expect(commandsNaming(`mongod-watchdog ${mongod}`)).toHaveLength(1);
    owner.kill('SIGKILL');
    const killed = Date.now();
    await until(() => !isAlive(mongod));
    expect(Date.now() - killed).toBeLessThan(atMost(2_500));
    await until(() => commandsNaming(`mongod-watchdog ${mongod}`).length === 0);
  });

  it.each([
    ['alone', () => undefined],
    ['together with mongod', () => process.kill(mongod, 'SIGKILL')],
  ])('can be killed %s and followed at once without losing an acknowledged write', async (_, killToo) => {
    owner.kill('SIGKILL');
    killToo();
    const next = await startEmbeddedMongo({ ...base, binary, dataDir });
    const client = new mongoose.mongo.MongoClient(next.uri);
    try {
      const kept = await client.db().collection('numbers').countDocuments();
      expect(kept).toBeGreaterThanOrEqual(acknowledged);
    } finally {
      await client.close();
      await next.stop();
    }
  });

  it('keeps its database after Ctrl-C, for as long as it drains', async () => {
    process.kill(-(owner.pid ?? 0), 'SIGINT');
    const before = acknowledged;
    await sleep(500);
    expect(isAlive(mongod)).toBe(true);
    await until(() => acknowledged > before);
    expect(commandsNaming(`mongod-watchdog ${mongod}`)).toHaveLength(1);
  });

  it('is not harmed by a second process, which is told who holds the folder', async () => {
    const started = Date.now();
    await expect(startEmbeddedMongo({ ...base, binary, dataDir })).rejects.toThrow(
      `DATA_DIR ${dataDir} is in use by another ${PRODUCT.name} (mongod process ${mongod}).`,
    );
    expect(Date.now() - started).toBeLessThan(atMost(8_000));
    const before = acknowledged;
    await until(() => acknowledged > before);
  }, 15_000);
});
