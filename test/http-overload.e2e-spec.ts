import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import mongoose from 'mongoose';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { toApiError } from '../src/platform/http/failure.js';
import { checkAnswer } from './support/answer-rules.js';
import { PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN, ME } from './support/users.js';

const OVERLOADED = '503 OVERLOADED';

describe('more requests than can be answered in time', () => {
  let test: TestApp;
  let people: TestClient[];
  let fastify: FastifyInstance;
  let usual: number;
  let port: number;

  /** In tests the limit does not move by itself. */
  const allow = (requests: number): void => void (fastify.limitOfRequests.current = requests);

  beforeAll(async () => {
    test = await createTestApp();
    people = [];
    for (let person = 0; person < 4; person++) people.push(await test.anonymous.signIn());
    fastify = test.app.getHttpAdapter().getInstance() as FastifyInstance;
    usual = fastify.limitOfRequests.current;
    await test.app.listen(0, '127.0.0.1');
    ({ port } = test.app.getHttpServer().address() as AddressInfo);
  });
  afterEach(() => allow(usual));
  afterAll(() => test.close());

  /** What each of some requests is answered that are read at once, before any of them is answered. */
  async function outcomesOf(...asked: (readonly [TestClient, string])[]): Promise<string[]> {
    const heads = asked.map(([{ headers }, path], index) => {
      const lines = Object.entries({ host: 'localhost', ...headers }).map((header) => header.join(': '));
      if (index === asked.length - 1) lines.push('connection: close');
      return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
    });
    const socket = connect(port, '127.0.0.1', () => socket.write(heads.join('')));
    const answers = (await text(socket)).split('HTTP/1.1 ').slice(1);
    return answers.map((answer) =>
      [answer.slice(0, 3), /"code":"(\w+)"/.exec(answer)?.[1]].filter(Boolean).join(' '),
    );
  }

  it('are refused by who asks: strangers, then who has more under way than others, last who has nothing', async () => {
    const [busy, other, third, fourth] = people as [TestClient, TestClient, TestClient, TestClient];
    for (const client of people) await client.get(PROJECTS);
    allow(4);
    const forged = test.anonymous.with({ authorization: 'Bearer e30.e30.e30' });
    expect(
      await outcomesOf(
        [busy, PROJECTS],
        [busy, PROJECTS],
        [busy, PROJECTS],
        [test.anonymous, '/docs'],
        [test.anonymous, '/nowhere'],
        [forged, PROJECTS],
        [other, PROJECTS],
        [busy, PROJECTS],
        [third, PROJECTS],
        [fourth, PROJECTS],
        [test.anonymous, '/health/live?now'],
      ),
    ).toEqual([
      '200',
      '200',
      '200',
      OVERLOADED,
      OVERLOADED,
      OVERLOADED,
      '200',
      OVERLOADED,
      '200',
      OVERLOADED,
      '200',
    ]);
  });

  it('are answered with the envelope and when to try again, and logged and counted together', async () => {
    const [ada] = people as [TestClient];
    allow(0);
    const headers = { ...ada.headers, 'x-request-id': 'mine-1' };
    const answer = await fetch(`http://127.0.0.1:${port}${ME}`, { headers });
    const body = await answer.json();
    expect(body).toEqual({
      success: false,
      error: 'The server is busy; try again later',
      code: 'OVERLOADED',
      requestId: 'mine-1',
    });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    checkAnswer('a refused request', {
      status: answer.status,
      outcome: OVERLOADED,
      headers: Object.fromEntries(answer.headers),
      text: JSON.stringify(body),
      body,
    });
    expect(test.logs.filter(({ requestId }) => requestId === 'mine-1')).toEqual([]);
    const metrics = await test.anonymous.get('/metrics');
    expect(metrics.text).toMatch(/^http_requests_shed_total\{class="verified"\} [1-9]/m);
    expect(metrics.text).toMatch(/^http_requests_limit 0$/m);
  });

  it.each(['/health', '/health/live', '/health/ready', '/metrics'])('do not disturb %s', async (path) => {
    allow(0);
    expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(200);
  });

  it('leave nothing half done: the same key creates the record afterwards', async () => {
    const [ada] = people as [TestClient];
    const headers = { ...ada.headers, 'content-type': 'application/json', 'idempotency-key': 'once-more' };
    const create = () =>
      fetch(`http://127.0.0.1:${port}${PROJECTS}`, { method: 'POST', headers, body: '{"name":"Refused"}' });
    allow(0);
    expect((await create()).status).toBe(503);
    allow(usual);
    expect(await test.connection.collection('projects').countDocuments({ name: 'Refused' })).toBe(0);
    const created = await create();
    expect([created.status, created.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  it('are told that the server is busy while the database answers others, and else that it is away', async () => {
    const { mongodbUri = '' } = test.config.of(DatabaseConfig);
    const client = new mongoose.mongo.MongoClient(mongodbUri, { maxPoolSize: 1, waitQueueTimeoutMS: 1 });
    const pings = Array.from({ length: 500 }, () => client.db().command({ ping: 1 }));
    const refused = (await Promise.allSettled(pings)).find(({ status }) => status === 'rejected');
    await client.close();
    const { reason } = refused as PromiseRejectedResult;
    expect(toApiError(reason, () => true)).toMatchObject({ code: 'OVERLOADED', cause: reason });
    expect(toApiError(reason, () => false)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', cause: reason });
  });

  describe('on a connection', () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    afterAll(() => agent.destroy());

    /** Sends a body of so many bytes and tells the status, what is said of the connection, and which one it was. */
    async function send(
      bytes: number,
    ): Promise<[number | undefined, string | undefined, number | undefined]> {
      const headers = { 'content-type': 'application/json', 'content-length': bytes };
      const asked = request({ port, path: LOGIN, method: 'POST', headers, agent });
      asked.end(Buffer.alloc(bytes, ' '));
      const answer = await new Promise<IncomingMessage>((resolve, reject) =>
        asked.once('response', resolve).once('error', reject),
      );
      await text(answer);
      return [answer.statusCode, answer.headers.connection, asked.socket?.localPort];
    }

    it('a refused body leaves it usable, unless much of it is still to come', async () => {
      allow(0);
      const [status, , used] = await send(10_000);
      expect(status).toBe(503);
      allow(usual);
      expect(await send(10_000)).toEqual([400, undefined, used]);
      allow(0);
      expect((await send(500_000)).slice(0, 2)).toEqual([503, 'close']);
    });
  });
});
