import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { MongoClient, ObjectId } from 'mongodb';
import { eventually } from '../support/mails.js';
import { report } from '../support/soak.js';
import { USERS } from '../support/users.js';
import { HttpCaller } from './http-caller.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';
import { Installation, type ServerProcess } from './server-process.js';
import { SteppedWay } from './stepped-way.js';

jest.setTimeout(300_000);

const ADMIN = { email: 'admin@product.test', password: 'a long way to go home' };
const RECORDS = 2_000;

let installation: Installation;
let mongod: OwnMongod;
let client: MongoClient;

beforeAll(async () => {
  [installation, mongod] = await Promise.all([Installation.create(), startOwnMongod()]);
  client = new MongoClient(mongod.uri);
});
afterAll(async () => {
  await client.close();
  await installation.remove();
  await mongod.remove();
});

async function kill(server: ServerProcess): Promise<void> {
  server.kill('SIGKILL');
  await server.ended;
}

it(`removes ${RECORDS} records of a deleted user, when two processes are killed amid that`, async () => {
  const way = await SteppedWay.open(mongod.uri);
  const env = {
    MONGODB_URI: way.uri,
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    DATA_DIR: installation.folder,
  };
  const first = await installation.start(env);
  const admin = await new HttpCaller(first.url).signIn(ADMIN.email, ADMIN.password);
  const created = await admin.post(USERS, { email: 'busy@product.test', name: 'Busy' });
  const ownerId = new ObjectId(String(created.body.data.id));
  const projects = client.db().collection('projects');
  const count = () => projects.countDocuments({ ownerId });
  const names = Array.from({ length: RECORDS }, (_, n) => `Project ${n}`);
  await projects.insertMany(names.map((name) => ({ ownerId, name, version: 1 })));

  const stop = { step: 'delete projects', when: 'after' } as const;
  const begun = way.watch(stop);
  const sent = admin.send('DELETE', `${USERS}/${ownerId.toHexString()}`).catch(() => undefined);
  await begun;
  await kill(first);
  await sent;
  const left = [await count()];

  const goesOn = way.watch(stop);
  // It may be held before it listens.
  const second = installation.spawn([process.execPath, '--no-warnings', 'dist/main.js'], env);
  await goesOn;
  await kill(second);
  left.push(await count());
  expect(left).toEqual([RECORDS - 500, RECORDS - 1_000]);

  way.close();
  await installation.start({ ...env, MONGODB_URI: mongod.uri });
  const removal = () => client.db().collection('executions').findOne({ type: 'owners.remove' });
  await eventually(async () => (await removal())?.['status'] === 'succeeded', 60_000);
  expect(await count()).toBe(0);
  expect(await client.db().collection('owner_removals').countDocuments()).toBe(0);
  report(
    `kill -9 of two processes amid a removal, of ${RECORDS} records ${left.join(' and ')} left: none in the end`,
  );
});
