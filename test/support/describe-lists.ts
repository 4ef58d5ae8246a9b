import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DeclaredList, Field } from './feature.js';
import { fieldsOf, type RecordJson, valueOf } from './feature-bodies.js';
import { expectFault, type FeatureTest, idsOf, UNKNOWN_FIELD } from './feature-test.js';
import type { TestClient } from './test-client.js';

/** Lists: their order, their pages and their filters. */
export function describeLists(its: FeatureTest): void {
  const { feature } = its;

  describe('the list', () => {
    let owner: TestClient;
    let newestFirst: RecordJson[];

    beforeAll(async () => {
      owner = await its.newList();
      const created: RecordJson[] = [];
      for (let n = 0; n < 7; n++) created.push(await its.create({}, owner));
      newestFirst = created.toReversed();
    });

    it('answers each record as reading it does, newest first', async () => {
      const { outcome, body } = await owner.get(`${feature.path}?total=true`);
      expect(outcome).toBe('200');
      expect(body).toEqual({
        success: true,
        data: newestFirst,
        pagination: { limit: 20, offset: 0, hasMore: false, nextCursor: null, total: 7 },
      });
    });

    it.each(['1', '3', '7'])('is walked in pages of %s, and answers each record once', async (limit) => {
      expect(await its.walk(owner, { limit })).toEqual(newestFirst);
    });

    it('answers the page that is asked for', async () => {
      const page = async (query: string) => {
        const { body } = await owner.get(`${feature.path}?${query}&total=true`);
        expect(body.pagination.total).toBe(7);
        return idsOf(body.data as RecordJson[]);
      };
      const ids = idsOf(newestFirst);
      expect(await page('limit=3&offset=2')).toEqual(ids.slice(2, 5));
      expect(await page('limit=3&page=3')).toEqual(ids.slice(6));
      expect(await page('offset=7')).toEqual([]);
    });

    it('refuses what it does not take', async () => {
      const taken = fieldsOf(feature).filter(([, { filter }]) => filter);
      const names = taken.flatMap(([name]) => [`${name}[$ne]`, `${name} `]);
      const others = fieldsOf(feature).filter(([, { filter }]) => !filter);
      const { lists = [], search = [] } = feature;
      const parameters = [...(lists.length > 0 ? [] : ['sort']), ...(search.length > 0 ? [] : ['q'])];
      const unknown = [...others.map(([other]) => other), ...parameters, '$where'];
      for (const name of [...names, ...unknown.filter((each) => !taken.some(([known]) => known === each))]) {
        expectFault(await owner.get(`${feature.path}?${encodeURIComponent(name)}=1`), name, UNKNOWN_FIELD);
      }
      expectFault(await owner.get(`${feature.path}?limit=101`), 'limit');
    });
  });

  describe('the declared lists', () => {
    for (const list of feature.lists ?? []) describeDeclared(its, list);
    describeSearchAndCounts(its);
  });

  for (const [name, field] of fieldsOf(feature)) {
    if (field.filter && !field.server)
      describe(`the list by ${name}`, () => describeFilter(its, name, field));
  }
}

/** Lists in the order of a field: each record once, and backwards the other way round. */
function describeDeclared(its: FeatureTest, { equal = [], sort }: DeclaredList): void {
  const { feature } = its;
  const { path, fields } = feature;

  it(`is in the order of ${sort}${equal.length > 0 ? ` with ${equal.join(' and ')}` : ''}`, async () => {
    const owner = await its.newList();
    // Only one record has a unique value.
    const count = equal.some((name) => fields[name]?.unique) ? 1 : 4;
    const bodies = [];
    for (let n = 1; n <= count; n++) bodies.push(await its.full(owner));
    const [first] = bodies;
    const sent = (name: string) => fields[name] !== undefined && !fields[name].server;
    const given = Object.fromEntries(equal.filter(sent).map((name) => [name, first?.[name]]));
    const records: RecordJson[] = [];
    for (const body of bodies) records.push(await its.create({ ...body, ...given }, owner));
    const asked = equal.filter((name) => records[0]?.[name] !== null);
    // What only the server sets has no value yet, and cannot be asked for.
    if (asked.length < equal.length) return;
    const filter = Object.fromEntries(asked.map((name) => [name, textOf(records[0]?.[name])]));
    const [up, down] = await Promise.all([
      its.walk(owner, { ...filter, sort, limit: '1' }),
      its.walk(owner, { ...filter, sort: `-${sort}`, limit: '3' }),
    ]);
    const all = await its.walk(owner, { ...filter });
    expect(idsOf(up).toSorted()).toEqual(idsOf(all).toSorted());
    expect(up.length).toBeGreaterThan(0);
    expect(idsOf(down)).toEqual(idsOf(up).toReversed());
    for (const name of equal) {
      const { [name]: _left, ...rest } = filter;
      const query = new URLSearchParams({ ...rest, sort });
      const isServed = (feature.lists ?? []).some(
        (list) =>
          list.sort === sort && (list.equal ?? []).toSorted().join() === Object.keys(rest).toSorted().join(),
      );
      if (!isServed) expectFault(await owner.get(`${path}?${query}`), 'sort');
    }
  });
}

