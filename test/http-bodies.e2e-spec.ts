import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { at, createProject, type ProjectJson, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { faultyPaths, LOGIN, ME, newCredentials, REGISTER } from './support/users.js';
import { atMost } from './support/soak.js';

const MISSING = `${PROJECTS}/${'f'.repeat(24)}`;
const TOO_LARGE = Buffer.alloc(2 * 1024 * 1024, ' ');
const named = (name: string) => JSON.stringify({ name });

/** A JSON object of so many keys. */
function object(count: number, key: (index: number) => string): string {
  return `{${Array.from({ length: count }, (_, index) => `"${key(index)}":1`).join()}}`;
}

describe('bodies', () => {
  let test: TestApp;
  let anonymous: TestClient;
  let ada: TestClient;
  let project: ProjectJson;

  beforeAll(async () => {
    test = await createTestApp();
    anonymous = test.anonymous;
    ada = await anonymous.signIn();
    project = await createProject(ada);
  });
  afterAll(() => test.close());

  describe('of another type', () => {
    it.each([
      'application/x-www-form-urlencoded',
      'text/plain',
      'text/plain;charset=UTF-8',
      'text/json',
      'multipart/form-data; boundary=x',
      'application/octet-stream',
      'application/xml',
      'application/jsonp',
      'application/json-patch+json',
      'application/vnd.api+json',
      'json',
      '*/*',
    ])('%s are refused', async (type) => {
      for (const [method, url] of [
        ['POST', PROJECTS],
        ['PUT', at(project)],
        ['POST', LOGIN],
      ] as const) {
        const answer = await ada.send(method, url, named('x'), { 'content-type': type });
        expect(answer.outcome).toBe('415 UNSUPPORTED_MEDIA_TYPE');
      }
    });

    it('are refused where they do not say what they are', async () => {
      const answer = await ada.send('POST', PROJECTS, named('x'), { 'content-type': '' });
      expect(answer.outcome).toBe('415 UNSUPPORTED_MEDIA_TYPE');
      for (const payload of [named('x'), Readable.from([named('x')])]) {
        const untyped = await test.app.inject({
          method: 'POST',
          url: PROJECTS,
          headers: { ...ada.headers, ...(typeof payload !== 'string' && { 'transfer-encoding': 'chunked' }) },
          payload,
        });
        expect(untyped.statusCode).toBe(415);
      }
    });

    it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8'])(
      'but not %s',
      async (type) => {
        const answer = await ada.put(at(project), named('Typed'), { 'content-type': type });
        expect(answer.status).toBe(200);
      },
    );
  });

  describe('that are no JSON', () => {
    it.each([
      ['cut short', '{"name":"x"'],
      ['an apostrophe', "{'name':'x'}"],
      ['a trailing comma', '{"name":"x",}'],
      ['two values', '{}{}'],
      ['a form', 'name=x'],
      ['white space', ' '],
      ['NaN', '{"name":NaN}'],
      ['a control character', '{"name":"a\nb"}'],
      ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0x6e, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
      ['UTF-8 cut in a character', Buffer.from(named('é')).subarray(0, -3)],
      ['a surrogate as UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
      ['UTF-16', Buffer.from(named('x'), 'utf16le')],
      ['1,000 opening brackets', '['.repeat(1_000)],
    ])('%s are refused', async (_, body) => {
      for (const [method, url] of [
        ['POST', PROJECTS],
        ['PUT', at(project)],
        ['POST', REGISTER],
      ] as const) {
        expect((await ada.send(method, url, body)).outcome).toBe('400 MALFORMED_JSON');
      }
    });
  });

  describe('that are empty', () => {
    it.each([
      ['POST', PROJECTS],
      ['PUT', MISSING],
      ['PATCH', MISSING],
      ['POST', LOGIN],
      ['POST', REGISTER],
    ])('are refused where one is needed: %s %s', async (method, url) => {
      for (const body of ['', undefined]) {
        expect((await ada.send(method, url, body)).outcome).toBe('400 VALIDATION_ERROR');
      }
    });

    it('are fine where none is needed', async () => {
      const { id } = await createProject(ada);
      expect((await ada.send('DELETE', at({ id }), '')).status).toBe(200);
      expect(
        (await ada.send('GET', PROJECTS, undefined, { 'content-type': 'application/json' })).status,
      ).toBe(200);
    });
  });

  describe('that are large', () => {
    it.each([
      ['POST', PROJECTS],
      ['PUT', MISSING],
      ['PATCH', MISSING],
      ['POST', LOGIN],
      ['POST', REGISTER],
    ])('over 1 MiB are refused: %s %s', async (method, url) => {
      expect((await ada.send(method, url, TOO_LARGE)).outcome).toBe('413 PAYLOAD_TOO_LARGE');
    });

    it('over 1 MiB are refused where the length is not told', async () => {
      const { statusCode } = await test.app.inject({
        method: 'POST',
        url: PROJECTS,
        headers: { ...ada.headers, 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
        payload: Readable.from(Array.from({ length: 32 }, () => Buffer.alloc(64 * 1024, ' '))),
      });
      expect(statusCode).toBe(413);
    });

    it('up to 1 MiB are read', async () => {
      const padded = named('Large').padEnd(1024 * 1024, ' ');
      expect((await ada.put(at(project), padded)).status).toBe(200);
      expect((await ada.put(at(project), `${padded} `)).outcome).toBe('413 PAYLOAD_TOO_LARGE');
    });
  });

  describe('that are hostile', () => {
    it.each([
      ['80,000 keys', object(80_000, (index) => `k${index}`)],
      ['80,000 keys in metadata', `{"name":"x","metadata":${object(80_000, (index) => `k${index}`)}}`],
      ['80,000 numeric keys', object(80_000, String)],
      ['3,000 levels of objects', `${'{"a":'.repeat(3_000)}1${'}'.repeat(3_000)}`],
      ['3,000 levels in metadata', `{"name":"x","metadata":${'{"a":'.repeat(3_000)}1${'}'.repeat(3_001)}`],
      ['100,000 levels of lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
      ['a list of 100,000', `[${'0,'.repeat(99_999)}0]`],
      ['a list of 100,000 in metadata', `{"name":"x","metadata":{"a":[${'0,'.repeat(99_999)}0]}}`],
      ['a text of nearly 1 MiB', named('x'.repeat(1_048_000))],
      ['a description of accents', JSON.stringify({ name: 'x', description: 'e\u0301'.repeat(300_000) })],
      ['a name of accents', named(`a${'\u0301\u0323'.repeat(200_000)}`)],
      ['a key of nearly 1 MiB', `{"${'k'.repeat(1_048_000)}":1}`],
      ['a number of 900,000 digits', `{"name":"x","metadata":{"n":${'9'.repeat(900_000)}}}`],
      ['many __proto__', `{"a":[${'{"__proto__":{}},'.repeat(20_000)}0]}`],
    ])('%s are refused quickly', async (_, body) => {
      const started = performance.now();
      for (const [method, url] of [
        ['POST', PROJECTS],
        ['PATCH', at(project)],
        ['POST', REGISTER],
      ] as const) {
        const { status } = await ada.send(method, url, body);
        expect(status).toBe(400);
      }
      expect(performance.now() - started).toBeLessThan(atMost(3_000));
      expect((await ada.get(at(project))).status).toBe(200);
    });

    it('50,000 times the same key is the last of them', async () => {
      const { status, body } = await ada.put(
        at(project),
        `{${'"name":"first",'.repeat(50_000)}"name":"last"}`,
      );
      expect([status, body.data.name]).toEqual([200, 'last']);
    });

    it('change no prototype', async () => {
      await ada.post(PROJECTS, '{"name":"x","constructor":{"prototype":{"polluted":true}}}');
      await ada.post(PROJECTS, '{"name":"x","metadata":{"a":{"__proto__":{"polluted":true}}}}');
      await ada.get(`${PROJECTS}?__proto__[polluted]=true&constructor[prototype][polluted]=true`);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it('that name 10,000 unknown fields are answered shortly', async () => {
      const { body, text } = await ada.post(
        PROJECTS,
        object(9_000, (index) => `unknown-${index}`),
      );
      expect(body.details.length).toBeLessThanOrEqual(50);
      expect(text.length).toBeLessThan(10_000);
    });
  });

  describe('where nothing is expected', () => {
    it.each([
      ['GET', ME],
      ['GET', MISSING],
      ['DELETE', MISSING],
      ['PUT', MISSING],
      ['PATCH', MISSING],
      ['POST', PROJECTS],
      ['POST', LOGIN],
      ['POST', REGISTER],
    ])('in the query of %s %s, fields are unknown', async (method, url) => {
      const body = method === 'GET' || method === 'DELETE' ? undefined : named('x');
      const answer = await ada.send(method, `${url}?surprise=1`, body);
      expect(answer.outcome).toBe('400 VALIDATION_ERROR');
      expect(faultyPaths(answer)).toContain('surprise');
    });

    it('in the body of DELETE, fields are unknown', async () => {
      const answer = await ada.send('DELETE', MISSING, { surprise: 1 });
      expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', ['surprise']]);
    });
  });

  it('of a stranger are not read', async () => {
    let wasRead = false;
    const payload = new Readable({
      read() {
        wasRead = true;
        this.push(null);
      },
    });
    const { statusCode } = await test.app.inject({
      method: 'POST',
      url: PROJECTS,
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      payload,
    });
    expect([statusCode, wasRead]).toEqual([401, false]);
  });

  it('that register nobody leave nobody behind', async () => {
    const { email } = newCredentials();
    await anonymous.post(REGISTER, `{"email":"${email}","password":"short"}`);
    expect(await test.connection.collection('users').countDocuments({ email })).toBe(0);
  });
});
