import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Types } from 'mongoose';
import { createApp } from '../../src/app.js';
import { listen } from '../../src/platform/http/listen.js';
import { partsOf } from '../support/engines.js';
import { addExecutors, EngineLab, script } from '../support/executions.js';
import { eventually } from '../support/mails.js';
import { type Member, ReplicaSet } from '../support/replica-set.js';
import { IS_SOAK, report, soaked } from '../support/soak.js';
import { testConfig } from '../support/test-app.js';
import { ME, SESSIONS } from '../support/users.js';
import { type HttpAnswer, HttpCaller } from './http-caller.js';

// A set that has lost its primary elects another one only after a while.
jest.setTimeout(600_000);

const WRITERS = IS_SOAK ? 16 : 8;
/** How long the others wait for a silent primary: MongoDB's own ten seconds in a soak. */
const ELECTION_MS = IS_SOAK ? 10_000 : 2_000;
const PROJECTS = '/api/v1/projects';
/** What a writer may be answered besides 201: each says when to try again. */
const PASSING = new Set([
  '503 DATABASE_UNAVAILABLE',
  '503 DEADLINE_EXCEEDED',
  '503 OVERLOADED',
  '409 IDEMPOTENCY_IN_PROGRESS',
]);

let set: ReplicaSet;
const apps: NestFastifyApplication[] = [];
const urls: string[] = [];
const labs: EngineLab[] = [];
let takeBack: () => void;
let ada: HttpCaller;

beforeAll(async () => {
  set = await ReplicaSet.start(ELECTION_MS);
  takeBack = addExecutors();
  const config = testConfig({ MONGODB_URI: set.uri, LOG_LEVEL: 'silent' });
  for (let n = 0; n < 2; n++) {
    const app = await createApp(config);
    apps.push(app);
    labs.push(new EngineLab(partsOf(app)));
    urls.push(await listen(app, { port: 0, host: '127.0.0.1' }));
  }
  ada = await new HttpCaller(urls[0] ?? '').signIn();
});
afterAll(async () => {
  await Promise.all(apps.map((app) => app.close()));
  await set.remove();
  takeBack();
});

const said = ({ status, body }: HttpAnswer): string => `${status} ${body.code ?? ''}`.trim();

/**
 * Asks again, as a client does, until the answer is not one that passes. MongoDB gives up what a lost connection has
 * left open after 60 s at most, and looks for it every 30.
 */
async function answered(ask: () => Promise<HttpAnswer>, seen: HttpAnswer[]): Promise<HttpAnswer> {
  for (const giveUp = Date.now() + 100_000; ;) {
    const answer = await ask();
    seen.push(answer);
    if (!PASSING.has(said(answer))) return answer;
    if (Date.now() > giveUp) throw new Error(`Nothing but ${said(answer)}`);
    await sleep(50);
  }
}

/** Writes without pause through both processes, each write with a key of its own, until told to end. */
async function write(end: AbortSignal, written: string[], seen: HttpAnswer[]): Promise<void> {
  for (let n = 0; !end.aborted; n++) {
    const key = randomUUID();
    const body = { name: `Written ${key}` };
    const client = ada.at(urls[n % urls.length] ?? '');
    const answer = await answered(() => client.post(PROJECTS, body, { 'idempotency-key': key }), seen);
    if (answer.status === 201) written.push(body.name);
  }
}

/** Starts executions in both processes, those that are accepted. */
async function startExecutions(end: AbortSignal, accepted: string[]): Promise<void> {
  const work = script(async (run) => {
    const a = await run.step('a', () => 'a');
    return a + (await run.step('b', { effect: 'once' }, () => 'b'));
  });
  for (let n = 0; !end.aborted; n++) {
    const started = await labs[n % labs.length]?.start(work).catch(() => undefined);
    if (started) accepted.push(started.id);
    await sleep(50);
  }
}

/** None of them is lost: it has ended, or asks what has become of its step. */
async function expectEnded(accepted: readonly string[]): Promise<void> {
  if (accepted.length === 0) return;
  const { store } = labs[0]?.parts ?? {};
  const ids = accepted.map((id) => new Types.ObjectId(id));
  const ended = { _id: { $in: ids }, status: { $in: ['succeeded' as const, 'needs-attention' as const] } };
  // The set may elect once more meanwhile, for longer than one query waits.
  const count = () => store?.executions.countDocuments(ended).catch(() => undefined);
  await eventually(async () => (await count()) === ids.length, 60_000);
}

