import { describe, expect, it } from '@jest/globals';
import { useNextStart } from './next-start.js';

/** What a feature has stored that is gone is deleted by the next start. */
export function describeDrop(collection: string, migration: string): void {
  describe(`what was stored in ${collection}`, () => {
    const next = useNextStart();

    it('is gone from the next start on', async () => {
      const records = next.before.connection.collection(collection);
      await records.insertOne({ version: 1 });
      await next.start(migration);
      expect(await records.countDocuments()).toBe(0);
    });
  });
}
