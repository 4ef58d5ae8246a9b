import { describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import type { Filter } from './filter.js';
import { GroupedReads } from './grouped-reads.js';

interface Kept {
  readonly _id: Types.ObjectId;
  readonly ownerId: Types.ObjectId;
}

const OWNER = new Types.ObjectId();
const OTHER = new Types.ObjectId();

describe('reads of one turn', () => {
  /** Reads what is kept, as MongoDB would for these filters, and remembers how many records each command asked for. */
  function reading(kept: readonly Kept[], fault?: Error) {
    const limits: number[] = [];
    const reads = new GroupedReads<Kept>(({ _id, ownerId }: Filter, limit) => {
      limits.push(limit);
      if (fault) return Promise.reject(fault);
      const ids = _id instanceof Types.ObjectId ? [_id] : (_id as { $in: Types.ObjectId[] }).$in;
      const found = kept.filter((each) => ids.some((id) => id.equals(each._id)));
      const own =
        ownerId === undefined ? found : found.filter((each) => each.ownerId.equals(ownerId as string));
      return Promise.resolve(own.map((each) => ({ ...each })));
    });
    return { reads, limits };
  }
  const records = (count: number, ownerId = OWNER): Kept[] =>
    Array.from({ length: count }, () => ({ _id: new Types.ObjectId(), ownerId }));
  const idOf = (record: Kept | undefined) => record?._id.toHexString();

  it('share commands of at most 20 records, and what comes alone is read alone', async () => {
    const kept = records(45);
    const { reads, limits } = reading(kept);
    const found = await Promise.all(kept.map(({ _id }) => reads.one({ _id, ownerId: OWNER })));
    expect(found.map(idOf)).toEqual(kept.map(idOf));
    expect(limits).toEqual([20, 20, 5]);
    expect(idOf(await reads.one({ _id: kept[7]?._id }))).toBe(idOf(kept[7]));
    expect(limits).toEqual([20, 20, 5, 1]);
  });

  it('find nothing that is absent or of another owner, whoever asks for the same beside them', async () => {
    const [own, foreign] = [...records(1), ...records(1, OTHER)];
    const { reads } = reading([own, foreign] as Kept[]);
    const ids = [own?._id, foreign?._id, new Types.ObjectId()];
    const found = await Promise.all(
      [OWNER, OTHER].flatMap((ownerId) => ids.map((_id) => reads.one({ _id, ownerId }))),
    );
    const [first, second] = [idOf(own), idOf(foreign)];
    expect(found.map(idOf)).toEqual([first, undefined, undefined, undefined, second, undefined]);
    expect(idOf(await reads.one({ _id: foreign?._id }))).toBe(second);
  });

  it('give everybody who asks for one record an object of its own', async () => {
    const kept = records(2);
    const { reads, limits } = reading(kept);
    const found = await Promise.all([...kept, ...kept].map(({ _id }) => reads.one({ _id })));
    expect(new Set(found).size).toBe(4);
    expect(found.map(idOf)).toEqual([...kept, ...kept].map(idOf));
    expect(limits).toEqual([2, 2]);
  });

  it('leave conditions that are more than ids to the database', async () => {
    const [one, another] = records(2) as [Kept, Kept];
    const { reads, limits } = reading([one, another]);
    const filters = [{ _id: one._id, ownerId: { $exists: true } }, { _id: another._id }];
    void (await Promise.all(filters.map((filter) => reads.one(filter).catch(() => undefined))));
    expect(limits).toEqual([1, 1]);
  });

  it('fail together where their command fails', async () => {
    const { reads } = reading([], new Error('gone'));
    const outcomes = await Promise.allSettled(records(3).map(({ _id }) => reads.one({ _id })));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
