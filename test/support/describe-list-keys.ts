import { describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import type { Feature } from './feature.js';
import { createRecord, full } from './feature-bodies.js';
import { useNextStart } from './next-start.js';

/**
 * Records that were stored before a feature had certain lists have what those sort and search by from the next start on.
 * @param keys the texts that the migration makes keys of
 */
export function describeListKeys(
  feature: Feature,
  migration: string,
  {
    sorted = [],
    searched = [],
  }: { readonly sorted?: readonly string[]; readonly searched?: readonly string[] },
): void {
  const keys = [...sorted.map((name) => `_${name}`), ...(searched.length > 0 ? ['_words'] : [])];
  describe(`${feature.collection} that were stored before they had ${keys.join(', ')}`, () => {
    const next = useNextStart();

    it('have them from the next start on, as if they had just been written', async () => {
      const admin = await next.before.anonymous.signIn('admin');
      const body = await full(feature, { caller: admin, admin });
      const _id = new Types.ObjectId((await createRecord(feature, { caller: admin, admin }, body)).id);
      const records = next.before.connection.collection(feature.collection);
      const written = await records.findOne({ _id });
      const none = Object.fromEntries(keys.map((key) => [key, '']));
      await records.updateOne({ _id }, { $unset: none });
      await next.start(migration);
      expect(await records.findOne({ _id })).toEqual(written);
      // What only the server sets has no key yet.
      const expected = keys.filter((key) => key === '_words' || !feature.fields[key.slice(1)]?.server);
      expect(Object.keys(written ?? {})).toEqual(expect.arrayContaining(expected));
    });
  });
}