/** Ends a session in one process as soon as that can be done, and tells how long the other one honoured it then. */
async function endOne(seen: HttpAnswer[]): Promise<number> {
  const [here = '', there = ''] = urls;
  const signedIn = await answered(
    () => ada.post('/api/v1/auth/login', { email: 'ada@example.com', password: 'correct horse battery' }),
    seen,
  );
  const doomed = new HttpCaller(here, signedIn.body.data.accessToken as string);
  const list = await answered(() => doomed.get(SESSIONS), seen);
  await answered(() => doomed.at(there).get(ME), seen);
  const { id } = (list.body.data as { id: string; current: boolean }[]).find(({ current }) => current) ?? {};
  await answered(() => ada.at(here).send('DELETE', `${SESSIONS}/${id}`), seen);
  const ended = Date.now();
  for (let honoured = 0; ; await sleep(10)) {
    const { status } = await doomed.at(there).get(ME);
    if (status === 200) honoured = Date.now() - ended;
    if (status === 401) return honoured;
  }
}

type Fault = (primary: Member) => Promise<() => unknown>;

const faults: [what: string, fault: Fault][] = [
  [
    'killed',
    async (primary) => {
      await primary.kill();
      return () => primary.start();
    },
  ],
  [
    'stepped down',
    async (primary) => {
      await primary
        .ask({ replSetStepDown: 3, secondaryCatchUpPeriodSecs: 1, force: true })
        .catch(() => undefined);
      return () => undefined;
    },
  ],
  [
    'frozen',
    async (primary) => {
      await primary.freeze();
      return () => primary.thaw();
    },
  ],
  [
    'cut off from the others',
    (primary) => {
      set.cutOff(primary);
      return Promise.resolve(() => set.heal());
    },
  ],
];

describe.each(faults)('while the primary is %s', (what, fault) => {
  it('what passes is 503, no acknowledged write is lost or doubled, and ended sessions are over', async () => {
    const times = soaked(10);
    const sums = { written: 0, accepted: 0, passing: 0, longestMs: 0 };
    for (let time = 0; time < times; time++) {
      const end = new AbortController();
      const written: string[] = [];
      const seen: HttpAnswer[] = [];
      const primary = await set.primary();
      const accepted: string[] = [];
      const writers = Array.from({ length: WRITERS }, () => write(end.signal, written, seen));
      // Where the primary is cut off, an insert may wait thirty seconds for an answer: too long for the gate.
      if (IS_SOAK || !what.startsWith('cut off')) writers.push(startExecutions(end.signal, accepted));
      await sleep(300);
      const mend = await fault(primary);
      const honoured = [await endOne(seen)];
      await set.primary(what === 'stepped down' ? set.members : set.others(primary));
      honoured.push(await endOne(seen));
      await mend();
      honoured.push(await endOne(seen));
      end.abort();
      await Promise.all(writers);

      expect(
        [...new Set(seen.map(said))].filter((each) => !each.startsWith('2') && !PASSING.has(each)),
      ).toEqual([]);
      const passing = seen.filter(({ status }) => status >= 300);
      expect(passing.filter(({ headers }) => !headers.get('retry-after'))).toEqual([]);
      expect(Math.max(...honoured)).toBeLessThan(2_000);
      await expectStored(written);
      await expectEnded(accepted);
      sums.written += written.length;
      sums.accepted += accepted.length;
      sums.passing += passing.length;
      sums.longestMs = Math.max(sums.longestMs, ...honoured);
    }
    report(
      `${what} ${times} times: ${sums.written} writes acknowledged, none lost, none twice; ${sums.accepted} executions, ` +
        `all ended; ${sums.passing} answers to try again; an ended session honoured for ${sums.longestMs} ms at most`,
    );
  });
});

/** Each of these is there, once. */
async function expectStored(names: readonly string[]): Promise<void> {
  const found = new Map<string, number>();
  let cursor: string | undefined;
  do {
    const query = `limit=100${cursor === undefined ? '' : `&cursor=${cursor}`}`;
    const { body } = await answered(() => ada.get(`${PROJECTS}?${query}`), []);
    for (const { name } of body.data as { name: string }[]) found.set(name, (found.get(name) ?? 0) + 1);
    cursor = body.pagination.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect([...found].filter(([, count]) => count > 1)).toEqual([]);
  expect(names.filter((name) => !found.has(name))).toEqual([]);
}
