import { beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import type { Feature } from './feature.js';
import { createRecord, full, type RecordJson } from './feature-bodies.js';
import { useNextStart } from './next-start.js';
import type { TestApp } from './test-app.js';

/**
 * Records that were stored while fields had other names have them under the new ones from the next start on.
 * @param names the new name of each field
 */
export function describeRenamedFields(
  feature: Feature,
  migration: string,
  names: Readonly<Record<string, string>>,
): void {
  const [old, fresh] = [Object.keys(names), Object.values(names)];
  describe(`${feature.collection} that were stored while ${fresh.join(', ')} had the names ${old.join(', ')}`, () => {
    const next = useNextStart();
    let after: TestApp;
    let created: RecordJson;
    let written: Readonly<Record<string, unknown>>;

    const records = () => next.before.connection.collection(feature.collection);
    const trash = () => next.before.connection.collection(`${feature.collection}_trash`);
    const ofCreated = () => ({ _id: new Types.ObjectId(created.id) });

    beforeAll(async () => {
      const admin = await next.before.anonymous.signIn('admin');
      const body = await full(feature, { caller: admin, admin });
      created = await createRecord(feature, { caller: admin, admin }, body);
      // What only the server sets may have no value yet.
      const lacking = Object.fromEntries(
        fresh.filter((name) => !name.includes('.')).map((name) => [name, null]),
      );
      written = { ...lacking, ...(await records().findOne(ofCreated())) };
      await records().replaceOne(ofCreated(), asBefore(written));
      if (feature.trash) await trash().insertOne(asBefore(written));
      for (const name of old) await records().createIndex({ [name]: 1 }, { unique: true });
      after = await next.start(migration);
    });

    /** The record as it was, without the words of the new names. */
    function asBefore(record: typeof written) {
      const nameOf = (key: string) => old.find((name) => [names[name], `_${names[name]}`].includes(key));
      const isSearched = fresh.some((name) => feature.search?.includes(name));
      return Object.fromEntries(
        Object.entries(record).map(([key, value]) => {
          if (key === '_words' && isSearched) return [key, []];
          const name = nameOf(key);
          return [name === undefined ? key : key.startsWith('_') ? `_${name}` : name, within(key, value)];
        }),
      );
    }

    /** An object, or a list of them, as it was. */
    function within(key: string, value: unknown): unknown {
      const inner = old.filter((name) => name.startsWith(`${key}.`));
      const asIt = (object: object) =>
        Object.fromEntries(
          Object.entries(object).map(([each, held]: [string, unknown]) => {
            const name = inner.find((one) => names[one] === `${key}.${each}`);
            return [name === undefined ? each : name.slice(key.length + 1), held];
          }),
        );
      if (inner.length === 0) return value;
      return Array.isArray(value) ? value.map(asIt) : asIt(value as object);
    }

    it('have the new ones from the next start on, and another version: they are answered differently', async () => {
      expect(await records().findOne(ofCreated())).toEqual({ ...written, version: 2 });
    });

    if (feature.trash) {
      it('have them in the trash, too', async () => {
        expect(await trash().findOne(ofCreated())).toEqual({ ...written, version: 2 });
      });
    }

    it('are answered with them', async () => {
      const admin = await after.anonymous.signIn('admin');
      const { body } = await admin.get(`${feature.path}/${created.id}`);
      expect(body.data).toEqual({ ...created, version: 2 });
    });

    it('have no index of the old ones', async () => {
      const keys = new Set((await records().indexes()).flatMap(({ key }) => Object.keys(key)));
      expect(old.filter((name) => keys.has(name))).toEqual([]);
    });
  });
}
