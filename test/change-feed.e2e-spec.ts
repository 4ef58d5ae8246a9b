import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { ChangeFeed } from '../src/platform/database/change-feed.js';
import { Relay } from './support/relay.js';
import { connectionOf, createTestApp, type TestApp, testConfig } from './support/test-app.js';
import { ME } from './support/users.js';

/** Ids so long that a few tens of changes fill an answer of 16 MiB. */
const LONG = 'x'.repeat(200_000);
const MANY = 120;

interface Stored {
  _id: string;
  n: number;
}

let relay: Relay;
let test: TestApp;

beforeAll(async () => {
  const direct = new URL(testConfig().of(DatabaseConfig).mongodbUri ?? '');
  relay = await Relay.to(() => Number(direct.port));
  const uri = direct.href.replace(direct.host, `127.0.0.1:${relay.port}`);
  test = await createTestApp({ MONGODB_URI: uri });
});
afterEach(() => {
  relay.delayMs = 0;
});
afterAll(async () => {
  await test.close();
  relay.close();
});

/** Waits, but not for ever. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const giveUp = Date.now() + 15_000; !(await isSo());) {
    if (Date.now() > giveUp) throw new Error(`Never so: ${isSo.toString()}`);
    await sleep(10);
  }
}

it('behind a backlog the feed is not fresh, and what has ended is over', async () => {
  const feed = test.app.get(ChangeFeed);
  const told = new Set<string>();
  feed.watch('sessions', { changed: (id) => void told.add(id), missed: () => void told.add('all') });
  const ada = await test.anonymous.signIn();
  const elsewhere = test.connection.collection<Stored>('sessions');
  const session = await elsewhere.findOne();
  await until(() => feed.isFresh);
  expect((await ada.get(ME)).status).toBe(200);

  // Another process changes a lot, and ends the session last.
  for (let n = 0; n < MANY; n += 40) {
    const some = Array.from({ length: 40 }, (_, i) => ({ _id: `${n + i}${LONG}`, n: 0 }));
    await elsewhere.insertMany(some);
  }
  relay.delayMs = 300;
  await elsewhere.updateMany({ n: 0 }, { $set: { n: 1 } });
  told.clear();
  await elsewhere.deleteOne({ _id: session?._id ?? '' });
  const endedAt = performance.now();

  const id = String(session?._id);
  // On a busy machine a stream may break here, and then begins again with the present.
  const isTold = () => told.has(id) || told.has('all');
  let oldest = 0;
  await until(async () => {
    // The time before the question: however long this process stood still in between, it was fresh then or later.
    const now = performance.now();
    if (feed.isFresh && !isTold()) oldest = now - endedAt;
    // Behind the slow way it may take longer than a request has.
    if (performance.now() - endedAt > 1_500) expect([401, 503]).toContain((await ada.get(ME)).status);
    return isTold();
  });
  expect(oldest).toBeLessThan(1_500);
  relay.delayMs = 0;
  await until(() => feed.isFresh);
  expect((await ada.get(ME)).status).toBe(401);
});

it('asks the database nothing while nobody wants to know, and trusts nothing from before', async () => {
  const feed = test.app.get(ChangeFeed);
  const ada = await test.anonymous.signIn();
  await until(() => feed.isFresh);
  expect((await ada.get(ME)).status).toBe(200);
  let asked = 0;
  connectionOf(test.app)
    .getClient()
    .on('connectionCheckedOut', () => (asked += 1));
  await until(async () => {
    asked = 0;
    await sleep(1_500);
    return asked === 0;
  });
  await test.connection.collection('sessions').deleteMany({});
  expect((await ada.get(ME)).status).toBe(401);
  await until(() => feed.isFresh);
});
