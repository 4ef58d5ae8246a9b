import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { listen } from '../src/platform/http/listen.js';
import { PROJECTS } from './support/projects.js';
import { soaked } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN, ME, USERS } from './support/users.js';

const MB = 1024 * 1024;
const JSON_TYPE = { 'content-type': 'application/json' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Every refusal that comes before the body is read. */
const REFUSALS = [
  ['401 UNAUTHENTICATED', 'POST', PROJECTS, JSON_TYPE, false],
  ['403 FORBIDDEN', 'POST', USERS, JSON_TYPE, true],
  ['404 ROUTE_NOT_FOUND', 'POST', '/api/v1/nothing', JSON_TYPE, false],
  ['405 METHOD_NOT_ALLOWED', 'DELETE', LOGIN, JSON_TYPE, false],
  ['413 PAYLOAD_TOO_LARGE', 'POST', PROJECTS, JSON_TYPE, true],
  ['415 UNSUPPORTED_MEDIA_TYPE', 'POST', PROJECTS, FORM, true],
  ['415 UNSUPPORTED_MEDIA_TYPE', 'POST', PROJECTS, { ...JSON_TYPE, 'content-encoding': 'gzip' }, true],
  ['429 RATE_LIMITED', 'POST', LOGIN, { ...JSON_TYPE, 'x-forwarded-for': '192.0.2.1' }, false],
] as const;

describe('a body that is refused', () => {
  let test: TestApp;
  let ada: TestClient;
  let url: string;

  beforeAll(async () => {
    test = await createTestApp({ RATE_LIMIT_MAX: '400', TRUST_PROXY: '1' });
    ada = await test.anonymous.signIn();
    url = await listen(test.app, { port: 0, host: '127.0.0.1' });
  });
  afterAll(() => test.close());

  /** Uses up what the address of the last refusal may ask in a minute. */
  async function spend(outcome: string): Promise<void> {
    if (!outcome.startsWith('429')) return;
    const client = test.anonymous.from('192.0.2.1');
    while ((await client.get(ME)).status !== 429);
  }

  /** A stream, so that the length is not told. */
  const chunked = (bytes: Buffer): ReadableStream<Uint8Array> => new Blob([bytes]).stream();

  const outcomeOf = async (answer: Response): Promise<string> =>
    `${answer.status} ${((await answer.json()) as { code: string }).code}`;

  it.each(REFUSALS)('has its answer heard, whatever its size: %s %s %s %j', async (...refusal) => {
    const [outcome, method, path, headers, isSignedIn] = refusal;
    const all = { ...headers, ...(isSignedIn && ada.headers) };
    await spend(outcome);
    for (const bytes of [2 * MB, 5 * MB, 20 * MB].map((size) => Buffer.alloc(size, ' '))) {
      // Of the largest one each way: what they add is their size.
      const times = bytes.length < 20 * MB ? soaked(3) : 1;
      const bodies = Array.from({ length: times }, () => [bytes, chunked(bytes)]).flat();
      const answers = bodies.map(async (body) => {
        const options = { method, headers: all, body, duplex: 'half' as const };
        return outcomeOf(await fetch(`${url}${path}`, options));
      });
      expect(await Promise.all(answers)).toEqual(answers.map(() => outcome));
    }
  });

  it.each(REFUSALS)(
    'has its answer heard by who reads only after it has sent: %s %s %s %j',
    async (...all) => {
      const [outcome, method, path, headers, isSignedIn] = all;
      await spend(outcome);
      const body = Buffer.alloc(20 * MB, ' ');
      const lines = Object.entries({ ...headers, ...(isSignedIn && ada.headers) });
      const socket = connect(Number(new URL(url).port), '127.0.0.1').pause();
      socket.write(head(method, path, [...lines, ['content-length', String(body.length)]]));
      const fault = await new Promise((sent) => socket.write(body, sent));
      // All of it was taken: nobody has closed the connection meanwhile.
      expect(fault ?? undefined).toBeUndefined();
      const answer = await text(socket);
      expect(answer).toMatch(
        new RegExp(`^HTTP/1.1 ${outcome.split(' ')[0]} .*"${outcome.split(' ')[1]}"`, 's'),
      );
      expect(answer).toMatch(/^connection: close$/im);
    },
  );

  const head = (method: string, path: string, headers: readonly (readonly [string, string])[] = []) =>
    `${[`${method} ${path} HTTP/1.1`, 'Host: localhost', ...headers.map((line) => line.join(': '))].join('\r\n')}\r\n\r\n`;

  /** Everything that is answered to these bytes, until the connection ends. */
  async function say(bytes: string): Promise<string[]> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(bytes);
    return (await text(socket)).match(/HTTP\/1\.1 \d{3}(?= )/g) ?? [];
  }
  const INNER = head('GET', '/health/live');
  const LAST = head('GET', '/health/ready?x', [['connection', 'close']]);

  it.each([
    ['401', 'POST', PROJECTS, 'content-length'],
    ['404', 'POST', '/nothing', 'content-length'],
    ['405', 'DELETE', LOGIN, 'content-length'],
    ['415', 'POST', LOGIN, 'content-length'],
  ])('keeps the connection when it is small, and is no request: %s', async (status, method, path, length) => {
    const request = head(method, path, [
      ['content-type', 'text/plain'],
      [length, String(INNER.length)],
    ]);
    expect(await say(request + INNER + request + INNER + LAST)).toEqual([
      `HTTP/1.1 ${status}`,
      `HTTP/1.1 ${status}`,
      'HTTP/1.1 200',
    ]);
  });

  it.each([
    ['is long', [['content-length', String(INNER.length * 5_000)]]],
    ['has no length', [['transfer-encoding', 'chunked']]],
  ] as const)('ends the connection when it %s, and nothing behind it is a request', async (_, headers) => {
    const chunk = `${INNER.length.toString(16)}\r\n${INNER}\r\n`;
    const isChunked = headers[0][0] === 'transfer-encoding';
    const body = isChunked ? `${chunk.repeat(5_000)}0\r\n\r\n` : INNER.repeat(5_000);
    expect(await say(head('POST', '/nothing', headers) + body + INNER + INNER)).toEqual(['HTTP/1.1 404']);
  });

  it('keeps the connection when it was read and is no JSON', async () => {
    const request = head('POST', LOGIN, [
      ['content-type', 'application/json'],
      ['content-length', '1'],
    ]);
    expect(await say(`${request}{${request}{${LAST}`)).toEqual([
      'HTTP/1.1 400',
      'HTTP/1.1 400',
      'HTTP/1.1 200',
    ]);
  });

  it('does not keep a connection that its client wants closed', async () => {
    const close = [
      ['connection', 'close'],
      ['content-length', '5000000'],
    ] as const;
    expect(await say(head('POST', PROJECTS, close) + ' '.repeat(5_000_000))).toEqual(['HTTP/1.1 401']);
  });

  /** A connection on which one goes on sending after the server has ended its side. */
  const halfOpen = () =>
    connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true }).on(
      'error',
      () => undefined,
    );

  const ended = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

  it('keeps nobody busy whose client sends it slowly, or for ever', async () => {
    const socket = halfOpen();
    socket.write(head('POST', '/nothing', [['content-length', '99999999999']]));
    const drip = setInterval(() => socket.write(' '), 100);
    socket.resume();
    await ended(socket);
    clearInterval(drip);

    const flood = halfOpen();
    flood.write(head('POST', '/nothing', [['content-length', '99999999999']]));
    const block = Buffer.alloc(MB);
    const pour = (error?: Error | null): void => {
      if (!error) flood.write(block, pour);
    };
    pour();
    flood.resume();
    await ended(flood);
    expect(flood.bytesWritten).toBeLessThan(64 * MB);
  });
});
