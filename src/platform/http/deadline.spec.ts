import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fastify, { type FastifyInstance } from 'fastify';
import { apiError } from '../errors/errors.js';
import { installDeadline } from './deadline.js';
import { fail } from './failure.js';

const POST = 'POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n';

describe('the deadline', () => {
  let server: FastifyInstance;
  let lines: string[];
  let ended: string[];
  let isDatabaseThere = true;
  let wake: (() => void) | undefined;
  /** Told the address of each request that has come. */
  const begun = new EventEmitter();

  beforeAll(async () => {
    const stream = { write: (line: string) => void lines.push(line) };
    server = fastify({ logger: { level: 'warn', stream } });
    server.setErrorHandler(fail);
    const databaseAnswers = () => Promise.resolve(isDatabaseThere);
    const readmit = ({ url }: { readonly url: string }) =>
      url.startsWith('/leave') ? Promise.reject(apiError('UNAUTHENTICATED')) : Promise.resolve();
    installDeadline(server, { databaseAnswers, shutdownGraceMs: 500, readmit });
    server.addHook('onRequest', (request, _reply, done) => {
      begun.emit(request.url);
      done();
    });
    server.addHook('onResponse', (request, reply, done) => {
      ended.push(`${request.url} ${reply.statusCode} ${request.failure?.code}`);
      done();
    });
    server.get('/now', () => 'now');
    server.get('/late', () => new Promise((resolve) => setTimeout(() => resolve('late'), 3_000)));
    server.get('/soon', () => new Promise((resolve) => setTimeout(() => resolve('soon'), 1_000)));
    server.get(
      '/patient',
      { config: { answerMs: 10_000 } },
      () => new Promise((resolve) => (wake = () => resolve('x'))),
    );
    const leave = () => new Promise((resolve) => setTimeout(() => resolve('left'), 2_100));
    server.get('/leave', leave);
    server.get('/leave-later', { config: { answerMs: 10_000 } }, leave);
    server.get('/blocked', () => {
      const until = performance.now() + 3_000;
      while (performance.now() < until);
      return 'real';
    });
    server.post('/body', { config: { bodyMs: 300 } }, () => 'read');
    server.post('/slow-body', () => 'read');
    await server.listen({ port: 0, host: '127.0.0.1' });
  });
  beforeEach(() => {
    lines = [];
    ended = [];
    isDatabaseThere = true;
  });
  afterAll(() => server.close());

  const open = (): Socket => connect((server.server.address() as AddressInfo).port, '127.0.0.1');
  const untilEnded = async (): Promise<void> => {
    while (ended.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it.each([
    [true, 'DEADLINE_EXCEEDED'],
    [false, 'DATABASE_UNAVAILABLE'],
  ])(
    'answers 503 for those that wait too long, and for no others (database there: %s)',
    async (isThere, code) => {
      isDatabaseThere = isThere;
      const urls = ['/late', '/now', '/soon', '/late', '/now', '/soon', '/late', '/now'];
      const answers = await Promise.all(urls.map((url) => server.inject(url)));
      for (const [index, { statusCode, body, headers }] of answers.entries()) {
        const isLate = urls[index] === '/late';
        expect([urls[index], statusCode, headers['retry-after']]).toEqual([
          urls[index],
          isLate ? 503 : 200,
          isLate ? '1' : undefined,
        ]);
        if (isLate) expect(JSON.parse(body)).toMatchObject({ code });
      }
      // The handlers come to their end, too late, and nothing is said about it.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(lines.filter((line) => !line.includes(code))).toEqual([]);
      // After them all, the next one has a time of its own.
      expect((await server.inject('/soon')).statusCode).toBe(200);
    },
  );

  it('answers once after the process was blocked', async () => {
    const [blocked, other] = await Promise.all([server.inject('/blocked'), server.inject('/soon')]);
    for (const { statusCode, body } of [blocked, other]) {
      expect(['200 ', '503 DEADLINE_EXCEEDED']).toContain(
        `${statusCode} ${statusCode === 200 ? '' : (JSON.parse(body) as { code: string }).code}`,
      );
    }
    expect(lines.join('')).not.toContain('already sent');
  });

  it('is another one where the route says so', async () => {
    const answer = server.inject('/patient');
    await server.inject('/late');
    wake?.();
    expect((await answer).statusCode).toBe(200);
  });

  it('judges again who waits for long, and not what may have ended the access itself', async () => {
    const answers = await Promise.all(['/leave', '/leave-later'].map((url) => server.inject(url)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 401]);
  });

  it('calls a client that breaks off its upload by that name, and not an error', async () => {
    const socket = open();
    socket.write(`${POST}{`);
    await once(socket, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.resetAndDestroy();
    await untilEnded();
    expect([ended, lines]).toEqual([['/body 499 CLIENT_ABORTED'], []]);
  });

  it.each(['/late', '/soon', '/patient'])(
    'does so for one that does not wait for its answer: %s',
    async (url) => {
      const socket = open();
      socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      socket.destroy();
      await untilEnded();
      wake?.();
      // Until each handler has come to its end.
      await new Promise((resolve) => setTimeout(resolve, url === '/late' ? 3_000 : 1_000));
      expect([ended, lines]).toEqual([[`${url} 499 CLIENT_ABORTED`], []]);
    },
  );

  it('answers 408 to a body that takes too long', async () => {
    const socket = open();
    socket.write(`${POST}{`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 .*"REQUEST_TIMEOUT"/s);
    socket.destroy();
    expect([ended, lines]).toEqual([['/body 408 REQUEST_TIMEOUT'], []]);
  });

  it('does so before the process has to end', async () => {
    const socket = open();
    const received = once(begun, '/slow-body');
    socket.write(`${POST.replace('/body', '/slow-body')}{`);
    await received;
    const closed = server.close();
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 .*"REQUEST_TIMEOUT"/s);
    socket.destroy();
    await closed;
    expect(await text(socket).catch(() => '')).toBe('');
  });
});
