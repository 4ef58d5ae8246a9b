import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HealthMonitor } from '../src/platform/monitoring/health.monitor.js';
import { metricsUsed } from './support/deployment.js';
import { partsOf } from './support/engines.js';
import { at, createProject, PROJECTS } from './support/projects.js';
import { eventually } from './support/mails.js';
import { tableOf } from './support/pages.js';
import { connectionOf, createTestApp, type TestApp } from './support/test-app.js';
import { IS_BASE } from './support/rules.js';
import { PASSWORD } from './support/test-client.js';
import { ME } from './support/users.js';

const DEVELOPMENT = { NODE_ENV: 'development', BCRYPT_ROUNDS: '10' };
const PRODUCTION = { NODE_ENV: 'production', BCRYPT_ROUNDS: '10' };
const bearer = (given: string) => ({ authorization: `Bearer ${given}` });

describe('operations', () => {
  const running: TestApp[] = [];

  async function start(env: Parameters<typeof createTestApp>[0] = {}): Promise<TestApp> {
    const test = await createTestApp(env);
    running.push(test);
    return test;
  }

  const shared = new Map<string | undefined, Promise<TestApp>>();

  /** One in development for all tests, by what it trusts. */
  function inDevelopment(trust?: string): Promise<TestApp> {
    const known = shared.get(trust) ?? start({ ...DEVELOPMENT, TRUST_PROXY: trust });
    shared.set(trust, known);
    return known;
  }
  afterAll(async () => {
    for (const test of running) await test.close();
  });

  describe('health', () => {
    let test: TestApp;
    beforeAll(async () => {
      test = await start();
    });

    it('tells how the services are, without an envelope', async () => {
      const { status, body, headers } = await test.anonymous.get('/health');
      expect(status).toBe(200);
      expect(body).toEqual({
        status: 'ok',
        timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        services: {
          database: { status: 'ok' },
          redis: { status: 'disabled' },
          external: { status: 'disabled' },
        },
      });
      expect(headers['cache-control']).toBe('no-store');
    });

    it.each(['/health/live', '/health/ready'])('%s tells that it is', async (url) => {
      const { status, body, headers } = await test.anonymous.get(url);
      expect([status, body, headers['cache-control']]).toEqual([200, { status: 'ok' }, 'no-store']);
      expect((await test.anonymous.head(url)).status).toBe(200);
    });

    it('is for everybody', async () => {
      const { status } = await test.anonymous
        .from('203.0.113.9')
        .get('/health', { authorization: 'Bearer x' });
      expect(status).toBe(200);
    });

    it('is not ready, and lives, while it ends', async () => {
      const ending = await start();
      ending.app.get(HealthMonitor, { strict: false }).beforeApplicationShutdown();
      const { status, body } = await ending.anonymous.get('/health/ready');
      expect([status, body]).toEqual([503, { status: 'unavailable' }]);
      expect((await ending.anonymous.get('/health/live')).status).toBe(200);
      expect((await ending.anonymous.get('/health')).status).toBe(200);
    });
  });

  describe('metrics', () => {
    const token = randomBytes(24).toString('hex');

    it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])(
      'are for %s in development',
      async (address) => {
        const test = await inDevelopment();
        const { status, headers } = await test.anonymous.from(address).get('/metrics');
        expect([status, headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/plain/)]);
      },
    );

    it.each([
      ['another machine', '10.0.0.1', {}],
      ['another machine that claims to be this one', '10.0.0.1', { 'x-forwarded-for': '127.0.0.1' }],
      ['a proxy on this machine', '127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }],
      ['a proxy that says only the protocol', '127.0.0.1', { 'x-forwarded-proto': 'https' }],
      ['a proxy that follows the standard', '127.0.0.1', { forwarded: 'for=127.0.0.1' }],
      ['a machine whose address only begins alike', '::ffff:128.0.0.1', {}],
    ])('are not for %s in development', async (_, address, headers) => {
      for (const trust of [undefined, '1']) {
        const test = await inDevelopment(trust);
        const answer = await test.anonymous.from(address).get('/metrics', headers);
        expect(answer.outcome).toBe('404 ROUTE_NOT_FOUND');
      }
    });

    it('do not exist in production without a token', async () => {
      const { anonymous } = await start(PRODUCTION);
      for (const headers of [{}, bearer(''), bearer('undefined'), bearer(token)]) {
        expect((await anonymous.get('/metrics', headers)).outcome).toBe('404 ROUTE_NOT_FOUND');
      }
    });

    it.each([
      ['development', DEVELOPMENT],
      ['production', PRODUCTION],
    ])('want the token that is set in %s', async (_, env) => {
      const { anonymous } = await start({ ...env, METRICS_TOKEN: token });
      for (const headers of [
        {},
        bearer('wrong'),
        bearer(`${token}x`),
        bearer(token.slice(0, -1)),
        bearer(token.toUpperCase()),
        { authorization: token },
        { authorization: `Basic ${token}` },
        { cookie: `token=${token}` },
      ]) {
        expect((await anonymous.get('/metrics', headers)).outcome).toBe('401 UNAUTHENTICATED');
      }
      expect((await anonymous.get(`/metrics?token=${token}`)).status).toBe(401);
      expect((await anonymous.from('10.0.0.1').get('/metrics', bearer(token))).status).toBe(200);
    });

    it('count routes by pattern and class of status, and show nothing else', async () => {
      const test = await start();
      const ada = await test.anonymous.signIn();
      const project = await createProject(ada);
      await ada.get(`${at(project)}`);
      await ada.get(`${PROJECTS}?name=private-filter`);
      await ada.get(at({ id: 'f'.repeat(24) }));
      await ada.get('/private-path');
      await ada.send('PROPFIND', '/private-path');
      await test.anonymous.get(ME);
      const { text } = await test.anonymous.get('/metrics');
      const counted = (labels: string) =>
        new RegExp(`^http_request_duration_seconds_count\\{${labels}\\} (\\d+)$`, 'm').exec(text)?.[1];
      const one = String.raw`method="GET",route="/api/v1/projects/:id",status_code=`;
      expect(counted(`${one}"2xx"`)).toBe('1');
      expect(counted(`${one}"4xx"`)).toBe('1');
      expect(counted(String.raw`method="GET",route="/api/v1/auth/me",status_code="4xx"`)).toBe('1');
      for (const secret of [project.id, ada.userId, 'private', 'f'.repeat(24)])
        expect(text).not.toContain(secret);
      expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
      expect(text).toMatch(/^process_resident_memory_bytes /m);
    });

    it('are those that the documentation lists, named as Prometheus asks for', async () => {
      const { text } = await (await inDevelopment()).anonymous.get('/metrics');
      const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)];
      const own = types.filter(([, name = '']) => !/^(process|nodejs)_/.test(name));
      const documented = tableOf('docs/operations.md', 'Metrics').map(([name]) => name);
      if (IS_BASE) expect(documented).toEqual(own.map(([, name]) => name).toSorted());
      const ends = { counter: /_total$/, histogram: /_(seconds|bytes)$/, gauge: /(?<!_total)$/ };
      const named = ([, name = '', type = '']: readonly string[]) =>
        /^[a-z]+(_[a-z0-9]+)*$/.test(name) &&
        !/_(ms|milliseconds|minutes|kb|mb|count|sum|bucket)$/.test(name) &&
        ends[type as keyof typeof ends].test(name);
      expect(own.filter((each) => !named(each)).map(([line]) => line)).toEqual([]);
      expect(own.length).toBeGreaterThan(9);
    });

    it('have all that dashboards and alerts use', async () => {
      const { text } = await (await inDevelopment()).anonymous.get('/metrics');
      const known = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
      const { dashboard, alerts } = metricsUsed();
      expect(dashboard.length).toBeGreaterThan(12);
      expect(alerts.length).toBeGreaterThan(8);
      expect([...dashboard, ...alerts].filter((name) => !known.has(name))).toEqual([]);
      // What alerts count is there before it happens.
      expect(text).toMatch(/^executions_turns_total\{type="outbox.send",status="failed"\} 0$/m);
    });

    it('show the work that waits, and none that is done', async () => {
      const test = await start();
      const read = async (series: string): Promise<number> => {
        const { text } = await test.anonymous.get('/metrics');
        const line = text.split('\n').find((each) => each.startsWith(`${series} `));
        return Number(line?.slice(series.length + 1));
      };
      expect([await read('executions_due'), await read('executions_due_age_seconds')]).toEqual([0, 0]);
      const { engine, clock } = partsOf(test.app);
      await engine.stop(0);
      const ada = await test.anonymous.signIn();
      const someone = { email: 'someone@example.com', name: 'Someone', password: PASSWORD };
      await test.anonymous.post('/api/v1/auth/register', someone);
      // Its mail.
      await eventually(async () => (await read('executions_due')) === 1);
      clock.advance(60_000);
      expect(await read('executions_due_age_seconds')).toBeGreaterThanOrEqual(60);
      await Promise.all(Array.from({ length: 100 }, () => ada.get(PROJECTS)));
      expect(await read('http_requests_in_progress')).toBe(1);
      expect(await read('http_requests_limit')).toBe(1000);
      // Pings of the pool itself may be under way.
      await eventually(async () => (await read('db_client_connections_pending_requests')) === 0);
      await eventually(async () => (await read('db_client_connections{state="used"}')) < 5);
      expect(await read('db_client_connections{state="idle"}')).toBeGreaterThan(5);
      expect(await read('change_feed_age_seconds')).toBeLessThan(31);
    });
  });

  it('a shard key, or why there is none, is documented for each collection, and fits its indexes', async () => {
    const { app } = await inDevelopment();
    const rows = new Map(tableOf('docs/scale.md', 'Shard keys').map(([name = '', key = '']) => [name, key]));
    const collections = Object.values(connectionOf(app).models).map(({ collection, schema }) => ({
      name: collection.name,
      indexes: schema.indexes().map(([fields, options]) => [Object.keys(fields), options] as const),
    }));
    const names = collections.map(({ name }) => name).toSorted();
    if (IS_BASE) expect([...rows.keys()]).toEqual(names);
    const sharded = collections.filter(({ name }) => rows.get(name)?.startsWith('`'));
    expect(sharded.length).toBeGreaterThan(1);
    for (const { name, indexes } of sharded) {
      const key = rows.get(name)?.replaceAll('`', '');
      expect([name, indexes.some(([[first]]) => first === key)]).toEqual([name, true]);
      const unique = indexes.filter(([, { unique: isUnique }]) => isUnique);
      expect(unique.filter(([[first]]) => first !== key)).toEqual([]);
    }
  });

  describe('docs', () => {
    let test: TestApp;
    beforeAll(async () => {
      test = await start(PRODUCTION);
    });

    it('are a page without scripts or styles of its own', async () => {
      const { status, text, headers } = await test.anonymous.get('/docs');
      expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      expect(text).not.toMatch(/<script>|<style|style=|onload=|https?:/);
      const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => String(file));
      expect(files.length).toBeGreaterThan(2);
      for (const file of files) expect((await test.anonymous.get(file)).status).toBe(200);
    });

    it('hold the OpenAPI document with every route', async () => {
      const { status, body } = await test.anonymous.get('/docs/json');
      expect([status, body.openapi]).toEqual([200, expect.stringMatching(/^3\./)]);
      expect(Object.keys(body.paths)).toEqual(
        expect.arrayContaining([
          '/api/v1/auth/register',
          '/api/v1/auth/login',
          '/api/v1/auth/me',
          '/api/v1/projects',
          '/api/v1/projects/{id}',
          '/api/v1/users',
          '/api/v1/users/{id}',
          '/health',
          '/health/live',
          '/health/ready',
        ]),
      );
    });
  });
});
