import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestApp, type TestApp } from './support/test-app.js';

const PAGES = [
  '/login',
  '/register',
  '/forgot',
  '/reset',
  '/verify',
  '/email-change',
  '/email-undo',
  '/dashboard',
];

describe('the pages of the console', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp({ RATE_LIMIT_MAX: '60' });
  });
  afterAll(() => test.close());

  /** The addresses that a page loads. */
  async function filesOf(page: string): Promise<string[]> {
    const { text } = await test.anonymous.get(page);
    return [...text.matchAll(/\b(?:src|href)="(console\/[^"]+)"/g)].map(([, url = '']) => `/${url}`);
  }

  it.each(PAGES)(
    '%s is HTML that is asked for anew each time, and answered only when it changed',
    async (url) => {
      const { status, headers, text } = await test.anonymous.get(url);
      expect([status, headers['content-type'], headers['cache-control']]).toEqual([
        200,
        'text/html; charset=utf-8',
        'no-cache',
      ]);
      expect(text).toMatch(/^<!doctype html>/);
      expect(text).not.toMatch(/\{\{|<style|<script(?![^>]* src=)| style=| on\w+=/);
      const again = await test.anonymous.get(url, { 'if-none-match': headers['etag'] ?? '' });
      expect([again.status, again.text]).toEqual([304, '']);
    },
  );

  it.each(PAGES)('%s loads files of the product only, which browsers keep for a year', async (url) => {
    const files = await filesOf(url);
    expect(files.length).toBeGreaterThan(5);
    for (const file of new Set(files)) {
      const { status, headers } = await test.anonymous.get(file);
      expect([file, status, headers['cache-control']]).toEqual([
        file,
        200,
        'public, max-age=31536000, immutable',
      ]);
      expect(headers['content-type']).toMatch(/^(text\/(css|javascript); charset=utf-8|image\/svg\+xml)$/);
    }
  });

  it('costs its reader one request of the minute', async () => {
    const reader = test.anonymous.from('198.51.100.1');
    const files = await filesOf('/login');
    for (let n = 0; n < 60; n++) {
      expect((await reader.get('/login')).status).toBe(200);
      for (const file of files.slice(0, 3)) expect((await reader.get(file)).status).toBe(200);
    }
    expect((await reader.get('/login')).outcome).toBe('429 RATE_LIMITED');
  });

  it('sends a file of another version without letting it be kept', async () => {
    const [file = ''] = await filesOf('/login');
    const other = file.replace(/files\/[\w-]+/, 'files/before');
    const { status, headers } = await test.anonymous.get(other);
    expect([other === file, status, headers['cache-control']]).toEqual([false, 200, 'no-cache']);
  });

  it('compresses what it sends to who can read it', async () => {
    const [plain, packed] = [
      await test.app.inject({ url: '/dashboard' }),
      await test.app.inject({ url: '/dashboard', headers: { 'accept-encoding': 'gzip, br' } }),
    ];
    expect(packed.headers).toMatchObject({ 'content-encoding': 'br', vary: 'Accept-Encoding' });
    expect(packed.headers.etag).not.toBe(plain.headers.etag);
    expect(brotliDecompressSync(packed.rawPayload).equals(plain.rawPayload)).toBe(true);
    expect(packed.rawPayload.length).toBeLessThan(plain.rawPayload.length / 3);
  });

  it('leads from the bare address to the sign-in', async () => {
    const { status, headers } = await test.anonymous.get('/');
    expect([status, headers['location']]).toEqual([302, 'login']);
  });

  it.each([...PAGES, '/docs'])('%s/ leads to the page, relative to wherever it was asked', async (page) => {
    const { status, headers } = await test.anonymous.get(`${page}/?a=b`);
    expect([status, headers['location']]).toEqual([308, `..${page}?a=b`]);
  });

  it.each([
    '/console',
    '/console/files',
    '/console/files/x/..%2flayout.html',
    '/console/files/x/layout.html',
  ])('serves nothing at %s', async (url) => {
    expect((await test.anonymous.get(url)).outcome).toBe('404 ROUTE_NOT_FOUND');
  });
});
