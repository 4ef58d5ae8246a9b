import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { at, createProjects, type ProjectJson, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const series = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${prefix} ${i + 1}`);

/** Reads a list to its end, `limit` at a time; `between` runs after each page. */
async function walk(
  reader: TestClient,
  query: string,
  between: (page: readonly ProjectJson[]) => Promise<void> = async () => undefined,
): Promise<ProjectJson[]> {
  const seen: ProjectJson[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${cursor}`;
    const { status, body } = await reader.get(`${PROJECTS}?${query}${from}`);
    expect(status).toBe(200);
    const { hasMore, nextCursor, offset } = body.pagination;
    expect(offset).toBe(cursor === null ? 0 : null);
    expect(hasMore).toBe(nextCursor !== null);
    seen.push(...(body.data as ProjectJson[]));
    cursor = nextCursor as string | null;
    await between(body.data as ProjectJson[]);
  } while (cursor !== null);
  return seen;
}

const cursorOf = async (reader: TestClient, url: string) =>
  (await reader.get(url)).body.pagination.nextCursor as string;

async function expectRefused(reader: TestClient, url: string): Promise<void> {
  expect((await reader.get(url)).outcome).toBe('400 INVALID_CURSOR');
}

describe('cursors', () => {
  let test: TestApp;
  let ada: TestClient;
  let admin: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
    admin = await test.anonymous.signIn('admin');
    await createProjects(ada, ...series('A', 7));
    await createProjects(admin, ...series('B', 3));
  });
  afterAll(() => test.close());

  it.each([1, 2, 3, 6, 7, 100])('walk a list by %i and meet each project once', async (limit) => {
    const names = (await walk(ada, `limit=${limit}`)).map(({ name }) => name);
    expect(names).toEqual(series('A', 7).toReversed());
  });

  it('walk a filtered list', async () => {
    const names = (await walk(admin, 'limit=2&owner=all&name=b%20')).map(({ name }) => name);
    expect(names).toEqual(series('B', 3).toReversed());
  });

  it('may change the limit on the way', async () => {
    const cursor = await cursorOf(ada, `${PROJECTS}?limit=2`);
    const { body } = await ada.get(`${PROJECTS}?limit=5&cursor=${cursor}`);
    expect(body.data).toHaveLength(5);
    expect(body.pagination).toEqual({ limit: 5, offset: null, hasMore: false, nextCursor: null });
  });

  it('meet each project once while others come and go', async () => {
    const grace = await test.anonymous.signIn();
    const before = await createProjects(grace, ...series('C', 12));
    const met: string[] = [];
    const gone = new Set<string>();
    await walk(grace, 'limit=3', async (page) => {
      met.push(...page.map(({ id }) => id));
      await createProjects(grace, `new ${gone.size}`, `more ${gone.size}`);
      // The project from which the next page starts, and one that is still to come.
      const ahead = before.findLast(({ id }) => !met.includes(id) && !gone.has(id));
      for (const project of [page.at(-1), ahead]) {
        if (!project) continue;
        await grace.delete(at(project));
        gone.add(project.id);
      }
    });
    const expected = before.filter(({ id }) => met.includes(id) || !gone.has(id)).map(({ id }) => id);
    expect(met).toEqual(expected.toReversed());
    expect(met.length).toBeLessThan(12);
  });

  it('meet each project once where many have the same time', async () => {
    const grace = await test.anonymous.signIn();
    const createdAt = new Date('2026-01-01T00:00:00.000Z');
    const ids = Array.from({ length: 10 }, () => new Types.ObjectId());
    const ownerId = new Types.ObjectId(grace.userId);
    await test.connection.collection('projects').insertMany(
      ids.map((_id) => ({
        _id,
        ownerId,
        name: String(_id),
        metadata: {},
        version: 1,
        createdAt,
        updatedAt: createdAt,
      })),
    );
    const seen = await walk(grace, 'limit=3');
    expect(seen.map(({ id }) => id)).toEqual(ids.map(String).toReversed());
  });

  describe('are refused', () => {
    it('for another caller', async () => {
      const grace = await test.anonymous.signIn();
      await expectRefused(grace, `${PROJECTS}?cursor=${await cursorOf(ada, `${PROJECTS}?limit=1`)}`);
    });

    it('for another administrator who reads the same list', async () => {
      const other = await test.anonymous.signIn('admin');
      await expectRefused(
        other,
        `${PROJECTS}?owner=all&cursor=${await cursorOf(admin, `${PROJECTS}?owner=all&limit=1`)}`,
      );
    });

    it.each([
      ['?limit=1', '?name=a'],
      ['?limit=1&name=a', '?limit=1'],
      ['?limit=1&name=a', '?name=A'],
      ['?limit=1&name=a', '?name=a%201'],
    ])('from %s for %s', async (given, used) => {
      await expectRefused(ada, `${PROJECTS}${used}&cursor=${await cursorOf(ada, `${PROJECTS}${given}`)}`);
    });

    it.each([
      ['?limit=1', '?owner=all'],
      ['?limit=1&owner=all', '?limit=1'],
      ['?limit=1&owner=all', '?owner=ADA'],
      ['?limit=1&owner=ADA', '?owner=all'],
    ])('of an administrator from %s for %s', async (given, used) => {
      const [from = '', to = ''] = [given, used].map((query) => PROJECTS + query.replace('ADA', ada.userId));
      await expectRefused(admin, `${to}&cursor=${await cursorOf(admin, from)}`);
    });

    it('for a list of something else', async () => {
      const cursor = await cursorOf(admin, `${PROJECTS}?owner=all&limit=1`);
      await expectRefused(admin, `/api/v1/users?cursor=${cursor}`);
      const other = await cursorOf(admin, '/api/v1/users?limit=1');
      await expectRefused(admin, `${PROJECTS}?owner=all&cursor=${other}`);
    });

    it('after a change of any character', async () => {
      const cursor = await cursorOf(ada, `${PROJECTS}?limit=1`);
      for (const [index, character] of [...cursor].entries()) {
        const other = ALPHABET[(ALPHABET.indexOf(character) + 1) % 64];
        const changed = cursor.slice(0, index) + other + cursor.slice(index + 1);
        await expectRefused(ada, `${PROJECTS}?cursor=${changed}`);
      }
    });

    it('after a change of any bit', async () => {
      const cursor = await cursorOf(ada, `${PROJECTS}?limit=1`);
      const bytes = Buffer.from(cursor, 'base64url');
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        await expectRefused(ada, `${PROJECTS}?cursor=${flipped.toString('base64url')}`);
      }
    });

    it('in the spelling of base64', async () => {
      const grace = await test.anonymous.signIn();
      await createProjects(grace, ...series('G', 30));
      let cursor = await cursorOf(grace, `${PROJECTS}?limit=1`);
      let spelled = 0;
      while (cursor) {
        const other = cursor.replaceAll('-', '+').replaceAll('_', '/');
        if (other !== cursor) {
          await expectRefused(grace, `${PROJECTS}?cursor=${encodeURIComponent(other)}`);
          spelled++;
        }
        cursor = await cursorOf(grace, `${PROJECTS}?limit=1&cursor=${cursor}`);
      }
      // Half of all cursors have such a character.
      expect(spelled).toBeGreaterThan(0);
    });

    it('when cut, prolonged or spelled otherwise', async () => {
      const cursor = await cursorOf(ada, `${PROJECTS}?limit=1`);
      for (let length = 1; length < cursor.length; length++) {
        await expectRefused(ada, `${PROJECTS}?cursor=${cursor.slice(0, length)}`);
      }
      for (const other of [
        `${cursor}A`,
        `${cursor}=`,
        `${cursor}==`,
        `${cursor}%20`,
        `${cursor}%00`,
        cursor + cursor,
        cursor.toLowerCase(),
        `%20${cursor}`,
        'null',
      ]) {
        await expectRefused(ada, `${PROJECTS}?cursor=${other}`);
      }
    });
  });
});
