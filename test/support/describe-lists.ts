import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Field } from './feature.js';
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
      const unknown = [...others.map(([other]) => other), 'sort', '$where'];
      for (const name of [...names, ...unknown.filter((each) => !taken.some(([known]) => known === each))]) {
        expectFault(await owner.get(`${feature.path}?${encodeURIComponent(name)}=1`), name, UNKNOWN_FIELD);
      }
      expectFault(await owner.get(`${feature.path}?limit=101`), 'limit');
    });
  });

  for (const [name, field] of fieldsOf(feature)) {
    if (field.filter) describe(`the list by ${name}`, () => describeFilter(its, name, field));
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

  it('takes the parameter once', async () => {
    const query = new URLSearchParams([1, 2].map((): [string, string] => [name, textOf(values[0])]));
    expectFault(await owner.get(`${path}?${query}`), name);
  });
}
