import { spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type Db, MongoClient } from 'mongodb';
import { report } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation } from './server-process.js';

jest.setTimeout(400_000);

const WRITERS = 16;
const PROJECTS = '/api/v1/projects';
/** Acknowledged before the backup begins. */
const BEFORE = 2_000;
/** Documents beside them, so that it takes a while. */
const MORE = 100_000;

/** MongoDB's own tools: the programs that MONGODUMP_BINARY and MONGORESTORE_BINARY name, or those on the PATH. */
const TOOLS = {
  mongodump: process.env['MONGODUMP_BINARY'] ?? 'mongodump',
  mongorestore: process.env['MONGORESTORE_BINARY'] ?? 'mongorestore',
};
const lacking = Object.entries(TOOLS).flatMap(([name, program]) =>
  spawnSync(program, ['--version']).status === 0 ? [] : [name],
);

let installation: Installation;
/** That of the servers, and an empty one. */
let [mongod, empty]: [OwnMongod?, OwnMongod?] = [];
const clients: MongoClient[] = [];

beforeAll(async () => {
  [installation, mongod, empty] = await Promise.all([
    Installation.create(),
    startOwnMongod(),
    startOwnMongod(),
  ]);
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await installation.remove();
  await Promise.all([mongod?.remove(), empty?.remove()]);
});

function databaseAt(uri: string): Db {
  const client = new MongoClient(uri);
  clients.push(client);
  return client.db();
}

/** The address of a server for a user of one role, without a database. */
async function addressFor(uri: string, role: string): Promise<string> {
  const [name, pwd] = [`may-${role}`, randomBytes(24).toString('hex')];
  await databaseAt(uri)
    .client.db('admin')
    .command({ createUser: name, pwd, roles: [role] });
  return Object.assign(new URL(uri), { username: name, password: pwd, pathname: '/' }).href;
}

