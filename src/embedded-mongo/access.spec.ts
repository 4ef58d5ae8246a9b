import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { addressOf } from './access.js';
import { startEmbeddedMongo, type EmbeddedMongo } from './embedded-mongo.js';
import { commandsNaming, until } from './fixtures/processes.js';
import { resolveMongod } from './mongod-binary.js';
import { freePort } from './mongod-process.js';
import { PRODUCT } from '../product/product.js';

const { MongoClient, MongoServerError } = mongoose.mongo;
const search = { binary: process.env['MONGOD_BINARY'], env: process.env, log: process.stderr };

let dataDir: string;
let running: EmbeddedMongo[];
let program: string;

beforeAll(async () => {
  program = (await resolveMongod(search)).path;
});

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'embedded-mongo-access-'));
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((mongo) => mongo.stop()));
  await rm(dataDir, { recursive: true });
});

async function start(folder = dataDir): Promise<EmbeddedMongo> {
  const mongo = await startEmbeddedMongo({ ...search, dataDir: folder, binary: program });
  running.push(mongo);
  return mongo;
}

async function withClient<T>(
  uri: string,
  use: (client: mongoose.mongo.MongoClient) => Promise<T>,
): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

const countNotes = (uri: string) =>
  withClient(uri, (client) => client.db().collection('notes').countDocuments());
const writeNote = (uri: string) => withClient(uri, (client) => client.db().collection('notes').insertOne({}));
const stranger = (uri: string) =>
  `mongodb://127.0.0.1:${new URL(uri).port}/${PRODUCT.key}?directConnection=true`;

/** What another account of this machine is answered to a command. */
function answerTo(command: Record<string, unknown>, database: string, uri: string): Promise<unknown> {
  return withClient(uri, (client) => client.db(database).command(command)).then(
    () => 'done',
    (error: unknown) => (error instanceof MongoServerError ? error.codeName : error),
  );
}

/** A mongod as versions before this one ran it: open to everybody. Resolves with its address once it takes writes. */
async function openMongod(): Promise<{ uri: string; end(): Promise<void> }> {
  await mkdir(join(dataDir, 'mongodb'), { recursive: true });
  const port = await freePort();
  const options = [`--dbpath=${join(dataDir, 'mongodb')}`, `--port=${port}`, '--bind_ip=127.0.0.1'];
  const mongod = spawn(
    program,
    [...options, '--nounixsocket', '--replSet=rs0', '--setParameter=diagnosticDataCollectionEnabled=false'],
    { stdio: 'ignore' },
  );
  const uri = `mongodb://127.0.0.1:${port}/${PRODUCT.key}?directConnection=true`;
  await withClient(uri, async (client) => {
    const admin = client.db('admin');
    await admin.command({
      replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: `127.0.0.1:${port}` }] },
    });
    while (!(await admin.command({ hello: 1 }))['isWritablePrimary']);
  });
  return {
    uri,
    async end() {
      mongod.kill('SIGKILL');
      await once(mongod, 'exit');
    },
  };
}

/** Tries, as fast as it may, to become the first user of the mongod on `dataDir`, from before it is there. */
async function attackUntil(end: AbortSignal, answers: Set<unknown>): Promise<void> {
  const attacks = [
    { createUser: 'me', pwd: 'me', roles: ['root'] },
    { replSetInitiate: {} },
    { listDatabases: 1 },
  ];
  let port: string | undefined;
  while (port === undefined) {
    const [mongod] = commandsNaming(`--dbpath=${join(dataDir, 'mongodb')} --port=`);
    port = /--port=(\d+)/.exec(mongod ?? '')?.[1];
    await sleep(5);
  }
  await withClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, async (client) => {
    while (!end.aborted) {
      for (const attack of attacks) {
        const answer = await client
          .db('admin')
          .command(attack)
          .catch((error: unknown) => (error instanceof MongoServerError ? error.codeName : 'no answer'));
        answers.add(answer);
      }
    }
  });
}

