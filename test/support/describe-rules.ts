import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Field } from './feature.js';
import { type Body, fieldsOf, nextNumber, type RecordJson } from './feature-bodies.js';
import type { FeatureTest } from './feature-test.js';

/** A day or a time of a year, in the form of another one. */
function inYear(year: string, like: unknown): string {
  return year + String(like).slice(4);
}

/** Fields that are later than others, whichever of the two is sent. */
export function describeRules(its: FeatureTest): void {
  const { feature } = its;
  for (const [name, field] of fieldsOf(feature)) {
    const other = field.after ?? field.since;
    if (other === undefined || field.server || field.ref !== undefined) continue;
    const strictly = field.after !== undefined;
    const compared = feature.fields[other];
    describe(`${name}, which is ${strictly ? 'after' : 'not before'} ${other}`, () => {
      let base: Body;

      beforeAll(async () => {
        base = { ...(await its.minimal()), [name]: field.value(nextNumber(feature)) };
      });

      const expectRefused = async (method: 'post' | 'put' | 'patch', url: string, body: Body) => {
        const message = `${name} must ${strictly ? 'be after' : 'not be before'} ${other}`;
        const { outcome, body: answer } = await its.writer[method](url, body);
        // Other rules may be broken by it, too.
        expect([outcome, answer.details]).toEqual([
          '400 VALIDATION_ERROR',
          expect.arrayContaining([{ path: name, message }]),
        ]);
      };

      if (!compared || compared.server) {
        it('is refused where it is earlier', async () => {
          const early = { ...base, [name]: inYear('1990', base[name]) };
          await expectRefused('post', feature.path, early);
          const record = await its.create(base);
          await expectRefused('put', its.at(record), early);
          await expectRefused('patch', its.at(record), { [name]: early[name] });
        });
        return;
      }
      describePair(its, { name, other, field, strictly, expectRefused, base: () => base });
    });
  }
}

interface Pair {
  readonly name: string;
  readonly other: string;
  readonly field: Field;
  readonly strictly: boolean;
  readonly expectRefused: (method: 'post' | 'put' | 'patch', url: string, body: Body) => Promise<void>;
  readonly base: () => Body;
}

function describePair(its: FeatureTest, { name, other, field, strictly, expectRefused, base }: Pair): void {
  const { feature } = its;
  const { ref, value = () => null } = { ref: undefined, ...feature.fields[other] } as {
    ref?: string;
    value?: (n: number) => unknown;
  };
  if (ref !== undefined) return;
  const rules = fieldsOf(feature).flatMap(([each, { after, since }]) =>
    after === undefined && since === undefined ? [] : [[each, after ?? since]],
  );
  const isAlone = rules.filter((rule) => rule.includes(name) || rule.includes(other)).length === 1;
  const own = (n: number) => (field.ref === undefined ? field.value(n) : null);
  const pair = async () => {
    const n = nextNumber(feature);
    return { ...(await its.minimal()), [name]: own(n), [other]: value(n) };
  };
  const patched = (record: RecordJson, change: Body) => its.writer.patch(its.at(record), change);

  it('is judged where both are sent', async () => {
    const swapped = { ...(await pair()), [other]: inYear('9000', base()[name]) };
    await expectRefused('post', feature.path, swapped);
    const record = await its.create(await pair());
    await expectRefused('put', its.at(record), swapped);
    await expectRefused('patch', its.at(record), { [name]: base()[name], [other]: swapped[other] });
    if (!isAlone) return;
    const same = { [name]: base()[name], [other]: base()[name] };
    if (strictly) await expectRefused('patch', its.at(record), same);
    else expect((await patched(record, same)).outcome).toBe('200');
  });

  it('is judged as the record would be where one is sent', async () => {
    const record = await its.create(await pair());
    await expectRefused('patch', its.at(record), { [name]: inYear('1990', base()[name]) });
    await expectRefused('patch', its.at(record), { [other]: inYear('9000', base()[name]) });
    expect(await its.read(record)).toEqual(record);
    if (!isAlone) return;
    expect(
      (
        await its.writer.patch(
          its.at(record),
          { [name]: inYear('1990', base()[name]) },
          { 'if-match': '"2"' },
        )
      ).outcome,
    ).toBe('412 PRECONDITION_FAILED');
    expect((await patched(record, { [name]: inYear('9000', base()[name]) })).outcome).toBe('200');
    expect((await patched(record, { [other]: inYear('8000', base()[name]) })).outcome).toBe('200');
    if (field.required) return;
    expect((await patched(record, { [name]: null })).outcome).toBe('200');
    expect((await patched(record, { [other]: inYear('9000', base()[name]) })).outcome).toBe('200');
  });

  if (!isAlone) return;
  it('holds where both are changed at once', async () => {
    for (let round = 0; round < 3; round++) {
      const record = await its.create({
        ...(await pair()),
        [other]: inYear('4000', base()[name]),
        [name]: inYear('7000', base()[name]),
      });
      const answers = await Promise.all([
        patched(record, { [other]: inYear('6000', base()[name]) }),
        patched(record, { [name]: inYear('5000', base()[name]) }),
      ]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400]);
    }
  });
}
