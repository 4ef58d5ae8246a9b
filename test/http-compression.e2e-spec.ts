import { randomBytes } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodingFor } from '../src/platform/http/compression.js';
import { at, createProject, type ProjectJson, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { registerVerified, SESSIONS } from './support/users.js';

describe('the coding that is asked for', () => {
  it.each([
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['gzip, deflate, br, zstd', 'br'],
    ['GZIP;Q=0.5', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip;q=1, br;q=0.5', 'gzip'],
    ['br;q=0.001', 'br'],
    ['*', 'br'],
    ['*;q=0.1, br;q=0', 'gzip'],
    ['gzip;q=0, *', 'br'],
    ['identity;q=0, gzip', 'gzip'],
    ['identity;q=0, *', 'br'],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity, gzip;q=0.5', undefined],
    ['identity', undefined],
    ['identity;q=0', undefined],
    ['gzip;q=0', undefined],
    ['gzip;q=0.000, br;q=0.0', undefined],
    ['*;q=0', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=', undefined],
    ['gzip;q=-1', undefined],
    ['deflate, zstd', undefined],
    ['brotli', undefined],
    [',,;', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('of %j is %s', (header, encoding) => {
    expect(encodingFor(header)).toBe(encoding);
  });
});

describe('an answer', () => {
  let test: TestApp;
  let ada: TestClient;
  let large: ProjectJson;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
    large = await createProject(ada, { metadata: { text: 'words '.repeat(1_000) } });
  });
  afterAll(() => test.close());

  const read = (url: string, headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') =>
    test.app.inject({ method, url, headers: { ...ada.headers, ...headers } });
  const unpack = { br: brotliDecompressSync, gzip: gunzipSync };

  it.each(['br', 'gzip'] as const)('above 4 KiB is compressed with %s', async (encoding) => {
    const plain = await read(at(large), {});
    const packed = await read(at(large), { 'accept-encoding': encoding });
    expect([plain.headers['content-encoding'], plain.headers.vary]).toEqual([
      undefined,
      'X-Organization-Id, Accept-Encoding',
    ]);
    expect(packed.headers).toMatchObject({
      'content-encoding': encoding,
      vary: 'X-Organization-Id, Accept-Encoding',
      etag: '"1"',
      'content-length': String(packed.rawPayload.length),
    });
    expect(unpack[encoding](packed.rawPayload).equals(plain.rawPayload)).toBe(true);
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 3);
  });

  it('is the same for HEAD, without a body', async () => {
    for (const headers of [{}, { 'accept-encoding': 'gzip' }]) {
      const [got, head] = [await read(at(large), headers), await read(at(large), headers, 'HEAD')];
      const { date: _, ratelimit: __, 'x-request-id': ___, ...expected } = got.headers;
      expect(head.headers).toMatchObject(expected);
      expect(head.payload).toBe('');
    }
  });

  it('that the reader has is not sent again, compressed or not', async () => {
    for (const tag of ['"1"', 'W/"1"']) {
      const { statusCode, headers, payload } = await read(at(large), {
        'accept-encoding': 'br',
        'if-none-match': tag,
      });
      expect([statusCode, payload, headers.vary, headers['content-encoding']]).toEqual([
        304,
        '',
        'X-Organization-Id, Accept-Encoding',
        undefined,
      ]);
    }
  });

  it('that is small is sent as it is', async () => {
    const { headers } = await read(at(await createProject(ada)), { 'accept-encoding': 'gzip' });
    expect([headers['content-encoding'], headers.vary]).toEqual([undefined, 'X-Organization-Id']);
  });

  it('is measured in bytes', async () => {
    const letters = await createProject(ada, { metadata: { text: 'Ж'.repeat(2_100) } });
    const { headers, rawPayload } = await read(at(letters), { 'accept-encoding': 'gzip' });
    expect(headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(rawPayload).toString()).toContain('ЖЖЖ');
  });

  it('of many megabytes is compressed, also when many ask at once', async () => {
    for (let n = 0; n < 20; n++) {
      await createProject(ada, { metadata: { text: randomBytes(6_000).toString('base64') } });
    }
    const url = `${PROJECTS}?limit=100`;
    const plain = await read(url, {});
    expect(plain.rawPayload.length).toBeGreaterThan(100 * 1024);
    const packed = await Promise.all(
      Array.from({ length: 12 }, () => read(url, { 'accept-encoding': 'gzip' })),
    );
    for (const { headers, rawPayload } of packed) {
      expect(headers['content-encoding']).toBe('gzip');
      expect(gunzipSync(rawPayload).equals(plain.rawPayload)).toBe(true);
    }
  });

  it('of a route that may answer secrets is not compressed, however large it is', async () => {
    const credentials = await registerVerified(test);
    const grace = await test.anonymous.signInAs(credentials);
    for (let count = 0; count < 24; count++) await grace.signInAs(credentials);
    const { headers, rawPayload } = await test.app.inject({
      url: SESSIONS,
      headers: { ...grace.headers, 'accept-encoding': 'br' },
    });
    expect(rawPayload.length).toBeGreaterThan(4 * 1024);
    expect([headers['cache-control'], headers['content-encoding'], headers.vary]).toEqual([
      'no-store',
      undefined,
      undefined,
    ]);
  });

  it('in another origin depends on both', async () => {
    const other = await createTestApp({ CORS_ORIGINS: 'https://app.example.com' });
    const bob = await other.anonymous.signIn();
    const project = await createProject(bob, { metadata: { text: 'words '.repeat(1_000) } });
    const { headers } = await bob.get(at(project), { origin: 'https://app.example.com' });
    expect(headers['vary']).toBe('Origin, X-Organization-Id, Accept-Encoding');
    await other.close();
  });
});
