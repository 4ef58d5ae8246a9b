import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ApiError } from '../errors/errors.js';
import { GroupCommit } from './group-commit.js';

describe('a group commit', () => {
  /** Remembers which items were written together; `write` may refuse them, or name some to be tried alone. */
  function committing(write: (items: readonly number[]) => readonly number[] = () => []) {
    const groups: (readonly number[])[] = [];
    const commit = new GroupCommit<number>(async (items) => {
      groups.push(items);
      await Promise.resolve();
      return write(items);
    });
    return { groups, commit };
  }
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

  it('writes at once what comes first, and together what comes meanwhile, at most 20 at a time', async () => {
    const { groups, commit } = committing();
    await Promise.all(upTo(45).map((n) => commit.add(n)));
    expect(groups.map(({ length }) => length)).toEqual([1, 1, 20, 20, 3]);
    expect(groups.flat()).toEqual(upTo(45));
    await commit.add(45);
    expect(groups.at(-1)).toEqual([45]);
  });

  it('tries alone what could not be written with the others', async () => {
    const { groups, commit } = committing((items) => {
      if (items.length > 1) return items.flatMap((item, place) => (item % 2 === 0 ? [place] : []));
      if (items[0] === 4) throw new Error('4 is taken');
      return [];
    });
    const outcomes = await Promise.allSettled(upTo(7).map((n) => commit.add(n)));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(upTo(7).map((n) => n !== 4));
    expect(groups).toEqual([[0], [1], [2, 3, 4, 5, 6], [2], [4], [6]]);
  });

  it('fails for everybody when it is unknown what was written, and goes on', async () => {
    const { groups, commit } = committing((items) => {
      if (items.includes(3)) throw new Error('away');
      return [];
    });
    const outcomes = await Promise.allSettled(upTo(5).map((n) => commit.add(n)));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, true, false, false, false]);
    await commit.add(5);
    expect(groups).toEqual([[0], [1], [2, 3, 4], [5]]);
  });

  it('does not write what has waited for too long', async () => {
    const groups: (readonly number[])[] = [];
    const free = Promise.withResolvers<void>();
    const commit = new GroupCommit<number>(async (items) => {
      groups.push(items);
      await free.promise;
      return [];
    }, 50);
    const outcomes = Promise.allSettled(upTo(4).map((n) => commit.add(n)));
    await sleep(100);
    free.resolve();
    const codes = (await outcomes).map((each) =>
      each.status === 'rejected' ? (each.reason as ApiError).code : '',
    );
    expect(codes).toEqual(['', '', 'DATABASE_UNAVAILABLE', 'DATABASE_UNAVAILABLE']);
    await commit.add(4);
    expect(groups).toEqual([[0], [1], [4]]);
  });

  it('runs in the context of the first request, and returns to that of each', async () => {
    const request = new AsyncLocalStorage<number>();
    const within: (number | undefined)[] = [];
    const { commit } = committing(() => {
      within.push(request.getStore());
      return [];
    });
    const after = await Promise.all(
      upTo(4).map((n) =>
        request.run(n, async () => {
          await commit.add(n);
          return request.getStore();
        }),
      ),
    );
    expect(within).toEqual([0, 1, 2]);
    expect(after).toEqual([0, 1, 2, 3]);
  });
});
