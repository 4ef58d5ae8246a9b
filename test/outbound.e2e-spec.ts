import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Names } from '../src/platform/outbound/names.js';
import { CERTIFICATE } from './support/certificate.js';
import { NO_NETWORKS, PRIVATE, PUBLIC, SPELLINGS } from './support/hostile-addresses.js';
import { networksOf, outbound, reasonOf } from './support/outbound.js';

describe('requests to addresses that users choose', () => {
  let server: Server;
  let origin: string;
  let port: number;
  let respond: RequestListener;
  let connections = 0;
  const requests: string[] = [];
  const headersOf: IncomingMessage['headers'][] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      headersOf.push(request.headers);
      respond(request, response);
    });
    server.on('connection', () => connections++);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
    origin = `http://127.0.0.1:${port}`;
  });
  beforeEach(() => {
    respond = (_, response) => response.end('hello');
    connections = 0;
    requests.length = 0;
    headersOf.length = 0;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each(SPELLINGS)('refuses %j', async (address) => {
    // Also where an operator allows networks: these are not among them.
    for (const allow of [undefined, '10.99.0.0/16, [fd99::1]:8443']) {
      const client = outbound(allow, { 'example.com': [['93.184.215.14']], localhost: [['127.0.0.1']] });
      expect([await reasonOf(client.check(address)), await reasonOf(client.send(address))]).toEqual([
        'refused',
        'refused',
      ]);
    }
  });

  it.each(PRIVATE)('refuses %s, as it stands and by a name that leads there', async (address) => {
    const host = isIPv6(address) ? `[${address}]` : address;
    const answers = { 'trap.example.com': [[address]], 'mixed.example.com': [['93.184.215.14', address]] };
    for (const url of [`https://${host}/`, 'https://trap.example.com/', 'https://mixed.example.com/']) {
      const client = outbound(undefined, answers);
      expect([url, await reasonOf(client.check(url)), await reasonOf(client.send(url))]).toEqual([
        url,
        'refused',
        'refused',
      ]);
    }
  });

  it.each(PUBLIC)('takes %s, as it stands and by a name', async (address) => {
    const host = isIPv6(address) ? `[${address}]` : address;
    const client = outbound(undefined, { 'hook.example.com': [[address]] });
    for (const url of [
      `https://${host}/`,
      'https://hook.example.com/hook?a=1',
      'https://hook.example.com:443/',
    ])
      expect((await client.check(url)).protocol).toBe('https:');
  });

  it('connects to nothing that it refuses, on the very port that listens', async () => {
    const answers = { 'trap.example.com': [['127.0.0.1']], 'mapped.example.com': [['::ffff:127.0.0.1']] };
    const hosts = [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '[::ffff:127.0.0.1]',
      'trap.example.com',
      'mapped.example.com',
    ];
    for (const host of hosts) {
      for (const allow of [
        undefined,
        '10.0.0.0/8',
        `127.0.0.1:${port + 1}`,
        '127.0.0.2/31',
        `[::1]:${port}`,
      ]) {
        expect([host, await reasonOf(outbound(allow, answers).send(`http://${host}:${port}/`))]).toEqual([
          host,
          'refused',
        ]);
      }
    }
    expect(connections).toBe(0);
  });

  it('judges the address that it connects to, not the one that the name had before', async () => {
    const allow = `10.0.0.0/8:${port}`;
    const client = outbound(allow, { 'rebound.example.com': [['10.0.0.1'], ['127.0.0.1']] });
    const address = `http://rebound.example.com:${port}/`;
    await client.check(address);
    expect([await reasonOf(client.send(address)), connections]).toEqual(['refused', 0]);
  });

  it('knows no name that DNS does not know', async () => {
    const client = outbound();
    await client.check('https://nowhere.example.com/');
    expect(await reasonOf(client.send('https://nowhere.example.com/'))).toBe('unresolved');
    // Of the machine's own list of names, which c-ares would not ask.
    expect(await new Names().addressesOf('127.0.0.1')).toEqual([]);
  });

  it('sends to what an operator allows, there also by http, as it stands and by a name', async () => {
    respond = (request, response) => void text(request).then((body) => response.end(`got ${body}`));
    const answers = { 'receiver.internal': [['127.0.0.1']] };
    for (const allow of [
      `127.0.0.1:${port}`,
      '127.0.0.0/8',
      `10.0.0.0/8, 127.0.0.1`,
      `127.0.0.0/30:${port}`,
    ]) {
      for (const host of ['127.0.0.1', 'receiver.internal']) {
        const answer = await outbound(allow, answers).send(`http://${host}:${port}/hook?a=1`, {
          body: '{}',
          headers: { 'content-type': 'application/json' },
        });
        expect([answer.status, answer.body.toString(), answer.isCut]).toEqual([200, 'got {}', false]);
      }
    }
    expect(new Set(requests)).toEqual(new Set(['POST /hook?a=1']));
    expect(headersOf[0]).toEqual({
      'accept-encoding': 'identity',
      'content-type': 'application/json',
      'content-length': '2',
      host: `127.0.0.1:${port}`,
      connection: 'close',
    });
    expect(headersOf[1]?.host).toBe(`receiver.internal:${port}`);
  });

  it('refuses headers that hold credentials of the product or belong to the connection', async () => {
    const client = outbound(`127.0.0.1:${port}`);
    for (const name of [
      'Authorization',
      'cookie',
      'HOST',
      'Proxy-Authorization',
      'transfer-encoding',
      'Upgrade',
    ])
      expect(await reasonOf(client.send(origin, { headers: { [name]: 'x' } }))).toContain(name);
    expect(connections).toBe(0);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect (%d)', async (status) => {
    respond = (_, response) => response.writeHead(status, { location: `${origin}/secret` }).end();
    const answer = await outbound(`127.0.0.1:${port}`).send(origin);
    expect([answer.status, answer.headers.location, requests]).toEqual([
      status,
      `${origin}/secret`,
      ['POST /'],
    ]);
  });

  it('reads so much of an endless answer and no more', async () => {
    const ended = Promise.withResolvers<void>();
    respond = (_, response) => {
      response.on('close', ended.resolve);
      const write = () => {
        while (!response.destroyed && response.write('x'.repeat(4096)));
      };
      response.on('drain', write);
      write();
    };
    const answer = await outbound(`127.0.0.1:${port}`).send(origin, { maxBytes: 10_000 });
    expect([answer.body.length, answer.isCut]).toEqual([10_000, true]);
    await ended.promise;
  });

  it('does not unpack an answer', async () => {
    const packed = gzipSync('x'.repeat(1_000_000));
    respond = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
    const { body } = await outbound(`127.0.0.1:${port}`).send(origin);
    expect(body.equals(packed)).toBe(true);
  });

  it.each<[string, RequestListener]>([
    ['says nothing', () => undefined],
    ['never ends its body', (_, response) => response.write('a')],
    ['never ends its head', ({ socket }) => socket.write('HTTP/1.1 200 OK\r\nx: y')],
    ['only says that it goes on', ({ socket }) => socket.write('HTTP/1.1 102 Processing\r\n\r\n')],
  ])('gives a server up that %s', async (_, silent) => {
    respond = silent;
    const client = outbound(`127.0.0.1:${port}`);
    expect(await reasonOf(client.send(origin, { timeoutMs: 150 }))).toBe('timeout');
    const controller = new AbortController();
    respond = (...parts) => {
      silent(...parts);
      controller.abort();
    };
    expect(await reasonOf(client.send(origin, { signal: controller.signal }))).toBe('cancelled');
  });

  it.each<[string, RequestListener]>([
    ['hangs up', ({ socket }) => socket.destroy()],
    [
      'hangs up within its body',
      ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab'),
    ],
    ['speaks no HTTP', ({ socket }) => socket.end('220 mail.example.com ESMTP\r\n')],
    [
      'changes the protocol',
      ({ socket }) =>
        socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
    ],
    ['has a head of 20 KiB', (_, response) => response.writeHead(200, { x: 'y'.repeat(20_480) }).end()],
  ])('tells that a server %s', async (_, broken) => {
    respond = broken;
    expect(await reasonOf(outbound(`127.0.0.1:${port}`).send(origin))).toBe('unreachable');
  });

  it('tells that nobody listens, and says nothing about where', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port: free } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const sent = outbound('127.0.0.0/8').send(`http://127.0.0.1:${free}/`);
    await expect(sent).rejects.toMatchObject({
      reason: 'unreachable',
      message: 'could not be reached safely',
    });
  });

  it('wants the certificate of the name that was given, from an authority that is trusted', async () => {
    const secure = createSecureServer(CERTIFICATE, (_, response) => response.end('safe'));
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    const { port: at } = secure.address() as AddressInfo;
    const answers = { 'hooks.example.com': [['127.0.0.1']], 'other.example.com': [['127.0.0.1']] };
    const client = outbound(`127.0.0.1:${at}`, answers);
    const trusted = getCACertificates('default');
    try {
      expect(await reasonOf(client.send(`https://hooks.example.com:${at}/`))).toBe('unreachable');
      setDefaultCACertificates([...trusted, CERTIFICATE.cert]);
      const { body } = await client.send(`https://hooks.example.com:${at}/`);
      expect(body.toString()).toBe('safe');
      expect(await reasonOf(client.send(`https://other.example.com:${at}/`))).toBe('unreachable');
      expect(await reasonOf(client.send(`https://127.0.0.1:${at}/`))).toBe('unreachable');
    } finally {
      setDefaultCACertificates(trusted);
      secure.close();
    }
  });
});

describe('OUTBOUND_ALLOW', () => {
  it.each(NO_NETWORKS)('is refused as %j, with what to write', (value) => {
    expect(() => networksOf(value)).toThrow(
      /^must be networks or addresses, .*: 10\.0\.0\.0\/8, 127\.0\.0\.1:8443, \[fd00::1\]:8443$/,
    );
  });

  it('allows an IPv6 network at every port or at one', async () => {
    const client = outbound('fd00::/8, [fe80::/10]:8443,10.0.0.1');
    for (const taken of [
      'http://[fd12::1]:81',
      'https://[fe80::1]:8443',
      'http://[fe80::1]:8443',
      'http://10.0.0.1',
    ])
      expect((await client.check(taken)).pathname).toBe('/');
    for (const not of [
      'http://[fc12::1]:81',
      'https://[fe80::1]',
      'http://10.0.0.2',
      'http://[::ffff:10.0.0.2]',
    ])
      expect(await reasonOf(client.check(not))).toBe('refused');
  });
});
