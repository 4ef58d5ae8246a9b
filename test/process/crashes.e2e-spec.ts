import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type Document, MongoClient } from 'mongodb';
import { startEmbeddedMongo } from '../../src/embedded-mongo/embedded-mongo.js';
import { HttpCaller } from './http-caller.js';
import { IS_SOAK, report, soaked } from '../support/soak.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation, type ServerProcess } from './server-process.js';

// Fifty crashes of two to three seconds; a machine that is busy takes its time.
jest.setTimeout(400_000);

const CRASHES = soaked(50);
const WRITERS = 16;
const PROJECTS = '/api/v1/projects';

/** What a client that tries again may be told meanwhile. */
const TRY_AGAIN = new Set(['503 DATABASE_UNAVAILABLE', '409 IDEMPOTENCY_IN_PROGRESS']);

describe(`a database that is killed ${CRASHES} times under ${WRITERS} writing clients`, () => {
  let installation: Installation;
  let mongod: OwnMongod;
  let client: MongoClient;
  let server: ServerProcess;
  let ada: HttpCaller;
  let env: Readonly<Record<string, string>>;
  /** The ids of the projects that were answered 201, by name. */
  const acknowledged = new Map<string, string>();
  const outcomes = new Map<string, number>();

  beforeAll(async () => {
    installation = await Installation.create();
    mongod = await startOwnMongod();
    client = new MongoClient(mongod.uri);
    env = {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      MONGODB_URI: mongod.uri,
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: `first:${randomBytes(32).toString('base64')}`,
      FILES_URL: pathToFileURL(join(installation.folder, 'files')).href,
    };
    await installation.migrate(env);
    server = await installation.start(env);
    ada = await new HttpCaller(server.url).signIn();
    // Without it nothing but the Idempotency-Key keeps a client that tries again from writing twice.
    await client.db().collection('projects').dropIndex('ownerId_1_name_1');
  });
  afterAll(async () => {
    await client.close();
    await installation.remove();
    await mongod.remove();
  });

  /** Creates one project as a client does that tries again until it knows, and always means the same one. */
  async function write(name: string): Promise<void> {
    const key = randomUUID();
    for (;;) {
      const { status, body } = await ada.post(PROJECTS, { name }, { 'idempotency-key': key });
      const outcome = [status, body.code].filter(Boolean).join(' ');
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (status === 201) acknowledged.set(name, body.data.id as string);
      if (!TRY_AGAIN.has(outcome)) return;
      await sleep(50);
    }
  }

  /** Resolves when every client may have written once more. @throws Error when nothing is written any more */
  async function moreAcknowledged(): Promise<void> {
    const enough = acknowledged.size + WRITERS;
    const giveUp = Date.now() + 30_000;
    while (acknowledged.size < enough) {
      if (Date.now() > giveUp) throw new Error(`No write for 30 s: ${JSON.stringify([...outcomes])}`);
      await sleep(5);
    }
  }

  /** Lets every client write until the answer is called. */
  function startWriting(prefix: string): () => Promise<unknown> {
    const end = new AbortController();
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let number = 0; !end.signal.aborted; number++) {
        await write(`${prefix}-${writer}-${number}`);
        await sleep(5);
      }
    });
    return () => {
      end.abort();
      return Promise.all(writers);
    };
  }

  /** What is there twice, with another id, or not at all. */
  function missing(stored: readonly Document[], expected: Iterable<[string, string]>): [string, string][] {
    const idsOf = Map.groupBy(stored, ({ name }) => String(name));
    return [...expected].filter(
      ([name, id]) =>
        idsOf
          .get(name)
          ?.map(({ _id }) => String(_id))
          .join() !== id,
    );
  }

  async function upload(bytes: string) {
    const form = new FormData();
    form.set('file', new Blob([bytes], { type: 'text/plain' }), 'kept.txt');
    const answer = await fetch(`${server.url}/api/v1/files`, {
      method: 'POST',
      headers: ada.headers,
      body: form,
    });
    const body = (await answer.json()) as { readonly code?: string; readonly data?: { readonly id: string } };
    return { status: answer.status, body };
  }

  /** Lets the server write no file of more bytes; false where this system cannot. */
  function limitFiles(bytes: number | 'unlimited'): boolean {
    const options = [`--pid=${server.pid}`, `--fsize=${bytes}:`];
    return spawnSync('prlimit', options, { stdio: 'ignore' }).status === 0;
  }

  it('loses no write that was acknowledged, has none twice, and is answered with nothing worse than 503', async () => {
    const stopWriting = startWriting('crash');
    for (let crash = 0; crash < CRASHES; crash++) {
      // Some crashes come while it starts, or before the server has found it again.
      if (crash % 5 !== 4) await moreAcknowledged();
      await sleep(randomInt(500));
      await mongod.kill();
      await mongod.restart();
    }
    const restarted = Date.now();
    while ((await ada.get('/health/ready')).status !== 200) await sleep(20);
    // How long it takes says something on a machine that does nothing else.
    if (IS_SOAK) expect(Date.now() - restarted).toBeLessThan(10_000);
    await stopWriting();

    const allowed = new Set(['201', ...TRY_AGAIN]);
    const unexpected = [...outcomes.keys()].filter((outcome) => !allowed.has(outcome));
    // What was answered with 500 stands in the log.
    const reasons = server.stdout
      .split('\n')
      .filter((line) => line.includes('"code":"INTERNAL_ERROR"') || line.includes('"stack"'));
    expect({ unexpected, reasons: unexpected.length > 0 ? reasons : [] }).toEqual({
      unexpected: [],
      reasons: [],
    });
    // Otherwise nothing was tried.
    expect(outcomes.get('503 DATABASE_UNAVAILABLE')).toBeGreaterThan(CRASHES);
    expect(acknowledged.size).toBeGreaterThan(CRASHES * WRITERS);

    const stored = await client.db().collection('projects').find().toArray();
    const wrong = missing(stored, acknowledged);
    expect(wrong).toEqual([]);
    expect(stored).toHaveLength(acknowledged.size);
    report(`${CRASHES} kills of mongod, ${acknowledged.size} writes acknowledged, none lost, none twice`);
  });

  it('is restored elsewhere from a copy that was taken under load, with every write and file of before', async () => {
    const stopWriting = startWriting('backup');
    await moreAcknowledged();
    const bytes = 'kept '.repeat(10_000);
    const file = (await upload(bytes)).body.data?.id;
    // Its secret is encrypted.
    const hook = await ada.post('/api/v1/webhooks', {
      url: 'https://93.184.215.14/',
      events: ['users.signed-in'],
    });
    const before = new Map(acknowledged);
    const folder = await mkdtemp(join(tmpdir(), 'product-restored-'));
    const admin = client.db('admin');
    await admin.command({ fsync: 1, lock: true });
    // The server's own figures go on being written.
    const filter = (path: string): boolean => !path.includes('diagnostic.data');
    await cp(mongod.dataDir, folder, { recursive: true, filter });
    await admin.command({ fsyncUnlock: 1 });
    // Files after the database: what it knows is there.
    const files = join(folder, 'files');
    await cp(join(installation.folder, 'files'), files, { recursive: true });
    await stopWriting();

    const binary = process.env['MONGOD_BINARY'];
    const copy = await startEmbeddedMongo({ dataDir: folder, binary, env: process.env, log: process.stderr });
    const there = { ...env, MONGODB_URI: copy.uri, FILES_URL: pathToFileURL(files).href };
    // It lacks the index that was dropped, as a restore by hand may.
    expect(await installation.migrate(there)).toMatchObject({ code: 0 });
    const rotate = (keys: string) =>
      installation.spawn([process.execPath, 'dist/rotate-keys.js'], { ...there, ENCRYPTION_KEY: keys }).ended;
    const second = `second:${randomBytes(32).toString('base64')}`;
    const lacking = await rotate(second);
    expect(lacking.code).toBe(1);
    expect(lacking.stdout).toContain(`webhooks ${hook.body.data.id} secret: unknown key (first)\n`);
    expect(await rotate(env['ENCRYPTION_KEY'] ?? '')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Every value is under the first key of ENCRYPTION_KEY.'),
    });
    const restored = await installation.start(there);
    const adaThere = new HttpCaller(restored.url, ada.token);
    expect((await adaThere.get('/health/ready')).status).toBe(200);
    // Who was signed in still is.
    expect((await adaThere.get(`${PROJECTS}?limit=1`)).status).toBe(200);
    const content = await fetch(`${restored.url}/api/v1/files/${file}/content`, { headers: ada.headers });
    expect(await content.text()).toBe(bytes);
    const other = new MongoClient(copy.uri);
    const stored = await other.db().collection('projects').find().toArray();
    await other.close();
    expect(missing(stored, before)).toEqual([]);
    expect(new Set(stored.map(({ name }) => String(name))).size).toBe(stored.length);
    restored.kill('SIGTERM');
    await restored.ended;
    await copy.stop();
    await rm(folder, { recursive: true });
    report(
      `a copy under load, ${before.size} writes acknowledged before it, all restored, none twice; a file's bytes; the key that lacks is named`,
    );
  });

  it('answers 507 to an upload that the disk has no room for, and keeps nothing of it', async () => {
    const large = 'x'.repeat(200_000);
    if (!limitFiles(64 * 1024)) {
      process.stdout.write('no room for a file: not tried, for this system has no prlimit\n');
      return;
    }
    const refused = await upload(large);
    expect([refused.status, refused.body.code]).toEqual([507, 'STORAGE_FULL']);
    expect((await upload('x')).status).toBe(201);
    limitFiles('unlimited');
    expect((await upload(large)).status).toBe(201);
    const files = await client.db().collection('files').find({ name: 'kept.txt' }).toArray();
    const stored = await readdir(join(installation.folder, 'files'), {
      recursive: true,
      withFileTypes: true,
    });
    expect(new Set(stored.filter((each) => each.isFile()).map(({ name }) => name))).toEqual(
      new Set(files.map(({ content }) => String(content))),
    );
  });

  it('is found again by the server alone, which shows all of it and ends in order', async () => {
    const names: string[] = [];
    let next: string | null = '';
    while (next !== null) {
      const { body } = await ada.get(`${PROJECTS}?limit=100${next && `&cursor=${next}`}`);
      names.push(...(body.data as { name: string }[]).map(({ name }) => name));
      next = body.pagination.nextCursor as string | null;
    }
    expect(new Set(names)).toEqual(new Set(acknowledged.keys()));
    expect(names).toHaveLength(acknowledged.size);
    server.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
  });
});
