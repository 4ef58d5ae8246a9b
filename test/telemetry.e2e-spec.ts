// Alone in its process: what is transferable stays so.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { Scope } from '../src/platform/access/caller.js';
import { scopeOf, type UserId } from '../src/platform/access/caller.js';
import { Cache } from '../src/platform/cache/cache.js';
import { Executions } from '../src/platform/executions/executions.js';
import type { CollectedSpan, Collector } from './support/collected-spans.js';
import { startCollector } from './support/collector.js';
import { addExecutors, Play, script } from './support/executions.js';
import { eventually } from './support/mails.js';
import { addToApp } from './support/nest-lab.js';
import { addPapers, PAPERS } from './support/papers.js';
import { Receiver } from './support/receiver.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { HookLab } from './support/webhooks.js';

@Injectable()
class Prices {
  @Cache({ ttl: 60 })
  list(_scope: Scope): Promise<string> {
    return Promise.resolve('cheap');
  }
}

/** A caller's trace, and the header that says so. */
function newTrace(flags = '01'): { traceId: string; headers: { traceparent: string } } {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, headers: { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}` } };
}

describe('traces and metrics', () => {
  let takeBack: (() => void)[];
  let collector: Collector;
  let receiver: Receiver;
  let test: TestApp;
  let owner: TestClient;
  let hooks: HookLab;

  beforeAll(async () => {
    takeBack = [addPapers(), addExecutors(), addToApp({ providers: [Prices] })];
    [collector, receiver] = await Promise.all([startCollector(), Receiver.start()]);
    test = await createTestApp({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      OTEL_BSP_SCHEDULE_DELAY: '20',
      OUTBOUND_ALLOW: '127.0.0.1/32',
    });
    owner = await test.anonymous.signIn();
    hooks = new HookLab(test, receiver, owner);
    // In a soak a collector is built first.
  }, 600_000);
  afterAll(async () => {
    receiver.close();
    await test.close();
    await collector.close();
    for (const each of takeBack) each();
  });

  /** Who is above a span, up to the caller. */
  function wayTo(name: string, spans: readonly CollectedSpan[]): string[] {
    const way: string[] = [];
    let span = spans.find((each) => each.name === name);
    while (span) {
      way.unshift(span.name);
      const { parentSpanId } = span;
      span = spans.find(({ spanId }) => spanId === parentSpanId);
    }
    return way;
  }

  it('show a request, and what was done for it, by their routes and collections', async () => {
    const { body } = await owner.post(PAPERS, { title: 'Ships' });
    const { traceId, headers } = newTrace();
    const answer = await owner.with(headers).patch(`${PAPERS}/${body.data.id}`, { title: 'Boats' });
    expect(answer.status).toBe(200);
    const spans = await collector.trace(traceId, `PATCH ${PAPERS}/:id`);
    expect(wayTo('update papers', spans)).toEqual([`PATCH ${PAPERS}/:id`, 'update papers']);
    expect(spans.find(({ kind }) => kind === 2)).toMatchObject({
      parentSpanId: headers.traceparent.split('-')[2],
      attributes: {
        'http.request.method': 'PATCH',
        'http.route': `${PAPERS}/:id`,
        'http.response.status_code': 200,
      },
      status: 0,
    });
    expect(wayTo('transaction', spans)).toContain('update papers');
  });

  it('follow an execution, its steps and its webhooks, which are told of the trace', async () => {
    const hook = await hooks.newHook(owner);
    const { traceId, headers } = newTrace();
    await owner.with(headers).post(PAPERS, { title: 'Ships' });
    const [received] = await hooks.arrived(hook, 1);
    const spans = await collector.trace(traceId, 'execution webhooks.deliver');
    expect(wayTo('webhook deliver', spans)).toEqual([
      `POST ${PAPERS}`,
      'create papers',
      'transaction',
      'execution webhooks.deliver',
      'step',
      'webhook deliver',
    ]);
    const sent = spans.find(({ name }) => name === 'webhook deliver');
    expect(received?.headers['traceparent']).toBe(`00-${traceId}-${sent?.spanId}-01`);
    expect(sent?.attributes).toEqual({ 'webhook.event': 'papers.created', 'http.response.status_code': 200 });
    await hooks.removeAll();
  });

  it('follow a mail to the mail server, and say of a cache whether it had something', async () => {
    const { traceId, headers } = newTrace();
    const { email } = (await owner.get('/api/v1/auth/me')).body.data as { email: string };
    await test.anonymous.with(headers).post('/api/v1/auth/password/forgot', { email });
    const spans = await collector.trace(traceId, 'mail send');
    expect(wayTo('mail send', spans).slice(-3)).toEqual(['execution outbox.send', 'step', 'mail send']);
    const scope = scopeOf(owner.userId as UserId);
    const prices = test.app.get(Prices, { strict: false });
    const input = script((run) => run.step('prices', () => prices.list(scope)));
    for (const hit of [false, true]) {
      await test.app.get(Executions, { strict: false }).start(Play, input, { scope });
      const gets = await eventually(() => {
        const found = collector.spans.filter(({ name }) => name === 'cache get');
        return found.length > Number(hit) && found;
      });
      expect(gets.at(-1)?.attributes).toEqual({ 'cache.of': 'Prices.list', 'cache.hit': hit });
    }
  });

  it('show what was refused, by its code', async () => {
    const { traceId, headers } = newTrace();
    await owner.with(headers).post(PAPERS, { title: 7, colour: 'crimson' });
    const spans = await collector.trace(traceId, `POST ${PAPERS}`);
    expect(spans.map(({ name }) => name).toSorted()).toEqual([`POST ${PAPERS}`, 'input refused']);
    expect(spans.find(({ kind }) => kind === 2)?.attributes).toMatchObject({
      'http.response.status_code': 400,
      'error.type': 'VALIDATION_ERROR',
    });
    const failing = script(() => Promise.reject(new Error(`about ${owner.userId}`)));
    await test.app
      .get(Executions, { strict: false })
      .start(Play, failing, { scope: scopeOf(owner.userId as UserId) });
    const failed = await eventually(() =>
      collector.spans.find(({ attributes }) => attributes['execution.status'] === 'queued'),
    );
    expect(failed).toMatchObject({ name: 'execution lab.play', kind: 5, parentSpanId: '' });
  });

  it('are named on every line that a request writes', async () => {
    const { traceId, headers } = newTrace();
    const answer = await owner.with(headers).post(PAPERS, { title: 'Ships' });
    const lines = test.logs.filter(({ requestId }) => requestId === answer.headers['x-request-id']);
    expect(lines.map(({ event }) => event)).toEqual(expect.arrayContaining(['request', 'record_created']));
    expect(new Set(lines.map((line) => line['traceId']))).toEqual(new Set([traceId]));
  });

  it('are left to the caller where it says so, and begin anew where it says nothing that can be understood', async () => {
    const hook = await hooks.newHook(owner);
    const { traceId, headers } = newTrace('00');
    await owner.with(headers).post(PAPERS, { title: 'Unseen' });
    const [received] = await hooks.arrived(hook, 1);
    expect(received?.headers['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    await hooks.removeAll();
    const strange = await owner.with({ traceparent: '00-0-0-01' }).get('/api/v1/projects');
    const line = test.logs.find(
      ({ requestId, event }) => event === 'request' && requestId === strange.headers['x-request-id'],
    );
    await collector.trace(String(line?.['traceId']), 'GET /api/v1/projects');
    expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  it('count attempts at webhooks by what was answered, and deliveries by their end', async () => {
    const counted = async (series: string): Promise<number> => {
      const { text } = await test.anonymous.get('/metrics');
      const line = text.split('\n').find((each) => each.startsWith(`${series} `));
      return Number(line?.split(' ')[1] ?? 0);
    };
    const [attempts, failed] = [
      'webhook_attempt_duration_seconds_count{outcome="4xx"}',
      'webhook_deliveries_total{outcome="failed"}',
    ];
    expect([await counted(attempts), await counted(failed)]).toEqual([0, 0]);
    const hook = await hooks.newHook();
    // Gone: it takes nothing any more.
    receiver.answer(hook.path, 410);
    await hooks.newPaper();
    await eventually(async () => (await counted(failed)) === 1);
    expect(await counted(attempts)).toBe(1);
    expect(await counted('webhook_deliveries_total{outcome="delivered"}')).toBeGreaterThan(0);
  });

  it('hold nobody and nothing: no id, no address, no content', () => {
    expect(collector.spans.length).toBeGreaterThan(20);
    const text = JSON.stringify(collector.spans.map(({ name, attributes }) => ({ name, attributes })));
    expect(text).not.toMatch(/[0-9a-f]{24}|@|Ships|Boats|crimson|about|127\.0\.0\.1/);
  });

  it('keep nobody waiting for a collector that is away, which the log says once', async () => {
    await collector.close();
    for (const title of ['Alone', 'Still alone']) {
      expect((await owner.post(PAPERS, { title })).status).toBe(201);
      await eventually(() => test.logs.some(({ event }) => event === 'traces_lost'));
    }
    expect(test.logs.filter(({ event }) => event === 'traces_lost')).toMatchObject([
      { level: 'warn', reason: expect.stringMatching(/^ECONN(REFUSED|RESET)$/) },
    ]);
  });
});
