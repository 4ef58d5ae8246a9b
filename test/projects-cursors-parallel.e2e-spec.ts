import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Types } from 'mongoose';
import { at, type ProjectJson, PROJECTS } from './support/projects.js';
import { sampled, soaked } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { type TestClient, untilTaken } from './support/test-client.js';

// Some thousand requests each; the machine may have other things to do.
jest.setTimeout(120_000);

/** Projects that are there throughout, and as many between them that are deleted on the way. */
const STAYING = soaked(2_000, 250);
const LEAVING = STAYING;

describe('a walk by cursors, while 200 projects at a time come and go', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  /** Stores projects that stay and such that leave, in turn; `timeOf` says when each was created. */
  async function fill(
    owner: TestClient,
    timeOf: (n: number) => number,
  ): Promise<{ staying: string[]; leaving: string[] }> {
    const records = Array.from({ length: STAYING + LEAVING }, (_, n) => ({
      _id: new Types.ObjectId(),
      ownerId: new Types.ObjectId(owner.userId),
      name: n % 2 === 0 ? `staying ${n}` : `leaving ${n}`,
      metadata: {},
      version: 1,
      createdAt: new Date(timeOf(n)),
      updatedAt: new Date(timeOf(n)),
    }));
    await test.connection.collection('projects').insertMany(records);
    const ids = (rest: number) => records.filter((_, n) => n % 2 === rest).map(({ _id }) => String(_id));
    return { staying: ids(0), leaving: ids(1) };
  }

  interface Walk {
    /** Ids in the order in which they came. */
    readonly seen: readonly string[];
    /** What was created on the way. */
    readonly created: ReadonlySet<string>;
    readonly deleted: number;
  }

  /** Reads a list to its end. While each page is read, a hundred projects are created and a hundred deleted. */
  async function walk(owner: TestClient, query: string, leaving: readonly string[]): Promise<Walk> {
    const seen: string[] = [];
    const created = new Set<string>();
    const left = [...leaving];
    const create = async () => {
      const key = randomUUID();
      const project = { name: `staying, new ${key}` };
      const { status, body } = await untilTaken(
        () => owner.post(PROJECTS, project, { 'idempotency-key': key }),
        ({ status: answered, outcome }) => answered === 503 || outcome === '409 IDEMPOTENCY_IN_PROGRESS',
      );
      expect(status).toBe(201);
      created.add((body.data as ProjectJson).id);
    };
    // Newest, oldest, and in the middle: behind the walk, ahead of it, and where it stands.
    const removeAt = async (n: number) => {
      const [id] = left.splice([-1, 0, left.length >> 1][n % 3] ?? 0, 1);
      if (id === undefined) return;
      let times = 0;
      const { status } = await untilTaken(() => {
        times++;
        return owner.delete(at({ id }));
      });
      // A request that was answered 503 may have deleted all the same.
      expect(times === 1 ? [200] : [200, 404]).toContain(status);
    };
    let cursor: string | null = '';
    while (cursor !== null) {
      const changes = Array.from({ length: 100 }, (_, n) => [create(), removeAt(n)]).flat();
      const next = `${PROJECTS}?limit=100${query}${cursor && `&cursor=${cursor}`}`;
      const page = untilTaken(() => owner.get(next));
      const [{ status, body }] = await Promise.all([page, ...changes]);
      expect(status).toBe(200);
      seen.push(...(body.data as ProjectJson[]).map(({ id }) => id));
      cursor = body.pagination.nextCursor as string | null;
      // Around now, what is created lies ahead: a walk that is slower than that would have no end.
      if (seen.length > 20_000) throw new Error('The walk does not end');
    }
    return { seen, created, deleted: leaving.length - left.length };
  }

  const SECOND = 1_000;
  type Case = [what: string, query: string, least: number, timeOf: (now: number, n: number) => number];
  const CASES: readonly Case[] = [
    ['each project', '', 0, (now, n) => now + (n - STAYING - LEAVING) * SECOND],
    ['each that a filter leaves', '&name=STAYING', 0, (now, n) => now + (n - STAYING - LEAVING) * SECOND],
    ['each of one millisecond', '', 0, (now) => now - SECOND],
    ['each of few milliseconds', '', 0, (now, n) => now - SECOND + Math.floor((3 * n) / STAYING)],
    ['each, with new ones in the middle,', '', 100, (now, n) => now + (n - STAYING) * SECOND],
  ];
  it.each(sampled(CASES, 3))(
    'meets %s that is there throughout exactly once, and none twice',
    async (_, query, least, timeOf) => {
      const owner = await test.anonymous.signIn();
      const now = Date.now();
      const { staying, leaving } = await fill(owner, (n) => timeOf(now, n));
      const { seen, created, deleted } = await walk(owner, query, leaving);
      const met = new Set(seen);
      expect(seen).toHaveLength(met.size);
      expect(staying.filter((id) => !met.has(id))).toEqual([]);
      const known = new Set([...staying, ...(query ? [] : leaving), ...created]);
      expect(seen.filter((id) => !known.has(id))).toEqual([]);
      // Otherwise nothing would have happened in the meantime.
      expect(Math.min(created.size, deleted)).toBeGreaterThanOrEqual(STAYING);
      expect(leaving.filter((id) => met.has(id)).length).toBeLessThan(LEAVING / 2);
      expect(seen.filter((id) => created.has(id)).length).toBeGreaterThanOrEqual(least);
    },
  );
});
