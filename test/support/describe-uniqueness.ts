import { describe, expect, it } from '@jest/globals';
import type { ValueField } from './feature.js';
import { type Body, codeOf, fieldsOf, type RecordJson } from './feature-bodies.js';
import { type FeatureTest, outcomesOf } from './feature-test.js';

/** One character of two, three and four bytes, and one that Unicode does not compose. */
const CHARACTERS = ['Ж', '語', '😀', 'q\u0323'];

/**
 * The longest texts that a field takes, where it takes any text: MongoDB quotes them in its error and cuts the quote
 * by bytes, so that each begins at another one.
 */
function longTexts({ accepts = [] }: ValueField): string[] {
  const longest = Math.max(
    0,
    ...accepts
      .filter((value) => typeof value === 'string' && /^x+$/.test(value))
      .map((value) => String(value).length),
  );
  if (longest < 30) return [];
  return CHARACTERS.flatMap((character) =>
    [0, 1, 2, 3].map((offset) => {
      const count = Math.floor((longest - offset) / [...character].length);
      return 'x'.repeat(offset) + character.repeat(count);
    }),
  );
}

/** Fields whose values an owner has once; of a shared feature everybody together. */
export function describeUniqueness(its: FeatureTest): void {
  const { feature } = its;
  const unique = fieldsOf(feature).filter(([, field]) => field.unique);

  for (const [name, field] of unique) {
    const { required, ref } = field;
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

      const texts = field.ref === undefined ? longTexts(field) : [];
      if (texts.length > 0) {
        it('is refused for long texts of characters of several bytes, too', async () => {
          const [first, other] = [await createFull(), await createFull()];
          const outcomes: string[] = [];
          for (const text of texts) {
            await its.writer.patch(its.at(first), { [name]: text });
            const answers = [
              await its.writer.post(feature.path, { ...(await its.full()), [name]: text }),
              await its.writer.put(its.at(other), { ...(await its.full()), [name]: text }),
              await its.writer.patch(its.at(other), { [name]: text }),
            ];
            outcomes.push(...outcomesOf(answers));
          }
          expect(outcomes).toEqual(outcomes.map(() => taken));
        });
      }

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
