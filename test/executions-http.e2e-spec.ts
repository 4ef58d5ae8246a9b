import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { scopeOf, type UserId } from '../src/platform/access/caller.js';
import { fail } from '../src/platform/executions/run.js';
import { Executor, NoInput } from '../src/platform/executions/executor.js';
import { Schedule } from '../src/platform/executions/schedule.js';
import { Schedules } from '../src/platform/executions/schedules.js';
import { addExecutors, EngineLab, Play, script, ScriptDto } from './support/executions.js';
import { eventually } from './support/mails.js';
import { API_KEYS, createKey, withKey } from './support/api-keys.js';
import { addToApp } from './support/nest-lab.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

const EXECUTIONS = '/api/v1/executions';
const SCHEDULES = '/api/v1/schedules';
const HOUR = 3_600_000;

const nights: string[] = [];

@Schedule('0 3 * * *', { timeZone: 'Europe/Berlin' })
@Executor({ type: 'lab.nightly', input: NoInput })
class Nightly {
  execute(): Promise<void> {
    nights.push('ran');
    return Promise.resolve();
  }
}

@Schedule('30 4 * * *', { missed: 'skip' })
@Executor({ type: 'lab.skipping', input: NoInput })
class Skipping {
  execute(): Promise<void> {
    nights.push('skipped');
    return Promise.resolve();
  }
}

