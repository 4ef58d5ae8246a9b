import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { report } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { startOwnMongod } from './own-mongod.js';
import { Installation } from './server-process.js';

const MINUTES = Number(process.env['SOAK_MINUTES'] ?? 30);
if (!(MINUTES > 0)) throw new Error('SOAK_MINUTES must be a number above 0');
const SAMPLES = 60;
const CLIENTS = 16;
const PROJECTS = '/api/v1/projects';
const CREDENTIALS = { email: 'ada@example.com', password: 'correct horse battery' };

/** What a process that loses nothing has as much of after a while as before. */
interface Sample {
  readonly mebibytes: number;
  readonly handles: number;
  readonly connections: number;
}

/** Everything that a client does, again and again: reads, writes, mistakes, sign-ins, connections of its own. */
async function work(caller: HttpCaller, name: string): Promise<void> {
  const { body } = await caller.post(PROJECTS, { name }, { 'idempotency-key': name });
  const path = `${PROJECTS}/${body.data?.id}`;
  await caller.get(path);
  await caller.send('PUT', path, { name, description: 'x'.repeat(1_000) });
  await caller.get(`${PROJECTS}?limit=50&total=true`);
  await caller.post(PROJECTS, { name: '' });
  await caller.send('PATCH', path, { description: null }, { 'if-match': '"1"' });
  await caller.send('DELETE', path);
  await caller.get('/health');
  await fetch(`${caller.url}/api/v1/nothing`, { headers: { connection: 'close' } }).then((each) =>
    each.text(),
  );
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

it(
  `needs no more memory, handles and connections after ${MINUTES} minutes of everything`,
  async () => {
    const [installation, mongod] = await Promise.all([Installation.create(), startOwnMongod()]);
    const client = await new MongoClient(mongod.uri).connect();
    try {
      const env = {
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        MONGODB_URI: mongod.uri,
        JWT_SECRET: randomBytes(48).toString('base64'),
        ENCRYPTION_KEY: randomBytes(32).toString('base64'),
        BCRYPT_ROUNDS: '10',
      };
      await installation.migrate(env);
      const server = await installation.start(env);
      const ada = await new HttpCaller(server.url).signIn(CREDENTIALS.email, CREDENTIALS.password);
      const end = new AbortController();
      let rounds = 0;
      const errors = new Map<string, number>();
      const clients = Array.from({ length: CLIENTS }, async (_, number) => {
        for (let n = 0; !end.signal.aborted; n++) {
          await work(ada, `${number}-${n}`).catch((error: Error) =>
            errors.set(error.message, (errors.get(error.message) ?? 0) + 1),
          );
          if (n % 50 === 0) await ada.post('/api/v1/auth/login', CREDENTIALS);
          rounds++;
          await sleep(250);
        }
      });
      const samples: Sample[] = [];
      for (let n = 0; n < SAMPLES; n++) {
        await sleep((MINUTES * 60_000) / SAMPLES);
        const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
        const { connections } = await client.db('admin').command({ serverStatus: 1 });
        samples.push({
          mebibytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
          handles: readdirSync(`/proc/${server.pid}/fd`).length,
          connections: connections.current as number,
        });
      }
      end.abort();
      await Promise.all(clients);
      // The first quarter warms up.
      const quarter = (from: number, what: keyof Sample) =>
        median(samples.slice(from * (SAMPLES / 4), (from + 1) * (SAMPLES / 4)).map((each) => each[what]));
      const told = (['mebibytes', 'handles', 'connections'] as const).map((what) => ({
        what,
        early: quarter(1, what),
        late: quarter(3, what),
        most: Math.max(...samples.map((each) => each[what])),
      }));
      report(
        `${MINUTES} minutes, ${rounds * 9} requests; ${told.map(({ what, early, late, most }) => `${what} ${early.toFixed(0)} → ${late.toFixed(0)}, most ${most.toFixed(0)}`).join('; ')}`,
      );
      const grown = told.filter(({ what, early, late }) =>
        what === 'mebibytes' ? late > early * 1.1 + 10 : late > early + 10,
      );
      expect({ grown, errors: [...errors] }).toEqual({ grown: [], errors: [] });
      server.kill('SIGTERM');
      expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await installation.remove();
      await client.close();
      await mongod.remove();
    }
  },
  MINUTES * 60_000 + 120_000,
);
