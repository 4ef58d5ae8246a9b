import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Field, ValueField } from './feature.js';
import { type Body, fieldsOf, nextNumber, type RecordJson } from './feature-bodies.js';
import { expectFault, expectFaultsWithin, type FeatureTest, shown, UNKNOWN_FIELD } from './feature-test.js';

const ID = 'f'.repeat(24);

/** Names that no body may have: of what the server gives a record, and of what databases and JavaScript read. */
const UNKNOWN = [
  'id',
  '_id',
  'ownerId',
  'owner',
  'createdBy',
  'version',
  '__v',
  'createdAt',
  'updatedAt',
  '$set',
  'constructor',
];

/** What the type of a field cannot hold, whatever the table says. */
function strangersOf(field: Field): unknown[] {
  const attacks = [{ $ne: null }, { $gt: '' }];
  if (field.ref === undefined) {
    const value = field.value(1);
    return [...attacks, field.list ? [value].flat()[0] : [value]];
  }
  return [...attacks, [ID], 'zzz', ID.slice(1), `${ID}f`, '', 1, true];
}

function titleOf(sent: unknown, answered: unknown): string {
  return isDeepStrictEqual(sent, answered) ? shown(sent) : `${shown(sent)} as ${shown(answered)}`;
}

/** What each field takes, what it makes of it, and what it refuses: by POST, PUT and PATCH alike. */
export function describeFields(its: FeatureTest): void {
  describe('what it takes', () => {
    const { feature } = its;
    /** What the record of these tests was created with: what is required. */
    let base: Body;
    let record: RecordJson;

    beforeAll(async () => {
      base = await its.minimal();
      record = await its.create(base);
    });

    async function expectRefused(name: string, value: unknown, message?: string): Promise<void> {
      const fields = { [name]: value };
      const before = await its.read(record);
      const count = await its.collection.countDocuments();
      const field = feature.fields[name];
      const isNested = field?.ref === undefined && field?.nested === true;
      for (const answer of [
        await its.writer.post(feature.path, { ...base, ...fields }),
        await its.writer.put(its.at(record), { ...base, ...fields }),
        await its.writer.patch(its.at(record), fields),
      ]) {
        if (isNested) expectFaultsWithin(answer, name);
        else expectFault(answer, name, message);
      }
      expect(await its.read(record)).toEqual(before);
      expect(await its.collection.countDocuments()).toBe(count);
    }

    /** Expects a value to be taken by a request, and read again. */
    async function expectTaken(name: string, answered: unknown, method: string, url: string, body: Body) {
      const { outcome, body: taken } = await its.writer.send(method, url, body);
      expect([method, outcome]).toEqual([method, method === 'POST' ? '201' : '200']);
      expect(taken.data[name]).toEqual(answered);
      expect(await its.read(taken.data)).toEqual(taken.data);
      return taken.data as RecordJson;
    }

    /** A value that the field may have, and that is another one than this. */
    function otherThan(value: unknown, field: ValueField): unknown {
      const values = Array.from({ length: 3 }, () => field.value(nextNumber(feature)));
      return values.find((each) => !isDeepStrictEqual(each, value));
    }

    async function expectEachTakes(name: string, field: ValueField, sent: unknown, answered: unknown) {
      const created = await expectTaken(name, answered, 'POST', feature.path, {
        ...(await its.minimal()),
        [name]: sent,
      });
      await its.writer.delete(its.at(created));
      for (const method of ['PUT', 'PATCH']) {
        await its.writer.put(its.at(record), { ...base, [name]: otherThan(answered, field) });
        const body = method === 'PUT' ? { ...base, [name]: sent } : { [name]: sent };
        await expectTaken(name, answered, method, its.at(record), body);
      }
      await its.writer.put(its.at(record), base);
    }

    for (const [name] of fieldsOf(feature).filter(([, { server }]) => server)) {
      const { unsent = null } = feature.fields[name] ?? {};
      it(`answers ${name}, and refuses it in every body`, async () => {
        expect(record[name]).toEqual(unsent);
        for (const value of [unsent, 1]) await expectRefused(name, value, UNKNOWN_FIELD);
        const replaced = await its.writer.put(its.at(record), base);
        expect(replaced.body.data[name]).toEqual(unsent);
      });
    }

    describe.each(fieldsOf(feature).filter(([, { server }]) => !server))('%s', (name, field) => {
      if (field.ref === undefined) {
        const { accepts = [], becomes = [] } = field;
        const takes = [...accepts.map((value) => [value, value] as const), ...becomes];
        if (takes.length > 0) {
          it.each(takes.map(([sent, answered]) => [titleOf(sent, answered), sent, answered]))(
            'takes %s',
            (_, sent, answered) => expectEachTakes(name, field, sent, answered),
          );
        }
      }

      const refused = [...(field.refuses ?? []), ...strangersOf(field), ...(field.required ? [null] : [])];
      it.each(refused.map((value) => [shown(value), value]))('refuses %s', (_, value) =>
        expectRefused(name, value),
      );

      if (field.required) {
        it('must be sent, except by PATCH', async () => {
          const { [name]: _left, ...rest } = base;
          expectFault(await its.writer.post(feature.path, rest), name);
          expectFault(await its.writer.put(its.at(record), rest), name);
          expect((await its.writer.patch(its.at(record), rest)).body.data[name]).toEqual(base[name]);
        });
        return;
      }

      const { unsent = null } = field;
      it.each([
        ['POST', 'is not sent', undefined],
        ['POST', 'is null', null],
        ['PUT', 'is not sent', undefined],
        ['PUT', 'is null', null],
        ['PATCH', 'is null', null],
      ])(`is ${shown(unsent)} where, in %s, it %s`, async (method, _, sent) => {
        const before = await its.full();
        const body = { ...(method === 'PATCH' ? {} : before), [name]: sent };
        const url = method === 'POST' ? feature.path : its.at(await its.create(before));
        const answered = await expectTaken(name, unsent, method, url, body);
        if (unsent === null) expect(await its.stored(answered)).not.toHaveProperty(name);
      });
    });

    describe('fields that it does not have', () => {
      const unknown = [...UNKNOWN, `${fieldsOf(feature)[0]?.[0]} `].filter(
        (name) => !Object.hasOwn(feature.fields, name),
      );
      it.each(unknown)('are refused: %s', (name) => expectRefused(name, 1, UNKNOWN_FIELD));
    });
  });
}
