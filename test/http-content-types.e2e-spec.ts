import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { at, createProject, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN } from './support/users.js';

const TYPES = [
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain;charset=UTF-8',
  'application/octet-stream',
  '*/*',
  'form',
];

describe('of a request', () => {
  let test: TestApp;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  describe('the type', () => {
    it.each(TYPES)('of an empty body does not matter where none is needed: %s', async (type) => {
      const headers = { ...ada.headers, 'content-type': type };
      for (const chunked of [false, true]) {
        const { id } = await createProject(ada);
        const { statusCode } = await test.app.inject({
          method: 'DELETE',
          url: at({ id }),
          headers: { ...headers, ...(chunked && { 'transfer-encoding': 'chunked' }) },
          payload: chunked ? Readable.from([]) : '',
        });
        expect(statusCode).toBe(200);
      }
      const session = await test.anonymous.signIn();
      const out = await session.send('POST', '/api/v1/auth/logout', '', { 'content-type': type });
      expect(out.status).toBe(200);
    });

    it.each(TYPES)('of an empty body matters where one is needed: %s', async (type) => {
      for (const url of [PROJECTS, LOGIN]) {
        const answer = await ada.send('POST', url, '', { 'content-type': type });
        expect(answer.outcome).toBe('415 UNSUPPORTED_MEDIA_TYPE');
      }
    });

    it.each(TYPES)('of a body that is there matters everywhere: %s', async (type) => {
      const { id } = await createProject(ada);
      for (const [method, url] of [
        ['DELETE', at({ id })],
        ['POST', '/api/v1/auth/logout'],
        ['PUT', at({ id })],
      ] as const) {
        const answer = await ada.send(method, url, 'a=b', { 'content-type': type });
        expect([method, url, answer.outcome]).toEqual([method, url, '415 UNSUPPORTED_MEDIA_TYPE']);
      }
      expect((await ada.get(at({ id }))).status).toBe(200);
    });
  });

  describe('the encoding', () => {
    const body = JSON.stringify({ name: 'Encoded' });

    it.each([
      ['gzip', gzipSync(body)],
      ['gzip', body],
      ['GZIP', gzipSync(body)],
      ['br', body],
      ['deflate', body],
      ['identity, gzip', gzipSync(body)],
      ['gzip, gzip', gzipSync(gzipSync(body))],
      ['x', body],
    ])('is refused: %s', async (encoding, bytes) => {
      for (const [method, url] of [
        ['POST', PROJECTS],
        ['DELETE', `${PROJECTS}/${'f'.repeat(24)}`],
      ] as const) {
        const answer = await ada.send(method, url, bytes, { 'content-encoding': encoding });
        expect([answer.outcome, answer.headers['accept-encoding']]).toEqual([
          '415 UNSUPPORTED_MEDIA_TYPE',
          'identity',
        ]);
        expect(answer.body.error).toBe('The body must not be compressed or encoded otherwise');
      }
    });

    it.each(['identity', ' Identity ', ''])('is none: "%s"', async (encoding) => {
      const { id } = await createProject(ada);
      const own = JSON.stringify({ name: id });
      const answer = await ada.send('PUT', at({ id }), own, { 'content-encoding': encoding });
      expect(answer.status).toBe(200);
    });

    it('of no body does not matter', async () => {
      const { id } = await createProject(ada);
      expect((await ada.get(at({ id }), { 'content-encoding': 'gzip' })).status).toBe(200);
      expect((await ada.send('DELETE', at({ id }), '', { 'content-encoding': 'gzip' })).status).toBe(200);
    });
  });

  describe('an address that lacks a part', () => {
    it.each([
      ['GET', `${PROJECTS}/`],
      ['GET', `${PROJECTS}/?limit=5`],
      ['PUT', `${PROJECTS}/`],
      ['POST', `${PROJECTS}/`],
      ['DELETE', `${PROJECTS}/`],
      ['GET', '/api/v1/users/'],
      ['DELETE', '/api/v1/auth/api-keys/'],
      ['DELETE', '/api/v1/auth/sessions/'],
      ['POST', '/api/v1/users//delete'],
      ['GET', `${PROJECTS}//`],
    ])('is none: %s %s', async (method, url) => {
      for (const caller of [test.anonymous, ada]) {
        const answer = await caller.send(method, url, method === 'GET' ? undefined : {});
        expect(answer.outcome).toBe('404 ROUTE_NOT_FOUND');
      }
    });
  });
});
