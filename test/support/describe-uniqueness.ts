import { describe, expect, it } from '@jest/globals';
import { type Body, codeOf, fieldsOf, type RecordJson } from './feature-bodies.js';
import { type FeatureTest, outcomesOf } from './feature-test.js';

/** Fields whose values an owner has once; of a shared feature everybody together. */
export function describeUniqueness(its: FeatureTest): void {
  const { feature } = its;
  const unique = fieldsOf(feature).filter(([, field]) => field.unique);

  for (const [name, { required, ref }] of unique) {
    describe(`${name}, which is unique,`, () => {
      const taken = `409 ${codeOf(feature.resource)}_${codeOf(name)}_TAKEN`;
      /** A body with every field, of which this one has a value that a record has. */
      const repeat = async (record: RecordJson, writer = its.writer): Promise<Body> => ({
        ...(await its.full(writer)),
        [name]: record[name],
      });
      const createFull = async () => its.create(await its.full());

      it('is refused when another record has the value', async () => {
        const [record, other] = [await createFull(), await createFull()];
        const answers = [
          await its.writer.post(feature.path, await repeat(record)),
          await its.writer.put(its.at(other), await repeat(record)),
          await its.writer.patch(its.at(other), { [name]: record[name] }),
        ];
        expect(outcomesOf(answers)).toEqual([taken, taken, taken]);
        expect(await its.read(other)).toEqual(other);
      });

      it('may stay as it is', async () => {
        const record = await createFull();
        const answers = [
          await its.writer.put(its.at(record), await repeat(record)),
          await its.writer.patch(its.at(record), { [name]: record[name] }),
        ];
        expect(outcomesOf(answers)).toEqual(['200', '200']);
      });

      it('is free again when its record is deleted', async () => {
        const record = await createFull();
        await its.writer.delete(its.at(record));
        expect((await its.writer.post(feature.path, await repeat(record))).outcome).toBe('201');
      });

      it(
        feature.shared ? 'is refused to anybody else, too' : 'may be the same for another owner',
        async () => {
          const record = await createFull();
          // Who is to refer to the same record must be able to read it.
          const other = ref === undefined ? its.other : its.admin;
          const { outcome } = await other.post(feature.path, await repeat(record, other));
          expect(outcome).toBe(feature.shared ? taken : '201');
        },
      );

      it('is created once of several at the same time', async () => {
        const record = await createFull();
        const bodies = await Promise.all(Array.from({ length: 8 }, () => repeat(record)));
        await its.writer.delete(its.at(record));
        const sent = bodies.map((body) => its.writer.post(feature.path, body));
        const outcomes = outcomesOf(await Promise.all(sent)).toSorted();
        expect(outcomes).toEqual(['201', ...Array.from({ length: 7 }, () => taken)]);
      });

      if (!required) {
        it('may be missing from several records', async () => {
          const bodies = [{}, {}, { [name]: null }];
          for (const body of bodies) {
            const { outcome } = await its.writer.post(feature.path, { ...(await its.minimal()), ...body });
            expect(outcome).toBe('201');
          }
        });
      }
    });
  }
}
