import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { at, createProject, createProjects, type ProjectJson, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { atMost } from './support/soak.js';

/** The address of a list with a query. */
function q(query: Readonly<Record<string, string | number | boolean>>): string {
  const texts = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]);
  return `${PROJECTS}?${new URLSearchParams(texts)}`;
}

const names = ({ body }: { body: { data: ProjectJson[] } }) => body.data.map(({ name }) => name);

describe('lists of projects', () => {
  let test: TestApp;
  /** Owns 25 projects, the newest of which is 'P25'. */
  let ada: TestClient;
  let newestFirst: string[];

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
    const created = Array.from({ length: 25 }, (_, index) => `P${index + 1}`);
    await createProjects(ada, ...created);
    newestFirst = created.toReversed();
  });
  afterAll(() => test.close());

  it('answer the newest 20 unless told', async () => {
    const { status, body } = await ada.get(PROJECTS);
    expect(status).toBe(200);
    expect(names({ body })).toEqual(newestFirst.slice(0, 20));
    expect(body).toEqual({
      success: true,
      data: body.data,
      pagination: { limit: 20, offset: 0, hasMore: true, nextCursor: expect.any(String) },
    });
  });

  it('answer each project as reading it does', async () => {
    const { body } = await ada.get(PROJECTS);
    const [first] = body.data as ProjectJson[];
    expect((await ada.get(at(first as ProjectJson))).body.data).toEqual(first);
  });

  it('answer an empty page to who has nothing', async () => {
    const grace = await test.anonymous.signIn();
    const { body } = await grace.get(`${PROJECTS}?total=true`);
    expect(body).toEqual({
      success: true,
      data: [],
      pagination: { limit: 20, offset: 0, hasMore: false, nextCursor: null, total: 0 },
    });
  });

  it('have a HEAD', async () => {
    const { status, text } = await ada.head(PROJECTS);
    expect([status, text]).toEqual([200, '']);
  });

  describe('by limit, offset and page', () => {
    it.each([
      [{ limit: 1 }, 0, 1, true],
      [{ limit: 100 }, 0, 25, false],
      [{ limit: 25 }, 0, 25, false],
      [{ limit: 24 }, 0, 24, true],
      [{ offset: 0 }, 0, 20, true],
      [{ offset: 5 }, 5, 20, false],
      [{ limit: 10, offset: 20 }, 20, 5, false],
      [{ offset: 10_000 }, 10_000, 0, false],
      [{ page: 1 }, 0, 20, true],
      [{ page: 2 }, 20, 5, false],
      [{ limit: 5, page: 3 }, 10, 5, true],
      [{ limit: 100, page: 101 }, 10_000, 0, false],
      [{ limit: 1, page: 10_001 }, 10_000, 0, false],
    ])('%j answers from %i on %i projects', async (query, offset, count, hasMore) => {
      const { status, body } = await ada.get(q(query));
      expect(status).toBe(200);
      expect(names({ body })).toEqual(newestFirst.slice(offset, offset + count));
      expect(body.pagination).toEqual({
        limit: 'limit' in query ? query.limit : 20,
        offset,
        hasMore,
        nextCursor: hasMore ? expect.any(String) : null,
      });
    });

    it.each([
      [
        'limit',
        ['0', '101', '1e1', '0x10', '', '-1', '1.5', 'abc', ' 5', '+5', '5 ', '١', 'Infinity', '1_0'],
      ],
      ['offset', ['-1', '10001', '1.0', '', 'x', '9999999999999999', '1e3']],
      ['page', ['0', '-1', '502', '10002', '', '1.5', 'x', 'null']],
      ['total', ['1', 'yes', '', 'TRUE', 'null']],
      ['cursor', ['', 'x'.repeat(601)]],
      ['name', ['%00', 'x'.repeat(101)]],
    ])('%s refuses %j', async (parameter, values) => {
      for (const value of values) {
        const escaped = value.includes('%') ? value : encodeURIComponent(value);
        const answer = await ada.get(`${PROJECTS}?${parameter}=${escaped}`);
        expect([value, answer.outcome]).toEqual([value, '400 VALIDATION_ERROR']);
        expect(answer.body.details).toEqual([{ path: parameter, message: expect.any(String) }]);
      }
    });

    it('bound page by what offset may reach', async () => {
      for (const query of [{ limit: 100, page: 102 }, { page: 502 }, { limit: 1, page: 10_002 }]) {
        expect((await ada.get(q(query))).outcome).toBe('400 VALIDATION_ERROR');
      }
      expect((await ada.get(q({ page: 501 }))).status).toBe(200);
    });

    it('refuse more than one way to say where to start', async () => {
      const cursor = (await ada.get(PROJECTS)).body.pagination.nextCursor as string;
      for (const query of [
        { offset: 0, page: 1 },
        { offset: 0, cursor },
        { page: 1, cursor },
        { offset: 0, page: 1, cursor },
      ]) {
        expect((await ada.get(q(query))).outcome).toBe('400 VALIDATION_ERROR');
      }
    });

    it.each(['limit', 'offset', 'page', 'cursor', 'total', 'name'])('refuse %s given twice', async (name) => {
      const value = name === 'total' ? 'true' : '1';
      for (const again of [value, '']) {
        const answer = await ada.get(`${PROJECTS}?${name}=${value}&${name}=${again}`);
        expect(answer.outcome).toBe('400 VALIDATION_ERROR');
        expect(answer.body.details).toEqual([{ path: name, message: expect.any(String) }]);
      }
    });

    it.each(['sort', 'Limit', 'name[$ne]', '$where', '__proto__', 'constructor', '', 'limit[]', 'email'])(
      'refuse the unknown parameter %j',
      async (name) => {
        const answer = await ada.get(`${PROJECTS}?${encodeURIComponent(name)}=1`);
        expect(answer.outcome).toBe('400 VALIDATION_ERROR');
        expect(answer.body.details).toEqual([{ path: name, message: 'is not a known field' }]);
      },
    );
  });

  describe('total', () => {
    it('counts the whole list, only when asked', async () => {
      for (const [url, total] of [
        [q({ total: true }), 25],
        [q({ total: true, limit: 1, offset: 9_999 }), 25],
        [q({ total: true, name: 'P2' }), 7],
        [q({ total: false }), undefined],
        [PROJECTS, undefined],
      ] as const) {
        const { body } = await ada.get(url);
        expect([url, body.pagination.total]).toEqual([url, total]);
      }
    });

    it('counts the whole list with a cursor too', async () => {
      const cursor = (await ada.get(q({ limit: 10 }))).body.pagination.nextCursor as string;
      const { body } = await ada.get(q({ limit: 10, cursor, total: true }));
      expect(body.pagination).toEqual({
        limit: 10,
        offset: null,
        hasMore: true,
        nextCursor: expect.any(String),
        total: 25,
      });
    });
  });

  describe('by name', () => {
    let grace: TestClient;
    const LITERALS = ['(', ')', '.*', '\\', '$', '^', '[', ']', '{1}', '|', '?', '+', '\\E', '/i', '#', '-'];

    beforeAll(async () => {
      grace = await test.anonymous.signIn();
      const others = ['Alpha', 'beta ALPHA', 'ÉCLAIR', 'straße', '100%', '😀 smile'];
      await createProjects(grace, ...LITERALS.map((text) => `x${text}y`), ...others);
    });

    it.each(LITERALS)('take %s literally', async (text) => {
      const { status, body } = await grace.get(q({ name: text, limit: 100 }));
      const containing = LITERALS.filter((literal) => literal.includes(text)).map(
        (literal) => `x${literal}y`,
      );
      expect(status).toBe(200);
      expect(names({ body }).toSorted()).toEqual(containing.toSorted());
    });

    it.each([
      ['alpha', ['beta ALPHA', 'Alpha']],
      ['BETA', ['beta ALPHA']],
      ['a a', ['beta ALPHA']],
      ['éclair', ['ÉCLAIR']],
      ['e\u0301clair', ['ÉCLAIR']],
      ['STRAßE', ['straße']],
      ['%', ['100%']],
      ['😀', ['😀 smile']],
      ['  alpha ', ['beta ALPHA', 'Alpha']],
      ['nothing like it', []],
      ['(a+)+$', []],
    ])('find %j whatever its case', async (name, found) => {
      const { body } = await grace.get(q({ name }));
      expect(names({ body })).toEqual(found);
    });

    it('leave nothing out for an empty name', async () => {
      const { body } = await grace.get(q({ name: '', total: true }));
      expect(body.pagination.total).toBe(LITERALS.length + 6);
    });

    it('answer a pattern that is slow elsewhere at once', async () => {
      await createProject(grace, { name: 'a'.repeat(100) });
      const started = performance.now();
      expect((await grace.get(q({ name: '(a+)+'.repeat(20) }))).status).toBe(200);
      expect(performance.now() - started).toBeLessThan(atMost(1_000));
    });
  });
});