describe('executions over HTTP', () => {
  let test: TestApp;
  let lab: EngineLab;
  let takeBack: () => void;
  let owner: TestClient;
  let stranger: TestClient;
  let moderator: TestClient;
  let admin: TestClient;

  beforeAll(async () => {
    takeBack = addExecutors(Nightly, Skipping);
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    lab = EngineLab.of(test);
    [owner, stranger, moderator, admin] = await Promise.all([
      test.anonymous.signIn(),
      test.anonymous.signIn(),
      test.anonymous.signIn('moderator'),
      test.anonymous.signIn('admin'),
    ]);
  });
  afterAll(async () => {
    await test.close();
    takeBack();
  });

  const of = (client: TestClient) => ({ scope: scopeOf(client.userId as UserId) });
  const outcomes = async (
    clients: readonly TestClient[],
    ask: (client: TestClient) => Promise<{ status: number }>,
  ) => {
    const answers = [];
    for (const client of clients) answers.push((await ask(client)).status);
    return answers;
  };
  const waiting = async (whose = owner) => {
    const { id } = await lab.start(
      script((run) => run.waitFor('word')),
      of(whose),
    );
    await lab.until(id, 'waiting');
    return `${EXECUTIONS}/${id}`;
  };

  it('are there for their owner, and for who may read or change all', async () => {
    const all = [test.anonymous, owner, stranger, moderator, admin];
    const url = await waiting();
    expect(await outcomes(all, (client) => client.get(url))).toEqual([401, 200, 404, 200, 200]);
    expect(await outcomes(all, (client) => client.get(`${EXECUTIONS}?owner=all`))).toEqual([
      401, 403, 403, 200, 200,
    ]);
    const signal = (client: TestClient) => client.post(`${url}/signals/word`, { payload: 1 });
    expect(await outcomes([stranger, moderator], signal)).toEqual([404, 404]);
    const cancel = (client: TestClient) => client.post(`${url}/cancel`);
    expect(await outcomes([stranger, moderator, owner, owner], cancel)).toEqual([404, 404, 200, 409]);
    expect(await outcomes(all, (client) => client.get(SCHEDULES))).toEqual([401, 403, 403, 200, 200]);
  });

  it('hear a signal once, however often it is sent with its key', async () => {
    const url = await waiting();
    const send = () =>
      owner.with({ 'idempotency-key': 'word-1' }).post(`${url}/signals/word`, { payload: { yes: 1 } });
    const answers = [await send(), await send()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]?.headers['idempotency-replayed']).toBe('true');
    const { body } = await owner.get(`${url}?wait=10`);
    expect(body.data).toMatchObject({ status: 'succeeded', result: { yes: 1 }, ownerId: owner.userId });
    expect((await owner.post(`${url}/signals/word`, {})).outcome).toBe('409 EXECUTION_FINISHED');
    expect((await owner.post(`${url}/retry`, {})).outcome).toBe('409 EXECUTION_FINISHED');
  });

  it('know names that every object has from their own, and take no text that cannot be shown', async () => {
    const constructing = script(async (run) => {
      await run.waitFor('constructor');
      await run.step('odd', () => fail('odd'));
    });
    const { id } = await lab.start(constructing, of(stranger));
    await lab.until(id, 'waiting');
    const send = async (path: string, body: string) =>
      (await stranger.post(`${EXECUTIONS}/${id}/${path}`, body)).outcome;
    for (const payload of ['"\\u0000"', '[{"a": "\\ud800"}]', '{"\\u0000": 1}'])
      expect(await send('signals/constructor', `{"payload": ${payload}}`)).toBe('400 VALIDATION_ERROR');
    expect(await send('signals/toString', '{}')).toBe('409 EXECUTION_NOT_WAITING');
    expect(await send('signals/constructor', '{"payload": null}')).toBe('200');
    await lab.until(id, 'failed');
    expect(await send('retry', '{"from": "toString"}')).toBe('400 VALIDATION_ERROR');
    expect(await send('retry', '{"from": "constructor"}')).toBe('200');
    await lab.until(id, 'waiting');
  });

  it('are listed by what they are, what they are about, and how they stand', async () => {
    const record = 'projects/66f1a0c2e4b0a1b2c3d4e5f7';
    const work = script((run) => run.step('large', () => 'x'.repeat(10_000)));
    const { id } = await lab.start(work, { ...of(owner), record });
    await lab.until(id, 'succeeded');
    const list = async (query: string) => (await owner.get(`${EXECUTIONS}?${query}`)).body;
    expect((await list(`record=${record}&total=true`)).pagination.total).toBe(1);
    expect((await list('status=succeeded&type=lab.play')).data[0]).toMatchObject({
      id,
      steps: [{ name: 'large' }],
    });
    expect((await list('status=failed')).data).toEqual([]);
    const { data, pagination } = await list('limit=1');
    const next = await list(`limit=1&cursor=${pagination.nextCursor}`);
    expect(data[0].id).not.toBe(next.data[0].id);
    expect((await owner.get(`${EXECUTIONS}?status=odd`)).outcome).toBe('400 VALIDATION_ERROR');
  });

  it('wait for people who say what became of a step', async () => {
    const work = script((run) =>
      run.step('pay', { effect: 'once' }, () => Promise.reject(new Error('lost'))),
    );
    const { id } = await lab.start(work, of(owner));
    await lab.until(id, 'needs-attention');
    const resolve = (body: object) => owner.post(`${EXECUTIONS}/${id}/steps/pay/resolve`, body);
    expect((await resolve({ outcome: 'maybe' })).status).toBe(400);
    expect((await resolve({ outcome: 'happened', result: 'paid' })).body.data.steps[0].status).toBe(
      'succeeded',
    );
    expect(await lab.until(id, 'succeeded')).toMatchObject({ result: 'paid' });
    expect((await resolve({ outcome: 'again' })).outcome).toBe('409 EXECUTION_FINISHED');
  });

  it('tell whoever follows how they go on, and go on where a stream broke off', async () => {
    const { port } = test.app.getHttpServer().address() as AddressInfo;
    const url = await waiting();
    const follow = async (last?: string) => {
      const headers = { ...owner.headers, ...(last && { 'last-event-id': last }) };
      return (await fetch(`http://127.0.0.1:${port}${url}/events`, { headers })).text();
    };
    const text = follow();
    setTimeout(() => void owner.post(`${url}/signals/word`, { payload: 'go' }), 100);
    const events = [...(await text).matchAll(/event: (\w+)\nid: (\d+)\ndata: (.*)/g)];
    expect([events[0]?.[1], events.at(-1)?.[1]]).toEqual(['status', 'end']);
    const ids = events.map(([, , id]) => Number(id));
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
    expect(JSON.parse(events.at(-1)?.[3] ?? '')).toMatchObject({ status: 'succeeded', result: 'go' });
    expect(await follow(String(ids.at(-1)))).not.toContain('event:');
    const strange = await fetch(`http://127.0.0.1:${port}${url}/events`, { headers: stranger.headers });
    expect(strange.status).toBe(404);
  });

  it('are followed and waited for only with a session or key that has not ended', async () => {
    const { port } = test.app.getHttpServer().address() as AddressInfo;
    const session = await test.anonymous.signIn();
    const { id, key } = await createKey(session);
    const clients = [session, withKey(test, key)];
    const url = await waiting(session);
    const streams = await Promise.all(
      clients.map(({ headers }) => fetch(`http://127.0.0.1:${port}${url}/events`, { headers })),
    );
    const waits = clients.map((client) => client.get(`${url}?wait=30`));
    await session.delete(`${API_KEYS}/${id}`);
    await session.post('/api/v1/auth/logout', {});
    expect((await Promise.all(waits)).map(({ outcome }) => outcome)).toEqual(
      clients.map(() => '401 UNAUTHENTICATED'),
    );
    for (const stream of streams) expect(await stream.text()).not.toContain('event: end');
  });

  it('start by themselves at their times, once after an outage', async () => {
    const schedules = test.app.get(Schedules, { strict: false });
    const isNightly = ({ type }: { type: string }) => type === 'lab.nightly';
    const { nextAt } = (await admin.get(SCHEDULES)).body.data.find(isNightly);
    expect(new Date(nextAt).toLocaleTimeString('de', { timeZone: 'Europe/Berlin' })).toBe('03:00:00');
    lab.advance(72 * HOUR + 5 * 60_000);
    await Promise.all([schedules.run(), schedules.run()]);
    await eventually(() => nights.includes('ran'));
    const nightly = () => test.connection.collection('executions').countDocuments({ type: 'lab.nightly' });
    expect([await nightly(), nights]).toEqual([1, ['ran']]);
    const rows = (await admin.get(SCHEDULES)).body.data as {
      id: string;
      type: string;
      lastExecutionId: string;
    }[];
    const row = rows.find(({ type }) => type === 'lab.nightly');
    expect(row?.lastExecutionId).toMatch(/^[0-9a-f]{24}$/);
    const started = await admin.post(`${SCHEDULES}/${row?.id}/run`);
    expect([started.status, started.headers['location']]).toEqual([
      202,
      `${EXECUTIONS}/${started.body.data.id}`,
    ]);
    await eventually(() => nights.length === 2);
    expect((await moderator.post(`${SCHEDULES}/${row?.id}/run`)).status).toBe(403);
  });

  it.each([
    ['a time that is none', () => Schedule('every day')(class Odd {}), "@Schedule('every day'"],
    [
      'seconds',
      () => Schedule('* * * * * *')(class Odd {}),
      "has 6 parts; write five fields, such as '0 3 * * *'",
    ],
    [
      'a place that is none',
      () => Schedule('0 3 * * *', { timeZone: 'Mars' })(class Odd {}),
      "timeZone: 'Mars'",
    ],
  ])('refuses %s with a sentence', (_, declare, sentence) => {
    expect(declare).toThrow(sentence);
  });

  it('refuses a schedule without an executor, or of one that needs an input', async () => {
    @Schedule('0 3 * * *')
    class Alone {}
    @Schedule('0 3 * * *')
    @Executor({ type: 'lab.needy', input: ScriptDto })
    class Needy extends Play {}
    for (const [type, sentence] of [
      [Alone, 'needs @Executor there'],
      [Needy, 'must be optional'],
    ] as const) {
      const undo = addToApp({ providers: [type] });
      await expect(createTestApp({ EXECUTIONS: 'off' })).rejects.toThrow(sentence);
      undo();
    }
  });
});
