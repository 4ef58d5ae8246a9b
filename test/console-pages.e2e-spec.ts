import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { CONSOLE_PAGES } from '../src/modules/console/page-list.js';
import { SystemSamples } from '../src/modules/console/system-samples.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { addTickets } from './support/tickets.js';
import { LOGOUT, ME, newCredentials, USERS } from './support/users.js';

const OWN = CONSOLE_PAGES.map(({ path }) => `/${path}`);
const PAGES = [
  '/login',
  '/register',
  '/forgot',
  '/reset',
  '/verify',
  '/email-change',
  '/email-undo',
  ...OWN,
  '/console/projects',
  '/console/projects/new',
];

addTickets();

describe('the pages of the console', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp({ RATE_LIMIT_MAX: '200' });
  });
  afterAll(() => test.close());

  /** The addresses that a page loads. */
  async function filesOf(page: string): Promise<string[]> {
    const { text } = await test.anonymous.get(page);
    return [...text.matchAll(/\b(?:src|href)="([^"]*\bfiles\/[^"]+)"/g)].map(
      ([, url = '']) => new URL(url, `http://x${page}`).pathname,
    );
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
      expect(headers['content-type']).toMatch(
        /^(text\/(css|javascript); charset=utf-8|image\/svg\+xml|font\/woff2)$/,
      );
    }
  });

  it('costs its reader one request of the minute', async () => {
    const reader = test.anonymous.from('198.51.100.1');
    const files = await filesOf('/login');
    for (let n = 0; n < 200; n++) {
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
    const { pathname, search } = new URL(headers['location'] ?? '', `http://x${page}/`);
    expect([status, pathname, search]).toEqual([308, page, '?a=b']);
  });

  it('has no first load of more than 60 KB, but for the font', async () => {
    const sizes = await Promise.all(
      ['/dashboard', ...(await filesOf('/dashboard'))]
        .filter((url) => !url.endsWith('.woff2'))
        .map(async (url) => {
          const { rawPayload } = await test.app.inject({ url, headers: { 'accept-encoding': 'br' } });
          return rawPayload.length;
        }),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60_000);
  });

  it('leads from /console to its first page', async () => {
    const { status, headers } = await test.anonymous.get('/console');
    expect([status, headers['location']]).toEqual([302, 'dashboard']);
  });

  it.each(['/nothing', '/console/nothing', '/console/nothing/1'])(
    'answers a browser that asks for %s with a page, and everybody else as the API does',
    async (url) => {
      const page = await test.app.inject({ url, headers: { accept: 'text/html,*/*;q=0.8' } });
      expect([page.statusCode, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
      expect(page.payload).toContain('Page not found');
      expect((await test.anonymous.get(url)).outcome).toBe('404 ROUTE_NOT_FOUND');
      expect((await test.anonymous.get('/api/v1/nothing', { accept: 'text/html' })).outcome).toBe(
        '404 ROUTE_NOT_FOUND',
      );
    },
  );

  it('says to a browser without scripts why its form is refused', async () => {
    const request = { method: 'POST', url: '/login', headers: { accept: 'text/html' } } as const;
    const { statusCode, payload } = await test.app.inject(request);
    expect([statusCode, payload]).toEqual([405, expect.stringContaining('JavaScript is needed here')]);
  });

  it.each(['/console/files/x/..%2flayout.html', '/console/files/x/layout.html'])(
    'serves nothing at %s',
    async (url) => {
      expect((await test.anonymous.get(url)).outcome).toBe('404 ROUTE_NOT_FOUND');
    },
  );

  it.each(CONSOLE_PAGES)('$path has a script and a picture', async ({ script, icon }) => {
    const files = await filesOf('/dashboard');
    const folder = files[0]?.replace(/[^/]+$/, '') ?? '';
    const { status, text } = await test.anonymous.get(`${folder}${script}.js`);
    expect([status, text]).toEqual([200, expect.stringMatching(/^export (async )?function show\(/m)]);
    const icons = readFileSync('src/modules/console/web/files/icons.js', 'utf8');
    expect(icons).toMatch(new RegExp(`^  ${icon}:`, 'm'));
  });

  describe('are made of what features declare', () => {
    interface Described {
      readonly plural: string;
      readonly operations: Record<string, string>;
      readonly permissions: string[];
      readonly fields: { readonly name: string }[];
    }
    const featuresOf = async (client: TestClient): Promise<Map<string, Described>> => {
      const { outcome, body } = await client.get('/console/features');
      expect(outcome).toBe('200');
      return new Map((body.data as Described[]).map((feature) => [feature.plural, feature]));
    };

    it('names every feature, its fields and what the caller may do', async () => {
      const user = await featuresOf(await test.anonymous.signIn());
      expect([...user.keys()]).toEqual([
        'files',
        'organizations',
        'projects',
        'trial-tickets',
        'users',
        'webhooks',
      ]);
      expect(user.get('projects')).toMatchObject({
        name: 'project',
        path: 'api/v1/projects',
        part: 'features',
        ownerField: 'ownerId',
        permissions: [],
        operations: { list: 'own', create: 'all', get: 'own', replace: 'own', update: 'own', delete: 'own' },
        filters: [{ name: 'name', type: 'text' }],
      });
      expect(user.get('users')?.operations).toEqual({ get: 'own', update: 'own' });
      const moderator = await featuresOf(await test.anonymous.signIn('moderator'));
      expect(moderator.get('projects')).toMatchObject({
        permissions: ['projects:read'],
        operations: { list: 'all', get: 'all', update: 'own' },
      });
      expect(moderator.get('users')?.operations).toEqual({ list: 'all', get: 'all', update: 'own' });
    });

    it('says of each field what it takes', async () => {
      const fields = (await featuresOf(await test.anonymous.signIn())).get('trial-tickets')?.fields ?? [];
      const field = (name: string) => fields.find((each) => each.name === name);
      expect(field('title')).toMatchObject({ type: 'text', required: true, unique: true, maxLength: 100 });
      expect(field('status')).toMatchObject({ type: 'enum', values: ['open', 'in-progress', 'closed'] });
      expect(field('priority')).toMatchObject({ type: 'integer', min: 1, max: 5, required: false });
      expect(field('urgent')).toMatchObject({ type: 'boolean', required: true });
      expect(field('dueAt')).toMatchObject({ type: 'date' });
      expect(field('tags')).toMatchObject({ type: 'list', maxItems: 5, item: { type: 'text' } });
      expect(field('projectId')).toMatchObject({ type: 'reference', model: 'Project' });
      expect(field('text')).toMatchObject({ type: 'richtext', encrypted: true });
      expect(field('address')).toMatchObject({
        type: 'object',
        fields: [
          { name: 'street', required: true },
          { name: 'number', type: 'integer' },
        ],
      });
      expect(field('metadata')).toMatchObject({ type: 'metadata' });
      expect(field('createdAt')).toMatchObject({ type: 'date', creatable: false, changeable: false });
    });

    it('finds users for who may read them by role, by whether they are disabled and by the beginning of an address', async () => {
      const admin = await test.anonymous.signIn('admin');
      const ada = await test.anonymous.signIn();
      const grace = await test.anonymous.signIn('moderator');
      const { email } = (await ada.get(ME)).body.data as { email: string };
      await admin.patch(`${USERS}/${ada.userId}`, { disabled: true });
      const found = async (query: string): Promise<string[]> => {
        const { outcome, body } = await grace.get(`/console/system/users?limit=100&total=true&${query}`);
        expect(outcome).toBe('200');
        const { data, pagination } = body as unknown as {
          data: { id: string }[];
          pagination: { total: number };
        };
        expect(data.length).toBe(pagination.total);
        return data.map(({ id }) => id);
      };
      expect(await found('disabled=true')).toEqual([ada.userId]);
      expect(await found('role=moderator')).toContain(grace.userId);
      expect(await found('role=moderator&disabled=true')).toEqual([]);
      expect(await found(`email=${encodeURIComponent(email.slice(0, -3).toUpperCase())}`)).toEqual([
        ada.userId,
      ]);
      expect(await found(`email=${encodeURIComponent(email)}&disabled=false`)).toEqual([]);
      expect((await grace.get('/console/system/users?role=king')).outcome).toBe('400 VALIDATION_ERROR');
    });

    it('says when somebody was last seen, also after signing out', async () => {
      const admin = await test.anonymous.signIn('admin');
      const credentials = newCredentials();
      const { body } = await admin.post(USERS, { ...credentials, name: 'Nobody yet' });
      const user = body.data as { id: string };
      const seen = async () =>
        ((await admin.get(`/console/system/users/${user.id}`)).body.data as { lastSeen: string | null })
          .lastSeen;
      expect(await seen()).toBeNull();
      const before = Date.now();
      const person = await test.anonymous.signInAs(credentials);
      expect(Date.parse((await seen()) ?? '')).toBeGreaterThanOrEqual(before);
      expect((await person.post(LOGOUT)).outcome).toBe('200');
      expect(Date.parse((await seen()) ?? '')).toBeGreaterThanOrEqual(before);
    });

    it('tells administrators alone how the system is', async () => {
      const admin = await test.anonymous.signIn('admin');
      await test.app.get(SystemSamples, { strict: false }).take();
      const { outcome, body } = await admin.get('/console/system');
      expect(outcome).toBe('200');
      const { health, samples } = body.data as { health: object; samples: Record<string, number>[] };
      expect(health).toMatchObject({ status: 'ok', services: { database: { status: 'ok' } } });
      expect(samples.at(-1)).toMatchObject({ errors: 0, p99: expect.any(Number) });
      expect(samples.at(-1)?.['requests']).toBeGreaterThan(0);
      for (const other of [test.anonymous, await test.anonymous.signIn('moderator')]) {
        expect((await other.get('/console/system')).outcome).toMatch(/^40[13] /);
      }
      expect((await test.anonymous.get('/console/features')).outcome).toBe('401 UNAUTHENTICATED');
    });
  });
});