/** Resolves with what it said. @throws Error with that when it fails */
async function run(program: string, ...options: readonly string[]): Promise<string> {
  const child = spawn(program, options, { stdio: ['ignore', 'ignore', 'pipe'] });
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`);
  return said;
}

/** What a database has besides records. */
async function shapeOf(db: Db): Promise<Record<string, unknown>> {
  const shapes: Record<string, unknown> = {};
  for (const { name, options } of await db.listCollections({}, { nameOnly: false }).toArray()) {
    const indexes = await db.collection(name).indexes();
    shapes[name] = { options, indexes: Object.fromEntries(indexes.map((each) => [each.name, each])) };
  }
  return shapes;
}

it('is restored by mongorestore from what mongodump has written under load', async () => {
  if (lacking.length > 0 || !mongod || !empty) {
    const how = 'set MONGODUMP_BINARY and MONGORESTORE_BINARY, or put them on the PATH';
    process.stdout.write(
      `a backup by MongoDB's tools: not tried, without ${lacking.join(' and ')}; ${how}\n`,
    );
    return;
  }
  const files = join(installation.folder, 'files');
  const key = randomBytes(32).toString('base64');
  const env = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    MONGODB_URI: mongod.uri,
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: `first:${key}`,
    FILES_URL: pathToFileURL(files).href,
  };
  await installation.migrate(env);
  const server = await installation.start(env);
  const ada = await new HttpCaller(server.url).signIn();

  /** The Idempotency-Key with which each project was created that was acknowledged, by its id. */
  const created = new Map<string, string>();
  const end = new AbortController();
  const write = async (name: string): Promise<void> => {
    const ofIt = randomUUID();
    const { status, body } = await ada.post(PROJECTS, { name }, { 'idempotency-key': ofIt });
    if (status === 201) created.set(body.data.id as string, ofIt);
    else await sleep(20);
  };
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let n = 0; !end.signal.aborted; n++) await write(`${writer}-${n}`);
  });
  const [db, dbThere] = [databaseAt(mongod.uri), databaseAt(empty.uri)];
  const more = Array.from({ length: MORE }, () => ({ text: randomBytes(300).toString('base64') }));
  await db.collection('more').insertMany(more, { ordered: false });
  while (created.size < BEFORE) await sleep(20);
  const form = new FormData();
  const bytes = 'kept '.repeat(10_000);
  form.set('file', new Blob([bytes], { type: 'text/plain' }), 'kept.txt');
  const uploaded = await fetch(`${server.url}/api/v1/files`, {
    method: 'POST',
    headers: ada.headers,
    body: form,
  });
  const file = ((await uploaded.json()) as { readonly data: { readonly id: string } }).data.id;
  // Its secret is encrypted.
  const hook = await ada.post('/api/v1/webhooks', {
    url: 'https://93.184.215.14/',
    events: ['users.signed-in'],
  });
  const before = new Map(created);
  const archive = join(installation.folder, 'backup.gz');
  const reader = await addressFor(mongod.uri, 'backup');
  await run(TOOLS.mongodump, '--oplog', '--gzip', `--archive=${archive}`, `--uri=${reader}`);
  const during = created.size - before.size;
  // Files after the database: what it knows is there.
  const filesThere = join(installation.folder, 'files-there');
  await cp(files, filesThere, { recursive: true });
  end.abort();
  await Promise.all(writers);
  expect(during).toBeGreaterThan(0);

  // The role restore may not replay an oplog.
  const writer = await addressFor(empty.uri, 'root');
  const options = ['--oplogReplay', '--gzip', `--archive=${archive}`, `--uri=${writer}`];
  const said = await run(TOOLS.mongorestore, ...options);
  expect(said).toMatch(/\b0 document\(s\) failed to restore/);
  expect(await shapeOf(dbThere)).toEqual(await shapeOf(db));
  expect(await dbThere.collection('more').countDocuments()).toBe(MORE);

  const there = { ...env, MONGODB_URI: empty.uri, FILES_URL: pathToFileURL(filesThere).href };
  expect(await installation.migrate(there, 'status')).toMatchObject({ code: 0 });
  const rotate = (keys: string) =>
    installation.spawn([process.execPath, 'dist/rotate-keys.js'], { ...there, ENCRYPTION_KEY: keys }).ended;
  const second = `second:${randomBytes(32).toString('base64')}`;
  const without = await rotate(second);
  expect(without.code).toBe(1);
  expect(without.stdout).toContain(`webhooks ${hook.body.data.id} secret: unknown key (first)\n`);
  expect(await rotate(`${second},first:${key}`)).toMatchObject({ code: 0 });

  const stored = await dbThere.collection('projects').find().toArray();
  const ids = stored.map(({ _id }) => String(_id));
  expect([...before.keys()].filter((id) => !ids.includes(id))).toEqual([]);
  expect(new Set(stored.map(({ name }) => String(name))).size).toBe(stored.length);
  // It goes up to the end of the backup, not to its beginning.
  expect(stored.length - before.size).toBeGreaterThan(during / 2);
  // A record and the note of its Idempotency-Key were written together.
  const noted = await dbThere.collection('idempotency_keys').distinct('recordId');
  expect(noted.map(String).toSorted()).toEqual(ids.toSorted());

  const restored = await installation.start({ ...there, ENCRYPTION_KEY: `${second},first:${key}` });
  const adaThere = ada.at(restored.url);
  expect((await adaThere.get('/health/ready')).status).toBe(200);
  const content = await fetch(`${restored.url}/api/v1/files/${file}/content`, { headers: ada.headers });
  expect(await content.text()).toBe(bytes);
  // Whoever tries again after the restore is told of the record that is there.
  const [id = '', again = ''] = [...before].at(-1) ?? [];
  const { name } = (await adaThere.get(`${PROJECTS}/${id}`)).body.data as { name: string };
  const repeated = await adaThere.post(PROJECTS, { name }, { 'idempotency-key': again });
  expect([repeated.status, repeated.body.data?.id]).toEqual([201, id]);
  report(
    `mongodump under load and mongorestore: ${before.size} writes acknowledged before it, all restored, none twice; ` +
      `${during} more while it ran, ${stored.length - before.size} of them restored; ` +
      `${Math.round((await stat(archive)).size / 2 ** 20)} MiB; indexes, migrations, keys and a file's bytes right`,
  );
});
