import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { API_KEYS } from './support/api-keys.js';
import { at, createProject, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN, ME, newCredentials, REGISTER, USERS } from './support/users.js';

describe('the headers of an answer', () => {
  let test: TestApp;
  let ada: TestClient;
  let admin: TestClient;

  beforeAll(async () => {
    test = await createTestApp({ RATE_LIMIT_MAX: '500', PUBLIC_URL: 'https://example.com/backend' });
    ada = await test.anonymous.from('192.0.2.1').signIn();
    admin = await test.anonymous.from('192.0.2.2').signIn('admin');
  });
  afterAll(() => test.close());

  it('keep personal data out of shared caches', async () => {
    const project = await createProject(ada);
    const answers = [
      await ada.get(PROJECTS),
      await ada.get(at(project)),
      await ada.get(at(project), { 'if-none-match': '"1"' }),
      await ada.head(at(project)),
      await ada.get(`${PROJECTS}/zzz`),
      await admin.get(USERS),
      await test.anonymous.get(PROJECTS),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 304, 200, 400, 200, 401]);
    for (const { headers } of answers) expect(headers['cache-control']).toBe('private, no-cache');
  });

  it('keep secrets out of every cache', async () => {
    const credentials = newCredentials();
    const answers = [
      await test.anonymous.post(REGISTER, credentials),
      await test.anonymous.post(LOGIN, credentials),
      await test.anonymous.post(LOGIN, { ...credentials, password: 'wrong' }),
      await ada.get(ME),
      await ada.post(API_KEYS, { name: 'x' }),
    ];
    for (const { headers } of answers) expect(headers['cache-control']).toBe('no-store');
  });

  it('say where what was created stands, below the path of PUBLIC_URL', async () => {
    const key = { 'idempotency-key': 'once' };
    for (const [answer, place] of [
      [await ada.post(PROJECTS, { name: 'one' }, key), PROJECTS],
      [await ada.post(PROJECTS, { name: 'one' }, key), PROJECTS],
      [await test.anonymous.post(REGISTER, newCredentials()), USERS],
      [await admin.post(USERS, { ...newCredentials(), name: 'x' }), USERS],
      [await ada.post(API_KEYS, { name: 'y' }), API_KEYS],
    ] as const) {
      expect([answer.status, answer.headers['location']]).toEqual([
        201,
        `/backend${place}/${answer.body.data.id}`,
      ]);
    }
    const refused = await ada.post(PROJECTS, { name: 'one' });
    expect([refused.status, refused.headers['location']]).toEqual([409, undefined]);
  });

  it('say how many requests are left', async () => {
    const reader = test.anonymous.from('192.0.2.9');
    const answers = [
      await reader.get(ME),
      await reader.get('/api/v1/nothing'),
      await reader.delete(PROJECTS),
      await reader.get('/api/v1/%'),
      await reader.get('/docs'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 404, 405, 400, 200]);
    for (const [index, { headers }] of answers.entries()) {
      expect(headers['ratelimit-policy']).toBe('"default";q=500;w=60');
      expect(headers['ratelimit']).toMatch(new RegExp(`^"default";r=${499 - index};t=(60|5\\d)$`));
    }
    for (const url of ['/health', '/metrics']) {
      const { headers } = await test.anonymous.get(url);
      expect([headers['ratelimit'], headers['ratelimit-policy']]).toEqual([undefined, undefined]);
    }
  });

  it.each([
    ['/api/v1/nothing', '404 ROUTE_NOT_FOUND'],
    [LOGIN, '405 METHOD_NOT_ALLOWED'],
    ['/api/v1/%', '400 VALIDATION_ERROR'],
  ])('count %s, which stays what it is, until nothing is left', async (url, outcome) => {
    const scanner = test.anonymous.from(`198.51.100.${url.length}`);
    for (let sent = 0; sent < 500; sent++) await scanner.get(url);
    const answer = await scanner.get(url);
    expect([answer.outcome, answer.headers['ratelimit']]).toEqual([
      outcome,
      expect.stringMatching(/^"default";r=0;/),
    ]);
    expect((await scanner.get(ME)).outcome).toBe('429 RATE_LIMITED');
  });
});
