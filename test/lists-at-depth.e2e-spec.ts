import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Types } from 'mongoose';
import { type ProjectJson, PROJECTS } from './support/projects.js';
import { type Profiled, queriesDuring } from './support/query-watch.js';
import { soaked } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

const START = Date.parse('2026-01-01T00:00:00.000Z');
/** How many records are before the page that is asked for: 100,000 in a soak. */
const DEPTH = soaked(100_000, 10_000);
/** Ada's projects, and everybody's. */
const HERS = 1.5 * DEPTH;
const ALL = 2 * DEPTH;
/** What is left of hers below the depth. */
const MIDDLE = HERS - DEPTH;
const BATCH = 20_000;

// Twice as many records are written; the machine may have other things to do.
jest.setTimeout(180_000);

describe(`among ${ALL} projects`, () => {
  let test: TestApp;
  let ada: TestClient;
  let bob: TestClient;
  let admin: TestClient;
  /** Behind Ada's last project at that depth; the next ones were created in its millisecond. */
  let cursor: string;

  const recordOf = (owner: string | Types.ObjectId, number: number, ms: number) => ({
    _id: new Types.ObjectId(),
    ownerId: new Types.ObjectId(owner),
    name: `Project ${number}`,
    metadata: {},
    version: 1,
    createdAt: new Date(START + ms),
    updatedAt: new Date(START + ms),
  });

  async function fill(): Promise<void> {
    const records = [
      // A thousand of them at once, as an import would: from a hundred before the page, newest first.
      ...Array.from({ length: HERS }, (_, n) =>
        recordOf(ada.userId, n, n < MIDDLE - 900 || n >= MIDDLE + 100 ? n * 1000 : (MIDDLE - 900) * 1000),
      ),
      ...Array.from({ length: 1_000 }, (_, n) => recordOf(bob.userId, n, n * 100_000)),
      ...Array.from({ length: ALL - HERS - 1_000 }, (_, n) => recordOf(new Types.ObjectId(), n, n * 3_000)),
    ];
    const projects = test.connection.collection('projects');
    for (let from = 0; from < records.length; from += BATCH) {
      await projects.insertMany(records.slice(from, from + BATCH), { ordered: false });
    }
  }

  beforeAll(async () => {
    test = await createTestApp();
    [ada, bob, admin] = await Promise.all([
      test.anonymous.signIn(),
      test.anonymous.signIn(),
      test.anonymous.signIn('admin'),
    ]);
    await fill();
    cursor = await cursorAt(DEPTH);
  });
  afterAll(() => test.close());

  /** Walks Ada's list so far, a hundred at a time. */
  async function cursorAt(depth: number): Promise<string> {
    let next = '';
    for (let seen = 0; seen < depth; seen += 100) {
      const { body } = await ada.get(`${PROJECTS}?limit=100${next && `&cursor=${next}`}`);
      next = body.pagination.nextCursor as string;
    }
    return next;
  }

  interface Asked {
    readonly data: readonly ProjectJson[];
    readonly queries: readonly Profiled[];
    readonly total?: number;
  }

  /** Asks and tells by what queries the answer came about. */
  async function ask(user: TestClient, path: string): Promise<Asked> {
    let asked: Pick<Asked, 'data' | 'total'> = { data: [] };
    const queries = await queriesDuring(test.connection, 'projects', async () => {
      const { status, body } = await user.get(path);
      expect(status).toBe(200);
      asked = { data: [body.data].flat() as ProjectJson[], total: body.pagination?.total as number };
    });
    expect(queries).not.toHaveLength(0);
    return { ...asked, queries };
  }

  const sum = (queries: readonly Profiled[], count: 'docsExamined' | 'keysExamined') =>
    queries.reduce((all, query) => all + query[count], 0);

  /** What is examined is at most twice what is answered. */
  function expectLean({ data, queries }: Asked): void {
    expect(data).not.toHaveLength(0);
    for (const count of ['docsExamined', 'keysExamined'] as const) {
      expect(sum(queries, count)).toBeGreaterThan(0);
      expect(sum(queries, count)).toBeLessThanOrEqual(2 * data.length);
    }
  }

  it.each([20, 100])('a first page of %i examines what it answers', async (limit) => {
    const asked = await ask(ada, `${PROJECTS}?limit=${limit}`);
    expect(asked.data.map(({ name }) => name).slice(0, 2)).toEqual([
      `Project ${HERS - 1}`,
      `Project ${HERS - 2}`,
    ]);
    expectLean(asked);
    expectLean(await ask(bob, `${PROJECTS}?limit=${limit}`));
  });

  it(`a page behind a cursor at depth ${DEPTH} does, too, in the middle of records of one millisecond`, async () => {
    const asked = await ask(ada, `${PROJECTS}?cursor=${cursor}`);
    expect(new Set(asked.data.map(({ createdAt }) => createdAt)).size).toBe(1);
    expect(asked.data[0]?.name).toBe(`Project ${MIDDLE - 1}`);
    expectLean(asked);
    // Whatever MongoDB has learnt from other cursors before.
    for (let times = 0; times < 5; times++) {
      const { body } = await bob.get(`${PROJECTS}?limit=100`);
      expectLean(await ask(bob, `${PROJECTS}?cursor=${body.pagination.nextCursor}`));
      expectLean(await ask(ada, `${PROJECTS}?cursor=${cursor}`));
    }
  });

  it("a page of everybody's projects does, first or behind a cursor", async () => {
    expectLean(await ask(admin, `${PROJECTS}?owner=all`));
    const { body } = await admin.get(`${PROJECTS}?owner=all&offset=10000`);
    expectLean(await ask(admin, `${PROJECTS}?owner=all&cursor=${body.pagination.nextCursor}`));
    expectLean(await ask(admin, `${PROJECTS}?owner=${bob.userId}`));
  });

  it('a single project does', async () => {
    const { body } = await bob.get(`${PROJECTS}?limit=1`);
    expectLean(await ask(bob, `${PROJECTS}/${body.data[0].id}`));
    expectLean(await ask(admin, `${PROJECTS}/${body.data[0].id}`));
  });

  it.each([
    ['nothing', 0],
    ['project 99', 11],
    ['project', 20],
  ])('a filter for %s examines at most the thousand projects of its owner', async (name, expected) => {
    const first = await ask(bob, `${PROJECTS}?name=${name}`);
    expect(first.data).toHaveLength(expected);
    expect(sum(first.queries, 'docsExamined')).toBeLessThanOrEqual(1_000);
    const { body } = await bob.get(`${PROJECTS}?name=${name}&limit=5`);
    if (expected === 0) return;
    const next = await ask(bob, `${PROJECTS}?name=${name}&cursor=${body.pagination.nextCursor}`);
    expect(sum(next.queries, 'docsExamined')).toBeLessThanOrEqual(1_000);
  });

  it('counting examines no project', async () => {
    for (const [user, query, total] of [
      [bob, '', 1_000],
      [ada, '', HERS],
      [admin, '&owner=all', ALL],
    ] as const) {
      const asked = await ask(user, `${PROJECTS}?limit=1&total=true${query}`);
      expect(asked.total).toBe(total);
      expect(sum(asked.queries, 'docsExamined')).toBeLessThanOrEqual(2);
    }
  });
});
