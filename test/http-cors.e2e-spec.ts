import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { at, createProject, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { Answer, TestClient } from './support/test-client.js';
import { ME } from './support/users.js';

const APP = 'https://app.example.com';
const DEV = 'http://localhost:5173';

function corsHeaders({ headers }: Answer): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'));
}

const preflight = (client: TestClient, url: string, origin: string, method: string) =>
  client.send('OPTIONS', url, undefined, {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization,content-type,if-match',
  });

describe('without CORS_ORIGINS', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  it('no page of another origin may read or write', async () => {
    const read = await test.anonymous.get(ME, { origin: APP });
    const asked = await preflight(test.anonymous, PROJECTS, APP, 'POST');
    expect([...corsHeaders(read), ...corsHeaders(asked)]).toEqual([]);
    expect(asked.outcome).toBe('405 METHOD_NOT_ALLOWED');
  });
});

describe('with CORS_ORIGINS', () => {
  let test: TestApp;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp({ CORS_ORIGINS: `${APP}, ${DEV}`, RATE_LIMIT_MAX: '100' });
    ada = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  it.each([APP, DEV])('a page of %s may read, and sees what it needs', async (origin) => {
    const { status, headers } = await ada.get(at(await createProject(ada)), { origin });
    expect(status).toBe(200);
    expect(headers['access-control-allow-origin']).toBe(origin);
    expect(headers['access-control-expose-headers']).toBe(
      'ETag, Location, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed, ' +
        'Content-Disposition, Content-Range, Accept-Ranges',
    );
    expect(headers['vary']).toContain('Origin');
    expect(headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('only the start of a sign-in with a provider may set a cookie', async () => {
    const start = '/api/v1/auth/oauth/acme';
    const answers = [await ada.post(start, {}, { origin: APP }), await preflight(ada, start, APP, 'POST')];
    const others = [
      await ada.post(start, {}, { origin: 'https://evil.example.com' }),
      await ada.get(ME, { origin: APP }),
      await preflight(ada, ME, APP, 'GET'),
    ];
    const allows = ({ headers }: Answer) => headers['access-control-allow-credentials'];
    expect([answers.map(allows), others.map(allows)]).toEqual([
      Array(2).fill('true'),
      Array(3).fill(undefined),
    ]);
  });

  it.each([
    'https://evil.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.org',
    'https://sub.app.example.com',
    'HTTPS://APP.EXAMPLE.COM',
    'null',
    '*',
  ])('a page of %s may not', async (origin) => {
    const { headers, ...answer } = await ada.get(PROJECTS, { origin });
    expect(corsHeaders({ headers, ...answer })).toEqual([]);
    expect(headers['vary']).toContain('Origin');
    const asked = await preflight(test.anonymous, PROJECTS, origin, 'POST');
    expect([asked.outcome, corsHeaders(asked)]).toEqual(['405 METHOD_NOT_ALLOWED', []]);
  });

  it('answers to who is no page are not mixed up with those to pages', async () => {
    const { headers } = await ada.get(PROJECTS);
    expect(headers['vary']).toContain('Origin');
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])(
    'a page may ask beforehand whether it may %s',
    async (method) => {
      const { status, text, headers } = await preflight(
        test.anonymous,
        at({ id: 'f'.repeat(24) }),
        APP,
        method,
      );
      expect([status, text]).toEqual([204, '']);
      expect(headers['access-control-allow-origin']).toBe(APP);
      expect(headers['access-control-allow-methods']?.split(', ')).toContain(method);
      expect(headers['access-control-allow-headers']).toBe(
        'Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-Organization-Id, ' +
          'X-Request-Id, Range, Last-Event-ID',
      );
      expect(headers['access-control-max-age']).toBe('7200');
      expect(headers['vary']).toContain('Origin');
    },
  );

  it('failures can be read, too', async () => {
    const answers = [
      await test.anonymous.get(ME, { origin: APP }),
      await ada.post(PROJECTS, '{', { origin: APP }),
      await ada.get('/api/v1/nothing', { origin: APP }),
      await ada.delete(PROJECTS, { origin: APP }),
      await ada.get(`${PROJECTS}/zzz`, { origin: APP }),
      await ada.get('/api/v1/%', { origin: APP }),
      await ada.get(`${PROJECTS}/%zz?x=%`, { origin: APP }),
      await ada.get(PROJECTS, { origin: APP, expect: 'a miracle' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 400, 404, 405, 400, 400, 400, 417]);
    for (const { headers } of answers) expect(headers['access-control-allow-origin']).toBe(APP);
  });

  it.each([
    ['/api/v1/nothing', 'GET', '404 ROUTE_NOT_FOUND', undefined],
    ['/api/v1/nothing', 'OPTIONS', '404 ROUTE_NOT_FOUND', undefined],
    [PROJECTS, 'DELETE', '405 METHOD_NOT_ALLOWED', 'GET, HEAD, POST'],
    [PROJECTS, 'OPTIONS', '405 METHOD_NOT_ALLOWED', 'GET, HEAD, POST'],
  ])('%s is no other address for %s', async (url, method, outcome, allow) => {
    for (const headers of [{}, { origin: APP }]) {
      const answer = await test.anonymous.send(method, url, undefined, headers);
      expect([answer.outcome, answer.headers['allow']]).toEqual([outcome, allow]);
    }
  });

  it('the rate limit can be read', async () => {
    const client = test.anonymous.from('192.0.2.77');
    for (let sent = 0; sent < 100; sent++) await client.get(ME);
    const { status, headers } = await client.get(ME, { origin: APP });
    expect([status, headers['access-control-allow-origin']]).toEqual([429, APP]);
  });
});
