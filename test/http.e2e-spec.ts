import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ProjectsService } from '../src/modules/projects/projects.service.js';
import { FEATURES } from './features/features.js';
import { CHANGE, FORGOT, RESET, VERIFY, VERIFY_AGAIN } from './support/accounts.js';
import { at, createProject, PROJECTS } from './support/projects.js';
import { OTP } from './support/second-factor.js';
import { API_KEYS } from './support/api-keys.js';
import { IDENTITIES } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN, ME, REGISTER, USERS, LOGOUT, REFRESH, SESSIONS } from './support/users.js';

/** Every address of the product and the methods it answers. */
const ADDRESSES: readonly (readonly [string, string])[] = [
  [REGISTER, 'POST'],
  [LOGIN, 'POST'],
  [ME, 'GET, HEAD'],
  [REFRESH, 'POST'],
  [LOGOUT, 'POST'],
  [SESSIONS, 'GET, HEAD'],
  [`${SESSIONS}/${'f'.repeat(24)}`, 'DELETE'],
  [CHANGE, 'POST'],
  [FORGOT, 'POST'],
  [RESET, 'POST'],
  [VERIFY, 'POST'],
  [VERIFY_AGAIN, 'POST'],
  [`${OTP}/enable`, 'POST'],
  [`${OTP}/confirm`, 'POST'],
  [`${OTP}/disable`, 'POST'],
  [API_KEYS, 'GET, HEAD, POST'],
  [`${API_KEYS}/${'f'.repeat(24)}`, 'DELETE'],
  [IDENTITIES, 'GET, HEAD, POST'],
  [`${IDENTITIES}/${'f'.repeat(24)}`, 'DELETE'],
  ...FEATURES.flatMap(({ path }): [string, string][] => [
    [path, 'GET, HEAD, POST'],
    [`${path}/${'f'.repeat(24)}`, 'DELETE, GET, HEAD, PATCH, PUT'],
  ]),
  [USERS, 'GET, HEAD, POST'],
  [`${USERS}/${'f'.repeat(24)}`, 'DELETE, GET, HEAD, PATCH'],
  [`${USERS}/${'f'.repeat(24)}/delete`, 'POST'],
  ['/health', 'GET, HEAD'],
  ['/health/live', 'GET, HEAD'],
  ['/health/ready', 'GET, HEAD'],
  ['/metrics', 'GET, HEAD'],
  ['/', 'GET, HEAD'],
  ['/login', 'GET, HEAD'],
  ['/register', 'GET, HEAD'],
  ['/forgot', 'GET, HEAD'],
  ['/reset', 'GET, HEAD'],
  ['/verify', 'GET, HEAD'],
  ['/dashboard', 'GET, HEAD'],
  ['/console/files/x/login.js', 'GET, HEAD'],
  ['/console/session', 'DELETE, POST, PUT'],
  ['/console/session/refresh', 'POST'],
  ['/docs', 'GET, HEAD'],
  ['/docs/json', 'GET, HEAD'],
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

describe('http', () => {
  let test: TestApp;
  let anonymous: TestClient;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    anonymous = test.anonymous;
    ada = await anonymous.signIn();
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => test.close());

  describe('the envelope', () => {
    it('of a success says so and holds the data', async () => {
      const { body, headers } = await ada.get(ME);
      expect(Object.keys(body)).toEqual(['success', 'data']);
      expect(body.success).toBe(true);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
    });

    it('of a failure has a sentence, a code and the request id', async () => {
      const { status, body, headers } = await ada.get(`${PROJECTS}/${'f'.repeat(24)}`);
      expect(status).toBe(404);
      expect(body).toEqual({
        success: false,
        error: 'Project not found',
        code: 'PROJECT_NOT_FOUND',
        requestId: headers['x-request-id'],
      });
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
    });

    it('of an invalid request names each fault', async () => {
      const { body } = await ada.post(PROJECTS, { name: '', description: 1, extra: true });
      expect(body.details).toEqual([
        { path: 'extra', message: expect.any(String) },
        { path: 'name', message: expect.any(String) },
        { path: 'description', message: expect.any(String) },
      ]);
    });
  });

  describe('X-Request-Id', () => {
    it.each(['a', 'A-Z.a_z-0.9', '0'.repeat(64), '3f0e6c0a-6f2d-4a83-9f5e-2f1f0a7c9b11'])(
      'is echoed: %s',
      async (id) => {
        const { body, headers } = await anonymous.get(ME, { 'x-request-id': id });
        expect([headers['x-request-id'], body.requestId]).toEqual([id, id]);
      },
    );

    it.each(['', ' ', 'a b', '0'.repeat(65), 'a,b', 'ä', '<script>', 'a@b.c', '"quoted"', 'a/b', '${x}'])(
      'is replaced: %j',
      async (id) => {
        const { headers } = await anonymous.get(ME, { 'x-request-id': id });
        expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      },
    );

    it('is made anew for each request', async () => {
      const ids = await Promise.all(
        Array.from({ length: 20 }, async () => (await anonymous.get('/health')).headers['x-request-id']),
      );
      expect(new Set(ids).size).toBe(20);
    });
  });

  describe('unknown addresses', () => {
    it.each([
      '/api',
      '/api/v1',
      '/api/v1/nothing',
      '/api/v2/projects',
      '/API/v1/projects',
      '//api/v1/projects',
      `${PROJECTS}/${'f'.repeat(24)}/more`,
      `${PROJECTS}/${'x'.repeat(101)}`,
      `${PROJECTS}/${'x'.repeat(5_000)}`,
      '/api/v1/..%2fusers',
      '/health/../metrics/x',
      '/.env',
      '/docs/package.json',
      '/docs/..%2f..%2fpackage.json',
      '/docs/swagger-ui.css.map',
    ])('%s is 404 for everybody and every method', async (url) => {
      for (const method of METHODS) {
        for (const caller of [anonymous, ada]) {
          const { status, text } = await caller.send(method, url);
          expect([method, status]).toEqual([method, 404]);
          if (method !== 'HEAD') expect(text).toContain('"code":"ROUTE_NOT_FOUND"');
        }
      }
    });

    it.each(['/%zz', '/api/v1/projects/%', '/api/v1/projects/%E0%A4%A', '/%zz?email=a@example.com'])(
      '%s cannot be read: 400 in the envelope',
      async (url) => {
        const { outcome, body, headers } = await anonymous.get(url, { 'x-request-id': 'unreadable' });
        expect(outcome).toBe('400 VALIDATION_ERROR');
        expect(body.details).toEqual([{ path: 'url', message: expect.any(String) }]);
        expect(headers['x-request-id']).toBe('unreadable');
      },
    );
  });

  describe.each(ADDRESSES)('%s', (url, allowed) => {
    it.each(METHODS.filter((method) => !allowed.split(', ').includes(method)))(
      'answers 405 to %s and says what it allows',
      async (method) => {
        for (const caller of [anonymous, ada]) {
          const { outcome, headers } = await caller.send(method, url);
          expect([outcome, headers['allow']]).toEqual(['405 METHOD_NOT_ALLOWED', allowed]);
        }
      },
    );
  });

  describe('an unexpected error', () => {
    const MESSAGE = 'connect ECONNREFUSED mongodb://root:hunter2@10.0.0.7/product at /srv/app/secret.ts:7';

    it.each([
      ['an error', () => Promise.reject(new Error(MESSAGE))],
      ['a type error', () => Promise.reject(new TypeError(MESSAGE))],
      ['a text', () => Promise.reject(MESSAGE)],
      ['nothing', () => Promise.reject(undefined)],
      [
        'an error with a status',
        () => Promise.reject(Object.assign(new Error(MESSAGE), { statusCode: 502 })),
      ],
      [
        'an error thrown at once',
        () => {
          throw new Error(MESSAGE);
        },
      ],
    ])('(%s) is answered without its text, which is in the log', async (_, fails) => {
      const spy = jest.spyOn(test.app.get(ProjectsService), 'get');
      spy.mockImplementation(fails as () => Promise<never>);
      const project = await createProject(ada);
      const before = test.logs.length;
      const { status, body } = await ada.get(at(project), { 'x-request-id': 'unexpected' });
      expect(status).toBe(500);
      expect(body).toEqual({
        success: false,
        error: 'Something went wrong on our side',
        code: 'INTERNAL_ERROR',
        requestId: 'unexpected',
      });
      const lines = test.logs.slice(before).filter(({ requestId }) => requestId === 'unexpected');
      expect(lines).toEqual([
        expect.objectContaining({ event: 'request_failed', level: 'error', code: 'INTERNAL_ERROR' }),
        expect.objectContaining({ event: 'request', level: 'error', status: 500, code: 'INTERNAL_ERROR' }),
      ]);
      if (_ !== 'nothing') expect(JSON.stringify(lines)).toContain('10.0.0.7');
    });

    it('leaves the server in working order', async () => {
      const project = await createProject(ada);
      expect((await ada.get(at(project))).status).toBe(200);
    });
  });

  it('puts the security headers on every kind of answer', async () => {
    const project = await createProject(ada);
    const answers = [
      await ada.get(PROJECTS),
      await ada.get(at(project), { 'if-none-match': '*' }),
      await anonymous.get('/%zz'),
      await anonymous.get('/nothing'),
      await anonymous.post('/health'),
      await anonymous.get(ME),
      await ada.post(PROJECTS, '{'),
      await anonymous.get('/docs'),
      await anonymous.get('/docs/files/x/swagger-ui-bundle.js'),
      await anonymous.get('/health'),
      await anonymous.get('/dashboard'),
      await anonymous.get('/console/files/x/console.css'),
    ];
    const expected = [200, 304, 400, 404, 405, 401, 400, 200, 200, 200, 200, 200];
    expect(answers.map(({ status }) => status)).toEqual(expected);
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self';/),
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
      });
      expect(headers['content-security-policy']).not.toContain('unsafe');
    }
  });
});
