import { beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import type { Feature } from './feature.js';
import { createRecord } from './feature-bodies.js';
import { useNextStart } from './next-start.js';
import type { TestApp } from './test-app.js';

/** What records have of fields that a feature no longer has, from the next start on. */
export function describeRemovedFields(
  feature: Feature,
  migration: string,
  { removed, unindexed }: Readonly<Record<'removed' | 'unindexed', readonly string[]>>,
): void {
  const fields = [...removed, ...unindexed];
  describe(`${feature.collection} that were stored while they had ${fields.join(', ')}`, () => {
    const next = useNextStart();
    let after: TestApp;
    let old: Types.ObjectId;

    const records = () => next.before.connection.collection(feature.collection);
    const indexed = async () => (await records().indexes()).flatMap(({ key }) => Object.keys(key));

    beforeAll(async () => {
      const admin = await next.before.anonymous.signIn('admin');
      old = new Types.ObjectId((await createRecord(feature, { caller: admin, admin })).id);
      await records().updateOne(
        { _id: old },
        { $set: Object.fromEntries(fields.map((name) => [name, 'old'])) },
      );
      for (const name of fields) await records().createIndex({ [name]: 1 });
      after = await next.start(migration);
    });

    it('are as if they had never had them, and answered as before', async () => {
      const record = await records().findOne({ _id: old });
      const left = fields.filter((name) => name in (record ?? {}));
      expect([record?.['version'], left]).toEqual([1, unindexed]);
      const admin = await after.anonymous.signIn('admin');
      expect(await admin.get(`${feature.path}/${old.toHexString()}`)).toMatchObject({ status: 200 });
    });

    it('have no index of them', async () => {
      const keys = await indexed();
      expect(fields.filter((name) => keys.includes(name))).toEqual([]);
    });
  });
}