/** What is looked for by words, and counted. */
function describeSearchAndCounts(its: FeatureTest): void {
  const { path, fields, search = [], stats = [] } = its.feature;

  // What only the server sets has no words yet.
  for (const name of search.filter((each) => !fields[each]?.server)) {
    it(`finds the words of ${name}`, async () => {
      const owner = await its.newList();
      const record = await its.create({ ...(await its.full(owner)) }, owner);
      const [word = ''] = /[\p{L}\p{N}]+/u.exec(textOf(record[name])) ?? [];
      const found = (q: string) => its.walk(owner, { q, limit: '1' });
      expect(await found(word.toUpperCase())).toEqual([record]);
      expect(await found(word.slice(0, 1))).toEqual([record]);
      expect(await found(`${word} nowhere`)).toEqual([]);
    });
  }

  for (const by of stats) {
    it(`counts the records with each ${by}`, async () => {
      const owner = await its.newList();
      const records = [await its.create({}, owner), await its.create(await its.full(owner), owner)];
      const { outcome, body } = await owner.get(`${path}/stats?by=${by}`);
      const counted = Map.groupBy(records, (record) => record[by]);
      const counts = [...counted].map(([value, { length: count }]) => ({ value, count }));
      expect([outcome, body.data.length]).toEqual(['200', counts.length]);
      expect(body.data).toEqual(expect.arrayContaining(counts));
      expectFault(await owner.get(`${path}/stats?by=id`), 'by');
    });
  }
}

/** What a field is asked for by, so that a record with this value is found. */
function textOf(value: unknown): string {
  return String([value].flat()[0]);
}

function fits(value: unknown, asked: string, { filter }: Field): boolean {
  if (filter === 'contains') return String(value).toLowerCase().includes(asked.trim().toLowerCase());
  return [value].flat().some((each) => String(each) === asked);
}

function describeFilter(its: FeatureTest, name: string, field: Field): void {
  const { path } = its.feature;
  let owner: TestClient;
  let values: unknown[];
  let records: RecordJson[];

  beforeAll(async () => {
    owner = await its.newList();
    values = [];
    records = [];
    for (const n of [1, 2]) {
      const value = await valueOf(field, n, its.makers(owner));
      values.push(value);
      records.push(await its.create({ ...(await its.minimal(owner, n)), [name]: value }, owner));
    }
  });

  /** Asks, in pages of one record, and expects the records that fit. */
  async function expectFound(asked: string): Promise<number> {
    const fitting = records.filter((record) => fits(record[name], asked, field)).toReversed();
    expect(await its.walk(owner, { [name]: asked, limit: '1' })).toEqual(fitting);
    const query = new URLSearchParams({ [name]: asked, total: 'true' });
    const { body } = await owner.get(`${path}?${query}`);
    expect([body.data, body.pagination.total]).toEqual([fitting, fitting.length]);
    return fitting.length;
  }

  it('answers the records that fit', async () => {
    for (const value of values) expect(await expectFound(textOf(value))).toBeGreaterThan(0);
  });

  if (field.filter === 'contains') {
    it('asks for a part, whatever its case', async () => {
      const text = textOf(values[0]);
      const part = text.length > 1 ? text.slice(1) : text;
      for (const asked of [part.toUpperCase(), part.toLowerCase()]) {
        expect(await expectFound(asked)).toBeGreaterThan(0);
      }
    });
  }

  it('answers nothing where nothing fits', async () => {
    const asked = textOf(values[1]);
    for (const record of records.filter((each) => fits(each[name], asked, field))) {
      expect((await owner.delete(its.at(record))).outcome).toBe('200');
    }
    records = records.filter((record) => !fits(record[name], asked, field));
    expect(await expectFound(asked)).toBe(0);
  });

  if (field.several) {
    it('takes several values', async () => {
      const asked = values.map(textOf);
      const query = new URLSearchParams(
        field.several === 'commas'
          ? [[name, asked.join()]]
          : asked.map((text): [string, string] => [name, text]),
      );
      const fitting = records.filter((record) => asked.some((text) => fits(record[name], text, field)));
      expect((await owner.get(`${path}?${query}`)).body.data).toEqual(fitting.toReversed());
      for (const text of Array.from({ length: 20 }, (_, n) => String(n))) query.append(name, text);
      expectFault(await owner.get(`${path}?${query}`), name);
    });
    return;
  }

  it('takes the parameter once', async () => {
    const query = new URLSearchParams([1, 2].map((): [string, string] => [name, textOf(values[0])]));
    expectFault(await owner.get(`${path}?${query}`), name);
  });
}
