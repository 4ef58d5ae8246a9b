import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { CryptoConfig } from '../src/platform/crypto/crypto.config.js';
import { deriveKey } from '../src/platform/crypto/derived-key.js';
import { IdempotencyKeys, type KeyedRequest } from '../src/platform/idempotency/idempotency-keys.js';
import type { UserId } from '../src/platform/access/caller.js';
import { PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

const REUSED = '422 IDEMPOTENCY_KEY_REUSED';

describe('the same request with an Idempotency-Key', () => {
  let test: TestApp;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  const kept = () => test.connection.collection<{ _id: string; digest: string }>('idempotency_keys');

  async function post(key: string, body: string): Promise<string> {
    const { outcome, headers } = await ada.post(PROJECTS, body, { 'idempotency-key': key });
    return headers['idempotency-replayed'] === 'true' ? `${outcome} replayed` : outcome;
  }

  const first = (name: string) =>
    `{"name":"${name}","description":"a b","metadata":{"n":100,"é":[0.5,{"x":1,"y":0}],"t":"1.0"}}`;

  const SAME: [string, (name: string) => string][] = [
    ['as it was', first],
    ['with white space', (name) => `\r\n ${first(name).replaceAll(/([:,[{])/g, '$1 \t')} `],
    [
      'in another order, also deep down',
      (name) =>
        `{"metadata":{"t":"1.0","é":[0.5,{"y":0,"x":1}],"n":100},"description":"a b","name":"${name}"}`,
    ],
    [
      'with other forms of its numbers',
      (name) =>
        `{"name":"${name}","description":"a b","metadata":{"n":1.0e2,"é":[5E-1,{"x":1.000,"y":-0.0}],"t":"1.0"}}`,
    ],
    ['with escapes', (name) => first(name).replaceAll('é', '\\u00e9').replace('a b', 'a\\u0020b')],
    ['with a byte order mark', (name) => `\ufeff${first(name)}`],
    ['with a field twice', (name) => first(name).replace('{"name"', '{"name":"other","name"')],
  ];

  it.each(SAME)('is answered again: %s', async (_, again) => {
    const [key, name] = [randomUUID(), randomUUID()];
    expect(await post(key, first(name))).toBe('201');
    expect(await post(key, again(name))).toBe('201 replayed');
    expect((await ada.get(`${PROJECTS}?name=${name}&total=true`)).body.pagination.total).toBe(1);
  });

  it.each<[string, (body: string) => string]>([
    ['another value', (body) => body.replace('a b', 'a c')],
    ['another value deep down', (body) => body.replace('"x":1', '"x":2')],
    ['a number for a text', (body) => body.replace('"1.0"', '1.0')],
    ['another order of a list', (body) => body.replace('[0.5,{"x":1,"y":0}]', '[{"x":1,"y":0},0.5]')],
    ['null for nothing', (body) => body.replace('"n":100', '"n":100,"m":null')],
    ['a field less', (body) => body.replace('"description":"a b",', '')],
    ['a field at another depth', (body) => body.replace('"x":1,"y":0}]', '"x":1}],"y":0')],
    ['white space within a text', (body) => body.replace('a b', 'a  b')],
  ])('is another one with %s', async (_, change) => {
    const [key, name] = [randomUUID(), randomUUID()];
    const other = change(first(name));
    expect(other).not.toBe(first(name));
    expect(await post(key, first(name))).toBe('201');
    expect(await post(key, other)).toBe(REUSED);
  });

  it('is known by a key that a release before kept with a digest of its bytes', async () => {
    const [key, name] = [randomUUID(), randomUUID()];
    expect(await post(key, first(name))).toBe('201');
    const stored = await kept().findOne({}, { sort: { expiresAt: -1 } });
    expect(stored?.digest).toMatch(/^2\./);
    const digest = createHmac('sha256', deriveKey(test.config.of(CryptoConfig), 'idempotency key'))
      .update(`${JSON.stringify(['POST', PROJECTS])}\n`)
      .update(first(name))
      .digest('base64url');
    await kept().updateOne({ _id: stored?._id ?? '' }, { $set: { digest } });
    expect(await post(key, first(name))).toBe('201 replayed');
    // What it kept tells nothing but the bytes.
    expect(await post(key, ` ${first(name)}`)).toBe(REUSED);
    expect(await post(key, first(randomUUID()))).toBe(REUSED);
    expect(await kept().countDocuments({ digest })).toBe(1);
  });

  it('is another one at another record, or with another query', async () => {
    const keys = test.app.get(IdempotencyKeys, { strict: false });
    const request: KeyedRequest = {
      key: randomUUID(),
      caller: ada.userId as UserId,
      organization: undefined,
      method: 'POST',
      route: '/api/v1/projects/:id/copies',
      params: { id: '1' },
      query: {},
      body: undefined,
      bytes: Buffer.alloc(0),
    };
    const once = (changes: Partial<KeyedRequest> = {}) =>
      keys.once({ ...request, ...changes }, () => Promise.resolve({ _id: new Types.ObjectId() }));
    expect(await once()).toHaveProperty('created');
    expect(await once()).toHaveProperty('replayed');
    for (const other of [
      { params: { id: '2' } },
      { query: { deep: true } },
      { body: {} },
      { method: 'PUT' },
    ]) {
      await expect(once(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    }
  });
});
