import { describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import type { Field, ValueField } from './feature.js';
import { fieldsOf, type RecordJson } from './feature-bodies.js';
import { expectFault, type FeatureTest, idsOf, UNKNOWN_FIELD } from './feature-test.js';
import type { TestClient } from './test-client.js';

/** The cells of a table as RFC 4180 writes it. */
function tableOf(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

/** Another value of the same kind as it is stored. */
function another(stored: unknown, n: number): unknown {
  if (typeof stored === 'number') return -n;
  if (stored instanceof Date) return new Date(n);
  if (stored instanceof Types.ObjectId) return new Types.ObjectId();
  return stored instanceof Types.Decimal128 ? Types.Decimal128.fromString(String(-n)) : `${n}`;
}

/** A value as a cell has it. */
function cellOf(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** All records of a list as a file. */
export function describeExport(its: FeatureTest): void {
  const { feature } = its;
  if (!feature.export) return;
  const path = `${feature.path}/export`;
  const name = feature.path.split('/').at(-1) ?? '';

  describe('the export', () => {
    const lines = (text: string) =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as RecordJson);
    async function exported(client: TestClient, query = ''): Promise<RecordJson[]> {
      const { status, text } = await client.get(`${path}?format=ndjson${query}`);
      expect(status).toBe(200);
      return lines(text);
    }

    it('has each record as the list has it, in its order, as lines of JSON', async () => {
      const owner = await its.newList();
      for (let n = 0; n < 4; n++) await its.create(await its.full(owner), owner);
      const listed = await its.walk(owner, { limit: '100' });
      const { headers, text } = await owner.get(`${path}?format=ndjson`);
      expect(lines(text)).toEqual(listed);
      expect([headers['content-type'], headers['content-disposition']]).toEqual([
        'application/x-ndjson; charset=utf-8',
        `attachment; filename="${name}.ndjson"`,
      ]);
    });

    it('is a table for spreadsheets, too', async () => {
      const owner = await its.newList();
      await its.create({}, owner);
      await its.create(await its.full(owner), owner);
      const listed = await its.walk(owner, { limit: '100' });
      for (const query of ['', '?format=csv']) {
        const { headers, text } = await owner.get(`${path}${query}`);
        const [head = [], ...rows] = tableOf(text);
        expect(head).toEqual(Object.keys(listed[0] ?? {}));
        expect(rows).toEqual(listed.map((record) => head.map((column) => cellOf(record[column]))));
        expect([headers['content-type'], headers['content-disposition']]).toEqual([
          'text/csv; charset=utf-8',
          `attachment; filename="${name}.csv"`,
        ]);
      }
      expect((await owner.head(path)).text).toBe('');
    });

    it('has all of a list that takes several pages', async () => {
      const owner = await its.newList();
      const record = await its.create({}, owner);
      const [stored] = await its.collection
        .find({ _id: { $exists: true } })
        .sort({ $natural: -1 })
        .limit(1)
        .toArray();
      const { _id: _, ...rest }: Record<string, unknown> = stored ?? {};
      const isGiven = (field: string) => (rest[field] ?? null) !== null;
      const unique = fieldsOf(feature).filter(([field, { unique: isUnique }]) => isUnique && isGiven(field));
      const copies = Array.from({ length: 450 }, (_each, n) => ({
        ...rest,
        ...Object.fromEntries(unique.map(([field]) => [field, another(rest[field], n)])),
      }));
      await its.collection.insertMany(copies);
      const all = await exported(owner);
      expect(new Set(idsOf(all)).size).toBe(451);
      expect(idsOf(all)).toContain(record.id);
    });

    const isAnyText = ({ ref, server, ...field }: Field) => {
      const { accepts = [] } = field as ValueField;
      const isShort = accepts.includes('') || accepts.includes('x');
      return (
        ref === undefined && !server && isShort && accepts.some((value) => /^x{20,}$/.test(String(value)))
      );
    };
    const text = fieldsOf(feature).find(([, field]) => isAnyText(field));
    if (text) {
      it('has no cell that a spreadsheet would run', async () => {
        const [field] = text;
        const owner = await its.newList();
        const formulas = ['=1+1', '+1+1', '-1+1', '@SUM(A1)', "'=1"];
        for (const formula of formulas)
          await its.create({ ...(await its.full(owner)), [field]: formula }, owner);
        const [head = [], ...rows] = tableOf((await owner.get(path)).text);
        const cells = rows.map((row) => row[head.indexOf(field)]);
        expect(cells).toEqual(formulas.map((formula) => `'${formula}`).toReversed());
        expect((await exported(owner)).map((record) => record[field])).toEqual(formulas.toReversed());
      });
    }

    it('takes what the list takes, but for pages', async () => {
      const owner = await its.newList();
      await its.create(await its.full(owner), owner);
      const [record] = await its.walk(owner, { limit: '1' });
      for (const [filter, { filter: kind }] of fieldsOf(feature)) {
        const [value = null] = [record?.[filter]].flat() as unknown[];
        if (!kind || value === null) continue;
        expect(await exported(owner, `&${filter}=${encodeURIComponent(String(value))}`)).toEqual([record]);
      }
      for (const { equal = [], sort } of feature.lists ?? []) {
        if ([...equal, sort].some((each) => record?.[each] === null)) continue;
        const given = equal.map((each) => `&${each}=${encodeURIComponent(String(record?.[each]))}`).join('');
        expect(await exported(owner, `&sort=-${sort}${given}`)).toEqual([record]);
      }
      for (const parameter of ['limit', 'offset', 'page', 'cursor', 'total']) {
        expectFault(await owner.get(`${path}?${parameter}=1`), parameter, UNKNOWN_FIELD);
      }
      expectFault(await owner.get(`${path}?format=xls`), 'format');
    });

    if (!feature.shared) {
      it('has records of others for who may read them, and for nobody else', async () => {
        const record = await its.create();
        const owner = its.writer.userId;
        expect((await its.user.get(`${path}?owner=${owner}`)).outcome).toBe('403 FORBIDDEN');
        expect((await its.test.anonymous.get(path)).outcome).toBe('401 UNAUTHENTICATED');
        expect(idsOf(await exported(its.user))).not.toContain(record.id);
        expect(idsOf(await exported(its.moderator, `&owner=${owner}`))).toContain(record.id);
      });
    }
  });
}