describe('the embedded MongoDB, to another account of the same machine,', () => {
  it('refuses everything but to say hello, and a guessed password of every user alike', async () => {
    const { uri } = await start();
    const refused: [string, Record<string, unknown>][] = [
      [PRODUCT.key, { find: 'users' }],
      [PRODUCT.key, { update: 'users', updates: [{ q: {}, u: { $set: { role: 'administrator' } } }] }],
      ['admin', { createUser: 'me', pwd: 'me', roles: ['root'] }],
      ['admin', { getLog: 'global' }],
      ['admin', { currentOp: 1 }],
      ['local', { find: 'oplog.rs' }],
      ['admin', { shutdown: 1, force: true }],
      ['admin', { replSetGetConfig: 1 }],
    ];
    for (const [database, command] of refused) {
      expect([command, await answerTo(command, database, stranger(uri))]).toEqual([command, 'Unauthorized']);
    }
    for (const user of [PRODUCT.key, 'admin', '__system']) {
      const guess = new URL(uri);
      Object.assign(guess, { username: user, password: 'guess' });
      expect(await answerTo({ ping: 1 }, 'admin', guess.href)).toBe('AuthenticationFailed');
    }
  });

  it('at no moment of a start, new or over the files of an open one, makes a user or answers a question', async () => {
    const before = await openMongod();
    await writeNote(before.uri);
    await before.end();
    const answers = new Set<unknown>();
    const started = new AbortController();
    const attack = attackUntil(started.signal, answers);
    const { uri } = await start();
    started.abort();
    await attack;
    answers.delete('no answer');
    expect([...answers]).toEqual(['Unauthorized']);
    const { users } = await withClient(uri, (client) => client.db('admin').command({ usersInfo: 1 }));
    expect((users as { user: string }[]).map(({ user }) => user)).toEqual([PRODUCT.key]);
    expect(await countNotes(uri)).toBe(1);
  });

  it('keeps its password in a file of its own user, and neither in arguments nor in its log', async () => {
    const { uri } = await start();
    const { password } = new URL(uri);
    expect((await stat(join(dataDir, 'mongodb.uri'))).mode & 0o777).toBe(0o600);
    expect(await readFile(join(dataDir, 'mongodb.uri'), 'utf8')).toBe(`${uri}\n`);
    expect((await stat(join(dataDir, 'mongodb'))).mode & 0o777).toBe(0o700);
    expect((await readdir(dataDir)).toSorted()).toEqual(['mongodb', 'mongodb.uri', 'mongodb.version']);
    expect(commandsNaming(password)).toEqual([]);
    const { log } = await withClient(uri, (client) => client.db('admin').command({ getLog: 'global' }));
    expect(JSON.stringify(log)).not.toContain(password);
  });

  it('has another password at each start, and puts an end to what others could read', async () => {
    const first = await start();
    await writeNote(first.uri);
    await first.stop();
    await chmod(join(dataDir, 'mongodb.uri'), 0o644);
    await chmod(join(dataDir, 'mongodb'), 0o755);
    const second = await start();
    const old = new URL(second.uri);
    old.password = new URL(first.uri).password;
    expect(await answerTo({ ping: 1 }, 'admin', old.href)).toBe('AuthenticationFailed');
    expect((await stat(join(dataDir, 'mongodb.uri'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, 'mongodb'))).mode & 0o777).toBe(0o700);
    expect(await countNotes(second.uri)).toBe(1);
  });

  it('does not start in a folder that everybody may write to', async () => {
    await chmod(dataDir, 0o777);
    await expect(start()).rejects.toThrow(
      `DATA_DIR ${dataDir} cannot be used: every user of this machine may write to it. Run chmod 700 ${dataDir}`,
    );
    await chmod(dataDir, 0o700);
  });
});

describe('the password of the embedded MongoDB', () => {
  it.each(['lost', 'half written', 'a folder that was restored from a backup'])(
    'is made again when it is %s',
    async (how) => {
      const first = await start();
      await writeNote(first.uri);
      await first.stop();
      let folder = dataDir;
      if (how === 'lost') await rm(join(dataDir, 'mongodb.uri'));
      else if (how === 'half written') await writeFile(join(dataDir, 'mongodb.uri'), 'mongodb://flow');
      else
        await cp(dataDir, (folder = await mkdtemp(join(tmpdir(), 'embedded-mongo-restored-'))), {
          recursive: true,
        });
      expect(await countNotes((await start(folder)).uri)).toBe(1);
    },
  );

  it('is given by DATA_DIR while the server runs, and otherwise it is said what to do', async () => {
    const asked = addressOf(dataDir);
    await expect(asked).rejects.toThrow(/does not run on DATA_DIR \S+, or its password is lost: ENOENT/);
    const mongo = await start();
    expect(await addressOf(dataDir)).toBe(mongo.uri);
    await mongo.stop();
    await expect(addressOf(dataDir)).rejects.toThrow(
      `The embedded MongoDB does not run on DATA_DIR ${dataDir}: start the server first.`,
    );
  });

  it('leaves no way in when a start is killed, and none to come back', async () => {
    const kept = await start();
    await writeNote(kept.uri);
    await kept.stop();
    for (const ms of [100, 300, 500, 700, 900]) {
      const options = ['--no-warnings', join(import.meta.dirname, 'fixtures/owner.mjs'), program, dataDir];
      const starting = spawn(process.execPath, options, {
        env: { PATH: process.env['PATH'] },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const closed = once(starting, 'close');
      await sleep(ms);
      starting.kill('SIGKILL');
      await closed;
    }
    const { uri } = await start();
    expect(await countNotes(uri)).toBe(1);
    expect(await answerTo({ listDatabases: 1 }, 'admin', stranger(uri))).toBe('Unauthorized');
  });
  it('leaves no mongod behind when a start is killed the moment mongod begins', async () => {
    const options = ['--no-warnings', join(import.meta.dirname, 'fixtures/owner.mjs'), program, dataDir];
    for (let kill = 0; kill < 5; kill++) {
      const starting = spawn(process.execPath, options, {
        env: { PATH: process.env['PATH'] },
        stdio: 'ignore',
      });
      const closed = once(starting, 'close');
      await until(() => commandsNaming(`--dbpath=${dataDir}`).length > 0, 1);
      starting.kill('SIGKILL');
      await closed;
      await until(() => commandsNaming(`--dbpath=${dataDir}`).length === 0);
    }
  }, 60_000);
});
