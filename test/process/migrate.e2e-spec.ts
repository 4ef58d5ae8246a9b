import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Db, MongoClient } from 'mongodb';
import { uriOf } from '../support/databases.js';
import { atMost, soaked } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { addMigrations, listed, RELEASED } from './next-version.js';
import { type Exit, Installation, type ServerProcess } from './server-process.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(120_000);

const EFFECT = `await db.collection('effects').insertOne({ of: 'effect' });`;
const TIME = /applied \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g;
const ADMIN = { ADMIN_EMAIL: 'admin@product.test', ADMIN_PASSWORD: 'a long way to go home' };

/** This version of the code. */
let released: Installation;
/** One whose next migration takes a while and leaves a trace. */
let next: Installation;
let client: MongoClient;
/** Of one test. */
let db: Db;
let env: Record<string, string>;

beforeAll(async () => {
  released = await Installation.create();
  next = await Installation.create();
  await addMigrations(next.folder, { '9001-effect': `${EFFECT} await sleep(300);` });
  client = await new MongoClient(process.env['TEST_MONGODB_URI'] ?? '').connect();
});
afterAll(async () => {
  await released.remove();
  await next.remove();
  await client.close();
});
beforeEach(() => {
  const name = `migrate_${randomUUID().replaceAll('-', '')}`;
  db = client.db(name);
  env = {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    MONGODB_URI: uriOf(name),
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
});
afterEach(() => db.dropDatabase());

const effects = () => db.collection('effects').countDocuments();

async function ledger(): Promise<string[]> {
  const entries = await db.collection<{ _id: string }>('migrations').find().sort({ _id: 1 }).toArray();
  return entries.map(({ _id }) => _id);
}

/** Ten in a soak. */
const MANY = soaked(10, 3);
const many = <T>(work: () => Promise<T>) => Promise.all(Array.from({ length: MANY }, work));

async function statusOf({ url }: ServerProcess, path: string): Promise<number> {
  return (await new HttpCaller(url).get(path)).status;
}

/** Resolves with the milliseconds until the server is ready. */
async function ready(server: ServerProcess): Promise<number> {
  const begun = Date.now();
  while ((await statusOf(server, '/health/ready')) !== 200) {
    if (Date.now() - begun > 10_000) throw new Error('It is not ready after ten seconds');
    await sleep(20);
  }
  return Date.now() - begun;
}

describe(`${MANY} processes that start at once on an empty database`, () => {
  it('migrate it once, and all are ready', async () => {
    const servers = await many(() => next.start({ ...env, NODE_ENV: 'test' }));
    expect(await Promise.all(servers.map((server) => statusOf(server, '/health/ready')))).toEqual(
      servers.map(() => 200),
    );
    expect(await effects()).toBe(1);
    expect(await ledger()).toEqual([...RELEASED, '9001-effect']);
    const output = servers.map(({ stdout }) => stdout).join('');
    expect(output.match(/"event":"migration_applied","migration":"9001-effect"/g)).toHaveLength(1);
    expect(output.match(/"event":"indexes_created","collection":"users"/g)).toHaveLength(1);
    expect(await db.collection('users').indexExists('email_1')).toBe(true);
    for (const server of servers) server.kill('SIGTERM');
    expect((await Promise.all(servers.map(({ ended }) => ended))).map(({ code }) => code)).toEqual(
      servers.map(() => 0),
    );
  });

  it('leave it alone in production, where `migrate up` many times at once does it once', async () => {
    const servers = [await next.start(env), await next.start(env)];
    expect(await ledger()).toEqual([]);
    const exits = await many(() => next.migrate(env, 'up'));
    expect(exits.map(({ code, stderr }) => [code, stderr])).toEqual(exits.map(() => [0, '']));
    expect(await effects()).toBe(1);
    expect(exits.filter(({ stdout }) => /^9001-effect done in 0\.\d s$/m.test(stdout))).toHaveLength(1);
    expect(exits.filter(({ stdout }) => !stdout.endsWith('\nThe database is up to date.\n'))).toEqual([]);
    for (const server of servers) expect(await ready(server)).toBeLessThan(atMost(5_000));
    for (const server of servers) server.kill('SIGKILL');
  });
});

describe('a process that is killed in the middle of a migration', () => {
  it('is followed by another one, which does it again', async () => {
    const installation = await Installation.create();
    // The first one stays in its middle, until it is killed.
    await addMigrations(installation.folder, {
      '9001-slow': `${EFFECT} if (await db.collection('effects').countDocuments() === 1) await sleep(100_000);`,
    });
    const first = installation.spawn([process.execPath, 'dist/migrate.js'], env);
    await first.says('9001-slow …');
    while ((await effects()) === 0) await sleep(10);
    const second = installation.spawn([process.execPath, 'dist/migrate.js'], env);
    await second.says('Waiting for another process that migrates …');
    first.kill('SIGKILL');
    const killed = Date.now();
    expect((await first.ended).code).toBeNull();
    expect(await second.ended).toMatchObject({ code: 0, stderr: '' });
    // The lease of the first one had to run out: 15 s after it was renewed last.
    expect(Date.now() - killed).toBeGreaterThan(5_000);
    expect(Date.now() - killed).toBeLessThan(atMost(25_000));
    expect([await effects(), await ledger()]).toEqual([2, [...RELEASED, '9001-slow']]);
    await installation.remove();
  });
});

describe('in production a server on a database that is older than the code', () => {
  it('lives and is not ready until it is migrated, and creates the first administrator then', async () => {
    const server = await released.start({ ...env, ...ADMIN });
    await server.says('"event":"database_behind"');
    expect(server.stdout).toContain(`"migrations":${JSON.stringify(RELEASED)}`);
    expect(server.stdout).toContain('run `npm run migrate`, in an image `node dist/migrate.js`');
    await sleep(2_500);
    expect([await statusOf(server, '/health/live'), await statusOf(server, '/health/ready')]).toEqual([
      200, 503,
    ]);
    expect(await db.listCollections().toArray()).toEqual([]);
    expect(server.stdout.match(/database_behind/g)).toHaveLength(1);

    expect(await released.migrate(env)).toMatchObject({ code: 0 });
    expect(await ready(server)).toBeLessThan(atMost(3_000));
    await server.says('"event":"database_current"');
    const login = { email: ADMIN.ADMIN_EMAIL, password: ADMIN.ADMIN_PASSWORD };
    const { status, body } = await new HttpCaller(server.url).post('/api/v1/auth/login', login);
    expect([status, body.data?.user?.role]).toEqual([200, 'admin']);
    server.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('tells when the administrator’s address was taken meanwhile, and serves', async () => {
    const server = await released.start({ ...env, ...ADMIN });
    const taken = { email: ADMIN.ADMIN_EMAIL, password: 'another long way' };
    expect((await new HttpCaller(server.url).post('/api/v1/auth/register', taken)).status).toBe(201);
    await released.migrate(env);
    await ready(server);
    await server.says('"event":"start_failed"');
    expect(server.stdout).toContain('ADMIN_EMAIL belongs to a user who is no administrator');
    expect(server.stdout).not.toContain(ADMIN.ADMIN_EMAIL);
    server.kill('SIGKILL');
  });

  it('lives also when an index differs from its schema', async () => {
    await released.migrate(env);
    await db.collection('users').dropIndex('email_1');
    await db.collection('users').createIndex({ email: 1 });
    const server = await released.start(env);
    await server.says('"event":"database_behind"');
    expect(server.stdout).toContain('"migrations":[],"indexes":["users.email_1"]');
    expect(await statusOf(server, '/health/ready')).toBe(503);
    const { code, stderr } = await released.migrate(env);
    expect([code, stderr]).toEqual([
      1,
      'The index email_1 of users differs from its schema (unique). ' +
        'Drop it, in a migration or by hand with db.users.dropIndex("email_1"), and migrate again.\n',
    ]);
    await db.collection('users').dropIndex('email_1');
    expect(await released.migrate(env)).toMatchObject({ code: 0 });
    expect(await ready(server)).toBeLessThan(atMost(3_000));
    server.kill('SIGKILL');
  });
});

describe('a server on a database that is newer than the code', () => {
  it('is ready, and its `migrate` has nothing to do', async () => {
    await next.migrate(env);
    const server = await released.start(env);
    expect(await statusOf(server, '/health/ready')).toBe(200);
    const { code, stdout } = await released.migrate(env, 'status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}9001-effect +applied .* UTC by another version of the code$/m);
    expect(await released.migrate(env)).toMatchObject({ code: 0 });
    server.kill('SIGKILL');
  });
});

describe('a migration that fails', () => {
  let broken: Installation;

  beforeAll(async () => {
    broken = await Installation.create();
    await addMigrations(broken.folder, {
      '9001-broken': `throw new Error('There is no such thing');`,
      '9002-effect': EFFECT,
    });
  });
  afterAll(() => broken.remove());

  async function isAsBefore(): Promise<void> {
    expect([await ledger(), await effects()]).toEqual([RELEASED, 0]);
    expect(await db.listCollections({ name: 'projects' }).toArray()).toEqual([]);
  }

  it('ends `migrate` with one line and the cause in the log; nothing later runs', async () => {
    const { code, stderr } = await broken.migrate(env);
    const lines = stderr.trim().split('\n');
    expect(code).toBe(1);
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      event: 'migration_failed',
      err: { stack: expect.any(String) },
    });
    expect(lines[1]).toBe('The migration 9001-broken failed: There is no such thing');
    await isAsBefore();
  });

  it('stops the start in development with the same line', async () => {
    const { code, stderr } = await broken.run({ ...env, NODE_ENV: 'development' });
    expect([code, stderr]).toEqual([1, 'The migration 9001-broken failed: There is no such thing\n']);
    await isAsBefore();
  });
});

describe('`migrate status`', () => {
  const status = (): Promise<Exit> => released.migrate(env, 'status');

  it('tells what is pending and missing, with exit code 1, and changes nothing', async () => {
    const { code, stdout, stderr } = await status();
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(new RegExp(`^${listed('pending')}\n\nIndexes\n`));
    expect(stdout).toMatch(/^ {2}projects\.ownerId_1_name_1 +missing$/m);
    expect(stdout).toMatch(/\n\nThe database is older than the code: run `npm run migrate`, .+\n$/);
    expect(await db.listCollections().toArray()).toEqual([]);
  });

  it('tells when each was applied, and what no schema declares, with exit code 0', async () => {
    await released.migrate(env);
    await db.collection('projects').createIndex({ description: 1 });
    const { code, stdout } = await status();
    expect(code).toBe(0);
    expect(stdout.replaceAll(TIME, 'applied then')).toBe(
      `${listed('applied then')}\n\n` +
        'Indexes\n  projects.description_1  declared by no schema: nothing uses it, and nothing drops it by itself\n\n' +
        'The database is up to date.\n',
    );
    expect(await released.migrate(env, 'up')).toMatchObject({ code: 0, stdout });
    expect(await db.collection('projects').indexExists('description_1')).toBe(true);
  });

  it('tells what differs, and what to do', async () => {
    await released.migrate(env);
    await db.collection('users').dropIndex('email_1');
    await db.collection('users').createIndex({ email: 1 });
    const { code, stdout } = await status();
    expect(code).toBe(1);
    expect(stdout).toContain('\n  users.email_1  differs from its schema: unique\n');
    expect(stdout).toContain('by hand with db.users.dropIndex("email_1"), and migrate again.\n');
  });
});

describe('`migrate`', () => {
  it.each([[['down']], [['up', 'now']], [['__proto__']]])('understands no %j', async (words) => {
    const exit = await released.migrate({}, ...words);
    expect([exit.code, exit.stdout, exit.stderr]).toEqual([
      64,
      '',
      `Not understood: ${words.join(' ')}. Say \`migrate up\` or \`migrate status\`.\n`,
    ]);
  });

  it('says in one line that the database does not answer', async () => {
    const uri = 'mongodb://127.0.0.1:1/nowhere?serverSelectionTimeoutMS=300';
    expect(await released.migrate({ ...env, MONGODB_URI: uri })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'The database that MONGODB_URI names does not answer.\n',
    });
  });

  it('tells in between how far long work is', async () => {
    const slow = await Installation.create();
    await addMigrations(slow.folder, { '9001-slow': `progress('1 of 2 users'); await sleep(5_500);` });
    const { stdout } = await slow.migrate(env);
    expect(stdout).toMatch(/^9001-slow … 1 of 2 users, [56]\.\d s since the start$/m);
    await slow.remove();
  });
});
