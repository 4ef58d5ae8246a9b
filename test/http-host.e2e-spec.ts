import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestApp, type TestApp } from './support/test-app.js';

const MISDIRECTED = '421 MISDIRECTED_REQUEST';

describe('the Host of a request', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const outcomeFor = async (host: string) => (await test.anonymous.get('/health/live', { host })).outcome;

  it.each([
    'localhost',
    'LOCALHOST:3002',
    'localhost.',
    'app.localhost:3002',
    '127.0.0.1',
    '127.0.0.1:3002',
    '127.1.2.3',
    '[::1]',
    '[::1]:3002',
    '192.168.1.20:3002',
    '[fe80::1]:3002',
    '0.0.0.0:3002',
  ])('%s is answered', async (host) => {
    expect(await outcomeFor(host)).toBe('200');
  });

  it.each([
    'evil.example',
    'evil.example:3002',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil-localhost',
    'dev.local:3002',
    '[::1].evil.example',
    'a b',
    '[',
    '@',
  ])('%j is not: its name could lead anywhere', async (host) => {
    const { outcome, body } = await test.anonymous.get('/health/live', { host });
    expect([outcome, body.error]).toEqual([MISDIRECTED, expect.stringContaining('PUBLIC_URL')]);
  });

  it.each([
    ['with PUBLIC_URL', { PUBLIC_URL: 'https://flow.example.com' }],
    ['in production', { NODE_ENV: 'production', BCRYPT_ROUNDS: '10' }],
  ])('may be any %s, where proxies and probes have names of their own', async (_, env) => {
    const other = await createTestApp(env);
    for (const host of ['flow.example.com', 'backend.default.svc', '10.0.0.7:3002']) {
      expect((await other.anonymous.get('/health/live', { host })).outcome).toBe('200');
    }
    await other.close();
  });

  it('may be the name that the server listens on', async () => {
    const other = await createTestApp({ HOST: 'Backend' });
    expect((await other.anonymous.get('/health/live', { host: 'backend:3002' })).outcome).toBe('200');
    await other.close();
  });
});

describe('a request that Node would answer itself', () => {
  const ORIGIN = 'https://app.example.com';
  let test: TestApp;
  let port: number;

  beforeAll(async () => {
    test = await createTestApp({ CORS_ORIGINS: ORIGIN });
    await test.app.listen(0, '127.0.0.1');
    ({ port } = test.app.getHttpServer().address() as AddressInfo);
  });
  afterAll(() => test.close());

  function say(bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answered = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      socket.setTimeout(2_000, () => socket.destroy(new Error('The connection stays open')));
      socket.on('data', (chunk) => (answered += chunk.toString()));
      socket.on('error', reject);
      socket.on('close', () => resolve(answered));
    });
  }

  const REST = `Origin: ${ORIGIN}\r\nConnection: close\r\n\r\n`;

  it.each([
    ['without a Host', `GET /health HTTP/1.1\r\n${REST}`, 400, 'VALIDATION_ERROR'],
    [
      'with a foreign one',
      `GET /health HTTP/1.1\r\nHost: evil.example\r\n${REST}`,
      421,
      'MISDIRECTED_REQUEST',
    ],
    [
      'with an expectation',
      `GET /health HTTP/1.1\r\nHost: localhost\r\nExpect: a miracle\r\n${REST}`,
      417,
      'EXPECTATION_FAILED',
    ],
    [
      'with an unreadable address',
      `GET /api/v1/% HTTP/1.1\r\nHost: localhost\r\n${REST}`,
      400,
      'VALIDATION_ERROR',
    ],
    [
      'with large headers',
      `GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: ${ORIGIN}\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'with a malformed header',
      `GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: ${ORIGIN}\r\n: x\r\n\r\n`,
      400,
      'VALIDATION_ERROR',
    ],
  ])(
    '%s is refused in the envelope, which a page of another origin may read',
    async (_, bytes, status, code) => {
      const [head = '', body = ''] = (await say(bytes)).split('\r\n\r\n');
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(head.toLowerCase()).toContain(`access-control-allow-origin: ${ORIGIN}`);
      expect(JSON.parse(body)).toMatchObject({ success: false, code });
    },
  );

  it('by HTTP/1.0 needs neither', async () => {
    expect(await say('GET /health/live HTTP/1.0\r\nExpect: a miracle\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('that announces its body is told to go on', async () => {
    const body = '{}';
    const head = `POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: application/json\r\n`;
    const answer = await say(`${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /);
  });
});
