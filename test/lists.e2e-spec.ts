import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Types } from 'mongoose';
import { setListKeys } from '../src/platform/migrations/migration.js';
import { describeWords } from './support/describe-words.js';
import type { OpenApi } from './support/openapi-document.js';
import { type Profiled, queriesDuring } from './support/query-watch.js';
import { SEED } from './support/soak.js';
import {
  COUNT,
  type Query,
  RANGES,
  REFUSED,
  sortedBy,
  type Ticket,
  tickets,
} from './support/sorted-tickets.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { addTickets, TICKETS, TrialTicketsService } from './support/trial-lists.js';
import { STATES } from './support/trial-ticket.js';

addTickets();

describe('declared lists', () => {
  let test: TestApp;
  let ada: TestClient;
  let admin: TestClient;
  let all: Ticket[];

  async function page(query: Query, user = ada) {
    const { outcome, body, text } = await user.get(`${TICKETS}?${new URLSearchParams(query)}`);
    if (outcome !== '200') throw new Error(`${JSON.stringify(query)}: ${text}`);
    return body as {
      data: Ticket[];
      pagination: { nextCursor: string | null; total?: number; hasMore: boolean };
    };
  }

  /** Follows the cursors to the end. */
  async function walk(
    query: Query,
    user = ada,
    between = async () => undefined as unknown,
  ): Promise<Ticket[]> {
    const found: Ticket[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { data, pagination } = await page({ ...query, ...(cursor && { cursor }) }, user);
      found.push(...data);
      cursor = pagination.nextCursor;
      await between();
    }
    return found;
  }

  const ids = (of: readonly Ticket[]) => of.map(({ id }) => id);

  async function create(fields: object, user = ada): Promise<Ticket> {
    const { outcome, body, text } = await user.post(TICKETS, fields);
    if (outcome !== '201') throw new Error(text);
    return body.data as Ticket;
  }

  beforeAll(async () => {
    test = await createTestApp();
    [ada, admin] = await Promise.all([test.anonymous.signIn(), test.anonymous.signIn('admin')]);
    all = [];
    for (const fields of fc.sample(tickets, { numRuns: COUNT, seed: SEED })) all.push(await create(fields));
    for (let n = 0; n < 10; n++) await create({ title: 'of another', priority: 1 }, admin);
  });
  afterAll(() => test.close());

  describe.each([
    ['title', {}],
    ['body', {}],
    ['count', {}],
    ['price', {}],
    ['startsOn', {}],
    ['urgent', {}],
    ['dueAt', { state: 'open', priority: '1' }],
    ['dueAt', { state: 'open,Closed', priority: '1,2' }],
    ['createdAt', { number: 'A,2' }],
  ] as [string, Query][])('in the order of %s with %j', (field, filter) => {
    const expected = (direction: 1 | -1) => {
      const fitting = all.filter((ticket) =>
        Object.entries(filter).every(([name, value]) =>
          name === 'number' ? ticket[name] === value : value.split(',').includes(String(ticket[name])),
        ),
      );
      return sortedBy(field, direction, fitting);
    };

    it.each([1, -1] as const)('is the truth, by cursor and by offset (%d)', async (direction) => {
      const truth = expected(direction);
      expect(truth.length).toBeGreaterThan(2);
      const query = { ...filter, sort: `${direction === 1 ? '' : '-'}${field}` };
      for (const limit of ['7', '100']) expect(ids(await walk({ ...query, limit }))).toEqual(ids(truth));
      for (let offset = 0; offset <= truth.length; offset += 5) {
        const { data, pagination } = await page({
          ...query,
          offset: String(offset),
          limit: '5',
          total: 'true',
        });
        expect(ids(data)).toEqual(ids(truth.slice(offset, offset + 5)));
        expect(pagination).toMatchObject({ total: truth.length, hasMore: offset + 5 < truth.length });
      }
    });

    it('examines what it answers, in the order of its index', async () => {
      for (const sort of [field, `-${field}`]) {
        const { pagination } = await page({ ...filter, sort, limit: '2' });
        for (const start of [{}, { cursor: pagination.nextCursor ?? '' }]) {
          const query = { ...filter, ...start, sort, limit: '2' };
          const queries = await queriesDuring(
            test.connection,
            'trial_tickets',
            async () => void (await page(query)),
          );
          const sum = (count: 'docsExamined' | 'keysExamined') =>
            queries.reduce((whole: number, each: Profiled) => whole + each[count], 0);
          expect(queries.filter(({ hasSortStage }) => hasSortStage)).toEqual([]);
          // One for each combination of values, from which MongoDB merges.
          const stretches = Object.values(filter).reduce(
            (count, value) => count * value.split(',').length,
            1,
          );
          expect(sum('docsExamined')).toBeLessThanOrEqual(3 + 2 * stretches);
          expect(sum('keysExamined')).toBeLessThanOrEqual(6 + 6 * stretches);
        }
      }
    });
  });

  it('orders the records of everybody where it is declared', async () => {
    const everybody = await walk({ owner: 'all', sort: 'title', limit: '50' }, admin);
    expect(everybody).toHaveLength(COUNT + 10);
    expect(ids(everybody)).toEqual(ids(sortedBy('title', 1, everybody)));
    expect(ids(await walk({ owner: ada.userId, sort: 'count', limit: '50' }, admin))).toEqual(
      ids(sortedBy('count', 1, all)),
    );
  });

  it.each(RANGES)('a range of %s: %j', async (field, query, fits) => {
    const direction = query['sort']?.startsWith('-') ? -1 : 1;
    const fitting = all.filter((ticket) => ticket[field] !== null && fits(ticket[field] as never));
    const truth = ids(sortedBy(field, direction, fitting));
    expect(ids(await walk({ ...query, limit: '3' }))).toEqual(truth);
    expect((await page({ ...query, total: 'true' })).pagination.total).toBe(truth.length);
  });

  it('takes several values of a filter, newest first or sorted', async () => {
    const states = all.filter(({ state }) => state !== 'open').toReversed();
    expect(ids(await walk({ state: 'pending,Closed', limit: '9' }))).toEqual(ids(states));
    const { body } = await ada.get(`${TICKETS}?number=A-1&number=A,2&limit=100`);
    const fitting = all.filter(({ number }) => number !== 'B').toReversed();
    expect(ids(body.data as Ticket[])).toEqual(ids(fitting).slice(0, 100));
  });

  it('counts the records of each value', async () => {
    for (const by of ['state', 'urgent']) {
      const { outcome, body } = await ada.get(`${TICKETS}/stats?by=${by}`);
      expect(outcome).toBe('200');
      const counts = Map.groupBy(all, (ticket) => ticket[by]);
      expect(
        new Map(body.data.map(({ value, count }: { value: unknown; count: number }) => [value, count])),
      ).toEqual(new Map([...counts].map(([value, { length }]) => [value, length])));
    }
    expect((await ada.get(`${TICKETS}/stats?by=title`)).outcome).toBe('400 VALIDATION_ERROR');
    expect((await admin.get(`${TICKETS}/stats?by=state&owner=all`)).outcome).toBe('200');
    expect((await ada.get(`${TICKETS}/stats?by=state&owner=all`)).outcome).toBe('403 FORBIDDEN');
  });

  it.each(REFUSED)('refuses %s', async (query, path, message) => {
    const { outcome, body } = await ada.get(`${TICKETS}?${query.replaceAll(' ', '+')}`);
    expect(outcome).toBe('400 VALIDATION_ERROR');
    expect(body.details).toEqual([{ path, message: expect.stringMatching(message) }]);
  });

  it('refuses for everybody what has no index for it', async () => {
    for (const [query, path] of [
      ['sort=count', 'owner'],
      ['q=a', 'q'],
    ] as const) {
      const { outcome, body } = await admin.get(`${TICKETS}?owner=all&${query}`);
      expect([outcome, body.details[0].path]).toEqual(['400 VALIDATION_ERROR', path]);
    }
  });

  it('takes cursors of the same order only', async () => {
    const { pagination } = await page({ sort: 'title', limit: '1' });
    const cursor = pagination.nextCursor ?? '';
    const range = { 'title[gte]': 'a' };
    for (const query of [
      {},
      { sort: '-title' },
      { sort: 'count' },
      { sort: 'title', ...range },
      { q: 'a' },
    ]) {
      const { outcome } = await ada.get(`${TICKETS}?${new URLSearchParams({ ...query, cursor })}`);
      expect(outcome).toBe('400 INVALID_CURSOR');
    }
    const { outcome } = await admin.get(
      `${TICKETS}?${new URLSearchParams({ sort: 'title', owner: ada.userId, cursor })}`,
    );
    expect(outcome).toBe('400 INVALID_CURSOR');
  });

  it('answers each record whose place stays exactly once while others are written', async () => {
    const user = await test.anonymous.signIn();
    const fields = fc.sample(tickets, { numRuns: 80, seed: SEED + 1 });
    const made = [];
    for (const each of fields) made.push(await create({ ...each, state: 'open', priority: 1 }, user));
    const [moving, staying] = [made.slice(0, 20), made.slice(20)];
    let step = 0;
    const write = async () => {
      step++;
      const other = fc.sample(tickets, { numRuns: 1, seed: SEED + 100 + step })[0];
      const stays = staying[step % staying.length];
      const moves = moving[step % moving.length];
      const answers = await Promise.all([
        user.post(TICKETS, { ...other, state: 'open', priority: 1 }),
        user.patch(`${TICKETS}/${stays?.id}`, { number: `N${step}` }),
        user.patch(`${TICKETS}/${moves?.id}`, {
          title: other?.title,
          dueAt: other?.dueAt,
          count: other?.count,
        }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([201, 200, 200]);
    };
    for (const query of [
      { sort: 'title' },
      { sort: '-title' },
      { sort: '-count' },
      { sort: 'dueAt', state: 'open', priority: '1' },
    ] as Query[]) {
      const found = ids(await walk({ ...query, limit: '9' }, user, write));
      for (const { id } of staying) expect([id, found.filter((each) => each === id).length]).toEqual([id, 1]);
    }
  });

  describeWords(() => ({ test, create, page, walk }));

  it('is sorted and searched by the keys that a migration stores', async () => {
    const user = await test.anonymous.signIn();
    const titles = ['b', 'A', 'c'];
    for (const title of titles) await create({ title, body: `word ${title}` }, user);
    const { db } = test.connection;
    if (!db) throw new Error('There is no connection');
    const before = { ownerId: new Types.ObjectId(user.userId) };
    await db.collection('trial_tickets').updateMany(before, { $unset: { _title: '', _words: '' } });
    const titled = async (query: Query) =>
      (await walk({ ...query, limit: '2' }, user)).map(({ title }) => title);
    expect([await titled({ sort: 'title' }), await titled({ q: 'word' })]).toEqual([titles, []]);
    const keys = { sorted: ['title', 'body'], searched: ['title', 'body'] };
    await setListKeys({ db, progress: () => undefined }, 'trial_tickets', keys);
    expect([await titled({ sort: 'title' }), await titled({ q: 'wor' })]).toEqual([
      ['A', 'b', 'c'],
      ['c', 'A', 'b'],
    ]);
  });

  it('says what takes longer than it may', async () => {
    const { records } = test.app.get(TrialTicketsService, { strict: false });
    const scope = {
      owner: { kind: 'user', id: ada.userId },
      actor: { kind: 'user', id: ada.userId },
    } as never;
    const slow = records.page(scope, { limit: 1 } as never, { $where: 'sleep(700) || true' });
    await expect(slow).rejects.toMatchObject({ code: 50 });
  });

  it('names its parameters in the document as they are sent', async () => {
    const { body } = await ada.get('/docs/json');
    const { parameters = [] } = (body as OpenApi).paths[TICKETS]?.['get'] ?? {};
    const named = (name: string) => parameters.find((each) => each.name === name);
    expect(named('sort')?.schema).toMatchObject({
      type: 'string',
      enum: expect.arrayContaining(['title', '-dueAt']),
    });
    expect(named('dueAt[gte]')).toMatchObject({
      in: 'query',
      required: false,
      schema: { format: 'date-time' },
    });
    expect(named('state')).toMatchObject({
      explode: false,
      schema: { type: 'array', items: { enum: [...STATES] } },
    });
    expect(named('number')).toMatchObject({ schema: { type: 'array', items: { type: 'string' } } });
    expect(named('number')).not.toMatchObject({ explode: false });
    expect(named('q')).toBeDefined();
  });
});
