import { beforeEach, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { type Body, fieldsOf, type RecordJson } from './feature-bodies.js';
import type { FeatureTest } from './feature-test.js';

/** Fields that change along declared ways only: every pair of states, by PATCH and by PUT. */
export function describeStates(its: FeatureTest): void {
  for (const [name, { states, unsent, server }] of fieldsOf(its.feature)) {
    // Where only the server sets it, commands lead along the ways.
    if (states && !server) describe(`the states of ${name}`, () => describeField(its, name, states, unsent));
  }
}

function describeField(
  its: FeatureTest,
  name: string,
  states: Readonly<Record<string, readonly string[]>>,
  initial: unknown,
): void {
  const all = Object.keys(states);
  let base: Body;
  let record: RecordJson;

  beforeEach(async () => {
    base = await its.minimal();
    record = await its.create(base);
  });

  /** As the database has it, whichever ways lead there. */
  const put = (state: string) =>
    its.collection.updateOne({ _id: new Types.ObjectId(record.id) }, { $set: { [name]: state } });
  const refused = (message: unknown) => ['409 TRANSITION_NOT_ALLOWED', [{ path: name, message }]];

  it(`begin with ${String(initial)}`, async () => {
    expect(record[name]).toBe(initial);
    for (const state of all.filter((each) => each !== initial)) {
      const { outcome, body } = await its.writer.post(its.feature.path, { ...base, [name]: state });
      expect([outcome, body.details]).toEqual(refused(`${name} must be ${String(initial)} in a new record`));
    }
  });

  it.each(all)('lead from %s where they may, and nowhere else', async (from) => {
    const allowed = states[from] ?? [];
    for (const method of ['PATCH', 'PUT']) {
      for (const to of all) {
        await put(from);
        const { version } = await its.read(record);
        const body = method === 'PUT' ? { ...base, [name]: to } : { [name]: to };
        const { outcome, body: answer } = await its.writer.send(method, its.at(record), body);
        const isAllowed = to === from || allowed.includes(to);
        expect([method, to, outcome]).toEqual([method, to, isAllowed ? '200' : refused('')[0]]);
        if (!isAllowed) {
          const [{ path, message }] = answer.details;
          expect([path, allowed.every((state) => message.includes(state))]).toEqual([name, true]);
        }
        const after = isAllowed ? { [name]: to, version: version + 1 } : { [name]: from, version };
        expect(await its.read(record)).toMatchObject(after);
      }
    }
  });

  it('stay where a PUT does not say one', async () => {
    for (const state of all) {
      await put(state);
      expect((await its.writer.put(its.at(record), base)).body.data[name]).toBe(state);
    }
  });
}
