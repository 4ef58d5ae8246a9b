import { beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import type { Feature } from './feature.js';
import { createRecord } from './feature-bodies.js';
import { useNextStart } from './next-start.js';
import type { TestApp } from './test-app.js';

/**
 * Records that were stored before a feature had certain fields have them from the next start on.
 * @param values what the migration gives them
 */
export function describeNewFields(
  feature: Feature,
  migration: string,
  values: Readonly<Record<string, unknown>>,
): void {
  describe(`${feature.collection} that were stored before they had ${Object.keys(values).join(', ')}`, () => {
    const next = useNextStart();
    let after: TestApp;
    let old: Types.ObjectId;
    let whole: Types.ObjectId;

    const records = () => next.before.connection.collection(feature.collection);
    const trash = () => next.before.connection.collection(`${feature.collection}_trash`);
    const stored = (_id: Types.ObjectId) => records().findOne({ _id });

    beforeAll(async () => {
      const admin = await next.before.anonymous.signIn('admin');
      const create = async () =>
        new Types.ObjectId((await createRecord(feature, { caller: admin, admin })).id);
      [old, whole] = [await create(), await create()];
      await records().updateOne({ _id: old }, { $unset: values });
      if (feature.trash) {
        const { _id, ...lacking } = (await stored(old)) ?? {};
        await trash().insertOne(lacking);
      }
      after = await next.start(migration);
    });

    it('have them from the next start on, and another version: they are answered differently', async () => {
      expect(await stored(old)).toMatchObject({ ...values, version: 1 + Object.keys(values).length });
    });

    if (feature.trash) {
      it('have them in the trash, too', async () => {
        expect(await trash().findOne()).toMatchObject(values);
      });
    }

    it('keep what they have', async () => {
      const record = await stored(whole);
      expect(record).toMatchObject({ version: 1 });
      expect(Object.keys(record ?? {})).toEqual(expect.arrayContaining(Object.keys(values)));
    });

    it('are answered with them', async () => {
      const admin = await after.anonymous.signIn('admin');
      const { body } = await admin.get(`${feature.path}/${old.toHexString()}`);
      expect(body.data).toMatchObject(JSON.parse(JSON.stringify(values)) as object);
    });
  });
}
