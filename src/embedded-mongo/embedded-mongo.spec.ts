import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { EmbeddedMongoError } from './embedded-mongo-error.js';
import { startEmbeddedMongo, type EmbeddedMongo } from './embedded-mongo.js';
import { isAlive, until } from './fixtures/processes.js';
import { PRODUCT } from '../product/product.js';

let dataDir: string;
let running: EmbeddedMongo[];

async function start(binary = process.env['MONGOD_BINARY']): Promise<EmbeddedMongo> {
  const mongo = await startEmbeddedMongo({ dataDir, binary, env: process.env, log: process.stderr });
  running.push(mongo);
  return mongo;
}

async function withClient<T>(
  uri: string,
  use: (client: mongoose.mongo.MongoClient) => Promise<T>,
): Promise<T> {
  const client = new mongoose.mongo.MongoClient(uri, { w: 'majority', serverSelectionTimeoutMS: 2_000 });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** A program that reports `version` and fails as `text` says when it is asked to serve. */
async function fakeMongod(version: string, text: string): Promise<string> {
  const path = join(dataDir, 'fake-mongod');
  await writeFile(path, `#!/bin/sh\n[ "$1" = --version ] && exec echo "db version v${version}"\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'embedded-mongo-'));
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((mongo) => mongo.stop()));
  await rm(dataDir, { recursive: true });
});

describe('the embedded MongoDB', () => {
  it('keeps its data, private to the user, over a stop and a start', async () => {
    const first = await start();
    await withClient(first.uri, (client) => client.db().collection('notes').insertOne({ text: 'kept' }));
    await first.stop();
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    expect((await stat(join(dataDir, 'mongodb'))).mode & 0o777).toBe(0o700);
    expect(await readFile(join(dataDir, 'mongodb.version'), 'utf8')).toBe(`${first.version}\n`);

    const second = await start();
    expect(second.pid).not.toBe(first.pid);
    expect(await withClient(second.uri, (client) => client.db().collection('notes').countDocuments())).toBe(
      1,
    );
  });

  it('is a primary with transactions in a database that is called after the product, for this machine only', async () => {
    const { uri, version } = await start();
    expect(uri).toMatch(
      new RegExp(
        String.raw`^mongodb://${PRODUCT.key}:[\w-]{43}@127\.0\.0\.1:\d+/${PRODUCT.key}\?directConnection=true&authSource=admin$`,
      ),
    );
    await withClient(uri, async (client) => {
      const admin = client.db().admin();
      expect(await admin.command({ hello: 1 })).toMatchObject({ setName: 'rs0', isWritablePrimary: true });
      expect(await admin.command({ buildInfo: 1 })).toMatchObject({ version });
      const { parsed } = await admin.command({ getCmdLineOpts: 1 });
      expect(parsed.net).toMatchObject({ bindIp: '127.0.0.1', unixDomainSocket: { enabled: false } });
      await client.withSession((session) =>
        session.withTransaction(() => client.db().collection('notes').insertOne({}, { session })),
      );
    });
  });

  it('does not disturb the process when mongod dies, and starts again over its stale lock file', async () => {
    const first = await start();
    await withClient(first.uri, (client) => client.db().collection('notes').insertOne({ text: 'kept' }));
    process.kill(first.pid, 'SIGKILL');
    await until(() => !isAlive(first.pid));
    await first.stop();
    const lock = join(dataDir, 'mongodb/mongod.lock');
    expect(await readFile(lock, 'utf8')).toBe(`${first.pid}\n`);
    await writeFile(lock, `${process.pid}\n`);

    const { uri } = await start();
    expect(await withClient(uri, (client) => client.db().collection('notes').countDocuments())).toBe(1);
  });

  it('lets exactly one of two starts at the same instant have the folder, and leaves that one unharmed', async () => {
    const [one, other] = await Promise.allSettled([start(), start()]);
    const [winner] = running;
    expect(running).toHaveLength(1);
    const lost = one.status === 'rejected' ? one : other;
    const reason: unknown = lost.status === 'rejected' ? lost.reason : undefined;
    expect(reason).toBeInstanceOf(EmbeddedMongoError);
    expect((reason as EmbeddedMongoError).message).toBe(
      `DATA_DIR ${dataDir} is in use by another ${PRODUCT.name} (mongod process ${winner?.pid}). ` +
        'Stop it first, or set another DATA_DIR.',
    );
    await withClient(winner?.uri ?? '', (client) => client.db().collection('notes').insertOne({}));
  }, 15_000);

  it('does not open files of a newer series, and says which two versions there are', async () => {
    const binary = await fakeMongod('6.0.5', 'exit 1');
    await writeFile(join(dataDir, 'mongodb.version'), '8.2.6\n');
    await expect(start(binary)).rejects.toThrow(
      new EmbeddedMongoError(
        `mongod 6.0.5 (${binary}) cannot open the database in DATA_DIR ${dataDir}, whose files were made by ` +
          'mongod 8.2.6. Set MONGOD_BINARY to a mongod 8.2.6, or set another DATA_DIR.',
      ),
    );
    expect(await readdir(join(dataDir, 'mongodb'))).toEqual([]);
  });

  it("gives mongod's own reason when it does not start", async () => {
    const error = 'UPGRADE PROBLEM: invalid featureCompatibilityVersion';
    const line = JSON.stringify({ s: 'F', msg: 'Wrong mongod version', attr: { error } }).replace(
      '"s":',
      '"s":',
    );
    await writeFile(join(dataDir, 'mongodb.version'), '6.0.5\n');
    const tooNew = await fakeMongod('9.0.0', `echo '${line}'; exit 62`);
    await expect(start(tooNew)).rejects.toThrow(/made by mongod 6\.0\.5\..* mongod says: UPGRADE PROBLEM: /);
    const unlinked = await fakeMongod('6.0.5', 'echo "libssl.so.3: no such file" >&2; exit 127');
    await expect(start(unlinked)).rejects.toThrow(/mongod says: libssl\.so\.3: no such file$/);
    const killed = await fakeMongod('6.0.5', 'kill -9 $$');
    await expect(start(killed)).rejects.toThrow(/mongod says: it ended with SIGKILL$/);
  });

  it('names DATA_DIR when the folder cannot be used', async () => {
    await mkdir(join(dataDir, 'sub'));
    await writeFile(join(dataDir, 'sub/mongodb'), 'a file');
    const binary = await fakeMongod('6.0.5', 'exit 1');
    const search = { binary, env: {}, log: process.stderr };
    await expect(startEmbeddedMongo({ dataDir: join(dataDir, 'sub'), ...search })).rejects.toThrow(
      /^DATA_DIR \S+\/sub cannot be used: EEXIST/,
    );
  });
});
