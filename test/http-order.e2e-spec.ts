import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createProject, type ProjectJson, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN, ME, REGISTER, USERS } from './support/users.js';

const MISSING = `${PROJECTS}/${'f'.repeat(24)}`;
const TOO_LARGE = Buffer.alloc(2 * 1024 * 1024, ' ');
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('of several faults', () => {
  let test: TestApp;
  let anonymous: TestClient;
  let ada: TestClient;
  let project: ProjectJson;

  beforeAll(async () => {
    test = await createTestApp();
    anonymous = test.anonymous;
    ada = await anonymous.signIn();
    project = await createProject(ada);
  });
  afterAll(() => test.close());

  const KINDS = [
    ['a body that is too large', TOO_LARGE, {}],
    ['a body of another type', 'a=b', FORM],
    ['a malformed body', '{', {}],
    ['an invalid body', '{"x":1}', {}],
  ] as const;

  it.each(KINDS)('an unknown address wins over %s', async (_, body, headers) => {
    for (const caller of [anonymous, ada]) {
      const { outcome } = await caller.send('POST', '/api/v1/nothing', body, headers);
      expect(outcome).toBe('404 ROUTE_NOT_FOUND');
    }
  });

  it.each(KINDS)('a wrong method wins over %s', async (_, body, headers) => {
    for (const caller of [anonymous, ada]) {
      for (const url of [`${PROJECTS}?limit=x`, LOGIN, USERS]) {
        expect((await caller.send('DELETE', url, body, headers)).outcome).toBe('405 METHOD_NOT_ALLOWED');
      }
    }
  });

  it.each(KINDS)('a missing token wins over %s', async (_, body, headers) => {
    for (const [method, url] of [
      ['POST', PROJECTS],
      ['PUT', `${PROJECTS}/zzz`],
      ['POST', USERS],
    ] as const) {
      expect((await anonymous.send(method, url, body, headers)).outcome).toBe('401 UNAUTHENTICATED');
    }
  });

  it.each(KINDS)('a missing permission wins over %s', async (_, body, headers) => {
    expect((await ada.send('POST', `${USERS}?x=1`, body, headers)).outcome).toBe('403 FORBIDDEN');
  });

  it.each([
    ['413 PAYLOAD_TOO_LARGE', TOO_LARGE, {}],
    ['415 UNSUPPORTED_MEDIA_TYPE', '{', FORM],
    ['400 MALFORMED_JSON', '{', {}],
  ])('%s wins over an invalid query, id and If-Match', async (outcome, body, headers) => {
    const answer = await ada.put(`${PROJECTS}/zzz?x=1`, body, { 'if-match': 'x', ...headers });
    expect(answer.outcome).toBe(outcome);
  });

  it.each([
    ['body', '{"x":1}', {}],
    ['If-Match', '{"name":"x"}', { 'if-match': 'x' }],
  ])('an invalid %s wins over a missing record', async (_, body, headers) => {
    expect((await ada.send('PUT', MISSING, body, headers)).outcome).toBe('400 VALIDATION_ERROR');
  });

  it('a missing record wins over a version and a name that is taken', async () => {
    const { outcome } = await ada.put(MISSING, { name: project.name }, { 'if-match': '"9"' });
    expect(outcome).toBe('404 PROJECT_NOT_FOUND');
  });

  describe('too many requests', () => {
    let limited: TestApp;
    let spent: TestClient;

    beforeAll(async () => {
      limited = await createTestApp({ RATE_LIMIT_MAX: '1', REGISTRATION: 'closed' });
      spent = limited.anonymous.from('192.0.2.1');
      expect((await spent.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    });
    afterAll(() => limited.close());

    it.each([
      ['a missing token', 'GET', ME, undefined, {}],
      ['a closed route', 'POST', REGISTER, '{}', {}],
      ['a malformed body', 'POST', LOGIN, '{', {}],
      ['a body of another type', 'POST', LOGIN, 'a=b', FORM],
      ['a body that is too large', 'POST', LOGIN, TOO_LARGE, {}],
      ['an invalid id', 'GET', `${PROJECTS}/zzz`, undefined, {}],
    ])('win over %s', async (_, method, url, body, headers) => {
      expect((await spent.send(method, url, body, headers)).outcome).toBe('429 RATE_LIMITED');
    });

    it('lose against an unknown address and a wrong method', async () => {
      expect((await spent.get('/api/v1/nothing')).outcome).toBe('404 ROUTE_NOT_FOUND');
      expect((await spent.delete(LOGIN)).outcome).toBe('405 METHOD_NOT_ALLOWED');
    });
  });
});
