import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { HttpCaller } from './http-caller.js';
import { report, soaked } from '../support/soak.js';
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
  /** The ids of the projects that were answered 201, by name. */
  const acknowledged = new Map<string, string>();
  const outcomes = new Map<string, number>();

  beforeAll(async () => {
    installation = await Installation.create();
    mongod = await startOwnMongod();
    client = new MongoClient(mongod.uri);
    const env = {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      MONGODB_URI: mongod.uri,
      JWT_SECRET: randomBytes(48).toString('base64'),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
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

  it('loses no write that was acknowledged, has none twice, and is answered with nothing worse than 503', async () => {
    const end = new AbortController();
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let number = 0; !end.signal.aborted; number++) {
        await write(`${writer}-${number}`);
        await sleep(5);
      }
    });
    for (let crash = 0; crash < CRASHES; crash++) {
      // Some crashes come while it starts, or before the server has found it again.
      if (crash % 5 !== 4) await moreAcknowledged();
      await sleep(randomInt(500));
      await mongod.kill();
      await mongod.restart();
    }
    const restarted = Date.now();
    while ((await ada.get('/health/ready')).status !== 200) await sleep(20);
    expect(Date.now() - restarted).toBeLessThan(10_000);
    end.abort();
    await Promise.all(writers);

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
    const idsOf = Map.groupBy(stored, ({ name }) => String(name));
    const wrong = [...acknowledged].filter(
      ([name, id]) =>
        idsOf
          .get(name)
          ?.map(({ _id }) => String(_id))
          .join() !== id,
    );
    expect(wrong).toEqual([]);
    expect(stored).toHaveLength(acknowledged.size);
    report(`${CRASHES} kills of mongod, ${acknowledged.size} writes acknowledged, none lost, none twice`);
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
