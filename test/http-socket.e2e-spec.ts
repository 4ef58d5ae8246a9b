import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SECURITY_HEADERS } from '../src/platform/http/headers.js';
import { createTestApp, type TestApp } from './support/test-app.js';

const HEAD = 'Host: localhost\r\nConnection: close\r\n';
const LOGIN = `POST /api/v1/auth/login HTTP/1.1\r\n${HEAD}Content-Type: application/json\r\n`;
const INVALID = [400, 'VALIDATION_ERROR', null];
const TOO_LARGE = [431, 'HEADERS_TOO_LARGE', null];
const WITH_ID = expect.stringMatching(/^[0-9a-f-]{36}$/);

describe('bytes on a socket', () => {
  let test: TestApp;
  let port: number;

  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    ({ port } = test.app.getHttpServer().address() as AddressInfo);
  });
  afterAll(() => test.close());

  /** Everything that the server answers until it closes the connection. */
  function say(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answered = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(bytes, 'latin1')));
      socket.setTimeout(2_000, () => socket.destroy(new Error('The connection stays open')));
      socket.on('data', (chunk) => (answered += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(answered));
    });
  }

  it.each([
    ['that are no HTTP', 'garbage\r\n\r\n', INVALID],
    ['an unknown version', `GET /health HTTP/9.9\r\n${HEAD}\r\n`, INVALID],
    ['an unknown method', `FETCH /health HTTP/1.1\r\n${HEAD}\r\n`, INVALID],
    ['a control character in the address', `GET /health?\x01 HTTP/1.1\r\n${HEAD}\r\n`, INVALID],
    ['an address that is no ASCII', `GET /\xe9 HTTP/1.1\r\n${HEAD}\r\n`, INVALID],
    ['a header without a name', `GET /health HTTP/1.1\r\n${HEAD}: x\r\n\r\n`, INVALID],
    [
      'two lengths of one body',
      `${LOGIN}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      INVALID,
    ],
    ['two different lengths', `${LOGIN}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`, INVALID],
    ['a negative length', `${LOGIN}Content-Length: -1\r\n\r\n`, INVALID],
    ['a chunk without a length', `${LOGIN}Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n`, INVALID],
    ['an address of 20 KB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${HEAD}\r\n`, TOO_LARGE],
    ['a header of 20 KB', `GET /health HTTP/1.1\r\n${HEAD}X: ${'a'.repeat(20_000)}\r\n\r\n`, TOO_LARGE],
    [
      'a body that will be too large',
      `${LOGIN}Content-Length: 99999999\r\n\r\n`,
      [413, 'PAYLOAD_TOO_LARGE', WITH_ID],
    ],
    [
      'an address of the whole server',
      `OPTIONS * HTTP/1.1\r\n${HEAD}\r\n`,
      [404, 'ROUTE_NOT_FOUND', WITH_ID],
    ],
    [
      'an address with a host',
      `PUT http://x/health HTTP/1.1\r\n${HEAD}\r\n`,
      [405, 'METHOD_NOT_ALLOWED', WITH_ID],
    ],
  ])('(%s) are answered in the envelope, and the connection ends', async (_, bytes, expected) => {
    const [head = '', body = ''] = (await say(bytes)).split('\r\n\r\n');
    const failure = JSON.parse(body) as Record<string, unknown>;
    const status = Number(/^HTTP\/1\.1 (\d{3}) [A-Z]/.exec(head)?.[1]);
    expect([status, failure['code'], failure['requestId']]).toEqual(expected);
    expect(Object.keys(failure)).toEqual(['success', 'error', 'code', 'requestId']);
    expect(head).toMatch(/^content-type: application\/json; charset=utf-8$/im);
    for (const [name, value] of Object.entries(SECURITY_HEADERS))
      expect(head.toLowerCase()).toContain(`\r\n${name}: ${value.toLowerCase()}`);
  });

  it('that drip, or never come, end the connection', async () => {
    const request = `GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(10_000)}`;
    const drip = async (first: string, rest: string): Promise<string> => {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      let answered = '';
      let sent = 0;
      socket.on('data', (chunk) => (answered += chunk.toString()));
      socket.write(first);
      const timer = setInterval(() => socket.write(rest.slice(sent, ++sent)), 200);
      await new Promise((resolve) => socket.once('close', resolve));
      clearInterval(timer);
      return [...answered.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status).join();
    };
    const whole = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n';
    const ended = Promise.all([drip('', ''), drip('', request), drip('GET', ''), drip(whole, request)]);
    expect(await ended).toEqual(['', '408', '408', '200,408']);
  }, 20_000);

  it('leave the server in working order', async () => {
    expect(await say(`GET /health/live HTTP/1.1\r\n${HEAD}\r\n`)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});
