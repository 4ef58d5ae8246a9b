import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { at, createProject, PROJECTS } from './support/projects.js';
import { createTestApp, type LogLine, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN, ME, newCredentials, REGISTER, USERS } from './support/users.js';

describe('logs', () => {
  let test: TestApp;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp({ LOG_LEVEL: 'trace' });
    ada = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  /** The lines of one request. */
  async function linesOf(
    send: (headers: { 'x-request-id': string }) => Promise<unknown>,
  ): Promise<LogLine[]> {
    const id = crypto.randomUUID();
    await send({ 'x-request-id': id });
    return test.logs.filter(({ requestId }) => requestId === id);
  }

  it.each([
    ['GET', `${PROJECTS}?name=private&limit=5`, undefined, PROJECTS, PROJECTS, 200, undefined],
    ['HEAD', PROJECTS, undefined, PROJECTS, PROJECTS, 200, undefined],
    ['POST', PROJECTS, '{', PROJECTS, PROJECTS, 400, 'MALFORMED_JSON'],
    ['GET', `${PROJECTS}/zzz`, undefined, `${PROJECTS}/zzz`, `${PROJECTS}/:id`, 400, 'VALIDATION_ERROR'],
    ['GET', `${USERS}?email=a@example.com`, undefined, USERS, USERS, 403, 'FORBIDDEN'],
    ['GET', '/nothing?token=x', undefined, '/nothing', undefined, 404, 'ROUTE_NOT_FOUND'],
    ['PUT', '/health?x', undefined, '/health', undefined, 405, 'METHOD_NOT_ALLOWED'],
    ['GET', '/health', undefined, '/health', '/health', 200, undefined],
    ['GET', '/docs', undefined, '/docs', '/docs', 200, undefined],
    ['GET', '/%zz?email=a@example.com', undefined, '/%zz', undefined, 400, 'VALIDATION_ERROR'],
  ])('hold one line for %s %s', async (method, url, body, path, route, status, code) => {
    const lines = await linesOf((headers) => ada.send(method, url, body, headers));
    const requests = lines.filter(({ event }) => event === 'request');
    expect(requests).toHaveLength(1);
    const [line] = requests;
    expect(line).toMatchObject({
      method,
      path,
      status,
      address: '127.0.0.1',
      durationMs: expect.any(Number),
    });
    expect([line?.['route'], line?.['code']]).toEqual([route, code]);
    expect(JSON.stringify(lines)).not.toMatch(/private|example\.com|token=/);
  });

  it('say who it was', async () => {
    const [mine] = await linesOf((headers) => ada.get(ME, headers));
    const [nobodys] = await linesOf((headers) => test.anonymous.get(ME, headers));
    expect([mine?.['userId'], nobodys?.['userId']]).toEqual([ada.userId, undefined]);
  });

  it.each([
    [200, 'info', ME],
    [403, 'warn', USERS],
    [404, 'info', '/nothing'],
  ])('have a level for %i: %s', async (status, level, url) => {
    const [line] = await linesOf((headers) => ada.get(url, headers));
    expect(line).toMatchObject({ status, level });
  });

  it('name what happened, with ids and nothing else', async () => {
    const { id } = await createProject(ada, { name: 'private name', description: 'private text' });
    const events = [
      await linesOf((headers) => ada.put(at({ id }), { name: 'private name' }, headers)),
      await linesOf((headers) => ada.delete(at({ id }), headers)),
      await linesOf((headers) => test.anonymous.post(REGISTER, newCredentials(), headers)),
      await linesOf((headers) => test.anonymous.post(LOGIN, newCredentials(), headers)),
    ];
    expect(events.map((lines) => lines.map(({ event }) => event))).toEqual([
      ['record_updated', 'request'],
      ['record_deleted', 'request'],
      ['record_created', 'user_registered', 'request'],
      ['login_failed', 'request'],
    ]);
    expect(JSON.stringify(events)).not.toContain('private');
  });

  it('carry the request id on every line of a request that came by a socket, in pieces', async () => {
    await test.app.listen(0, '127.0.0.1');
    const { port } = test.app.getHttpServer().address() as AddressInfo;
    const body = JSON.stringify({ name: 'By socket' });
    const lines = await linesOf(async (headers) => {
      const sent = request({
        port,
        path: PROJECTS,
        method: 'POST',
        headers: { ...ada.headers, ...headers, 'content-type': 'application/json' },
      });
      sent.write(body.slice(0, 5));
      await new Promise((resolve) => setTimeout(resolve, 20));
      sent.end(body.slice(5));
      const [answer] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
      answer.resume();
      await once(answer as never, 'end');
      expect(answer.statusCode).toBe(201);
    });
    expect(lines.map(({ event }) => event)).toEqual(['record_created', 'request']);
  });

  it('hold no password, token, cookie or address of a person', async () => {
    const { email, password } = newCredentials();
    const wrong = 'a wrong password';
    const cookie = 'session=a-private-cookie';
    const client = test.anonymous.with({ cookie });
    await client.post(REGISTER, { email, password });
    await client.post(REGISTER, { email, password });
    await client.post(REGISTER, { email: email.toUpperCase(), password: 'short' });
    await client.post(REGISTER, { email, password, role: 'admin' });
    await client.post(REGISTER, `{"email":"${email}","password":"${password}`);
    await client.post(LOGIN, { email, password: wrong });
    await client.post(LOGIN, { email: `other-${email}`, password: wrong });
    const { body } = await client.post(LOGIN, { email, password });
    const { accessToken } = body.data as { accessToken: string };
    await client.get(ME, { authorization: `Bearer ${accessToken}` });
    await client.get(ME, { authorization: `Bearer ${accessToken}x` });
    await client.get(`/nothing?access_token=${accessToken}&email=${email}`);
    await client.get(`/%zz?access_token=${accessToken}&email=${email}`);
    const admin = await test.anonymous.signIn('admin');
    await admin.post(USERS, { email, password, name: 'New' });
    await admin.get(`${USERS}?email=${email}`);
    await admin.get(`${USERS}?email=${email}&email=${email}`);

    const text = test.logText().toLowerCase();
    expect(text).toContain('"event":"login_succeeded"');
    const localPart = email.split('@')[0] ?? '';
    const [, , signature = ''] = accessToken.split('.');
    for (const secret of [
      email,
      localPart,
      password,
      wrong,
      accessToken,
      signature,
      'a-private-cookie',
      '$2b$',
    ]) {
      expect([secret, text.includes(secret.toLowerCase())]).toEqual([secret, false]);
    }
    expect(text).not.toContain(admin.headers['authorization']?.toLowerCase().replace('bearer ', ''));
  });
});
