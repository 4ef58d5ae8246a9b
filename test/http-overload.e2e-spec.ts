import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import mongoose from 'mongoose';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { toApiError } from '../src/platform/http/failure.js';
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

  /** In tests the limit does not move by itself. */
  const allow = (requests: number): void => void (fastify.limitOfRequests.current = requests);

  beforeAll(async () => {
    test = await createTestApp();
    people = [];
    for (let person = 0; person < 4; person++) people.push(await test.anonymous.signIn());
    fastify = test.app.getHttpAdapter().getInstance() as FastifyInstance;
    usual = fastify.limitOfRequests.current;
    await test.app.listen(0, '127.0.0.1');
  });
  afterEach(() => allow(usual));
  afterAll(() => test.close());

  const nameOf = async ({ outcome }: { outcome: string }) => outcome;

  it('are refused by who asks: strangers, then who has more under way than others, last who has nothing', async () => {
    const [busy, other, third, fourth] = people as [TestClient, TestClient, TestClient, TestClient];
    for (const client of people) await client.get(PROJECTS);
    allow(4);
    // Sent at once: nothing is answered before the last one is judged.
    const sent = [
      busy.get(PROJECTS),
      busy.get(PROJECTS),
      busy.get(PROJECTS),
      test.anonymous.post(LOGIN, {}),
      test.anonymous.get('/nowhere'),
      test.anonymous.with({ authorization: 'Bearer e30.e30.e30' }).get(PROJECTS),
      other.get(PROJECTS),
      busy.get(PROJECTS),
      third.get(PROJECTS),
      fourth.get(PROJECTS),
      test.anonymous.get('/health/live'),
    ];
    const [first, second, last, ...others] = await Promise.all(sent.map(async (each) => nameOf(await each)));
    expect([first, second, last]).toEqual(['200', '200', '200']);
    expect(others).toEqual([OVERLOADED, OVERLOADED, OVERLOADED, '200', OVERLOADED, '200', OVERLOADED, '200']);
  });

  it('are answered with the envelope and when to try again, and logged and counted together', async () => {
    const [ada] = people as [TestClient];
    allow(0);
    const { outcome, headers, body } = await ada.with({ 'x-request-id': 'mine-1' }).get(ME);
    expect(outcome).toBe(OVERLOADED);
    expect([headers['retry-after'], headers['x-request-id']]).toEqual(['1', 'mine-1']);
    expect(body).toEqual({
      success: false,
      error: 'The server is busy; try again later',
      code: 'OVERLOADED',
      requestId: 'mine-1',
    });
    expect(test.logs.filter(({ requestId }) => requestId === 'mine-1')).toEqual([]);
    const metrics = await test.anonymous.get('/metrics');
    expect(metrics.text).toMatch(/^http_requests_shed_total\{class="verified"\} [1-9]/m);
    expect(metrics.text).toMatch(/^http_requests_limit 0$/m);
  });

  it('do not disturb the probes', async () => {
    allow(0);
    for (const path of ['/health', '/health/live', '/health/ready', '/metrics']) {
      expect((await test.anonymous.get(path)).status).toBe(200);
    }
  });

  it('leave nothing half done: the same key creates the record afterwards', async () => {
    const [ada] = people as [TestClient];
    const key = { 'idempotency-key': 'once-more' };
    allow(0);
    expect((await ada.post(PROJECTS, { name: 'Refused' }, key)).outcome).toBe(OVERLOADED);
    allow(usual);
    expect(await test.connection.collection('projects').countDocuments({ name: 'Refused' })).toBe(0);
    const { status, headers } = await ada.post(PROJECTS, { name: 'Refused' }, key);
    expect([status, headers['idempotency-replayed']]).toEqual([201, undefined]);
  });

  it('are told that the server is busy while the database answers others, and else that it is away', async () => {
    const client = new mongoose.mongo.MongoClient(test.config.of(DatabaseConfig).mongodbUri ?? '', {
      maxPoolSize: 1,
      waitQueueTimeoutMS: 1,
    });
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

    /** Sends a body of so many bytes and tells the status, whether the connection is kept, and which one it was. */
    async function send(
      bytes: number,
    ): Promise<[number | undefined, string | undefined, number | undefined]> {
      const { port } = test.app.getHttpServer().address() as AddressInfo;
      const headers = { 'content-type': 'application/json', 'content-length': bytes };
      const asked = request({ port, path: LOGIN, method: 'POST', headers, agent });
      asked.end(Buffer.alloc(bytes, ' '));
      const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) =>
        asked.once('response', resolve).once('error', reject),
      );
      await text(answer);
      return [answer.statusCode, answer.headers.connection, asked.socket?.localPort];
    }

    it('a refused body leaves it usable, unless much of it is still to come', async () => {
      allow(0);
      const [status, , port] = await send(10_000);
      expect(status).toBe(503);
      allow(usual);
      expect(await send(10_000)).toEqual([400, undefined, port]);
      allow(0);
      expect((await send(500_000)).slice(0, 2)).toEqual([503, 'close']);
    });
  });
});
