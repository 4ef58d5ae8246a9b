import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { GroupCommit } from './group-commit.js';
import type { Transaction } from './transactions.js';

const { MongoServerError } = mongoose.mongo;

describe('a group commit', () => {
  /** Remembers which items each transaction wrote; `write` may refuse them. */
  function committing(write: (items: readonly number[]) => void = () => undefined, runs = 1) {
    const groups: (readonly number[])[] = [];
    const commit = new GroupCommit<number>(
      async (work) => {
        for (let run = 0; run < runs; run++) await work({} as Transaction);
      },
      async (items) => {
        await Promise.resolve();
        write(items);
        groups.push(items);
      },
    );
    return { groups, commit };
  }
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

  it('writes whoever comes first alone, and who comes meanwhile together, at most 20 at a time', async () => {
    const { groups, commit } = committing();
    await Promise.all(upTo(45).map((n) => commit.add(n)));
    expect(groups.map(({ length }) => length)).toEqual([1, 20, 20, 4]);
    expect(groups.flat()).toEqual(upTo(45));
    await commit.add(45);
    expect(groups.at(-1)).toEqual([45]);
  });

  it('lets nobody fail for another one', async () => {
    const { groups, commit } = committing((items) => {
      if (items.includes(3)) throw new Error('3 is taken');
    });
    const outcomes = await Promise.allSettled(upTo(6).map((n) => commit.add(n)));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      true,
      true,
      false,
      true,
      true,
    ]);
    expect(groups).toEqual([[0], [1], [2], [4], [5]]);
  });

  it('does not repeat a group that is in conflict, but each of it', async () => {
    const { groups, commit } = committing(undefined, 2);
    await Promise.all(upTo(3).map((n) => commit.add(n)));
    // The first of each run is rolled back.
    expect(groups).toEqual([[0], [0], [1, 2], [1], [2], [1], [2]]);
  });

  it('repeats nothing that may be committed', async () => {
    const unknown = new MongoServerError({ errorLabels: ['UnknownTransactionCommitResult'] });
    const { commit } = committing((items) => {
      if (items.length > 1) throw unknown;
    });
    const outcomes = await Promise.allSettled(upTo(3).map((n) => commit.add(n)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });

  it('runs in the context of the first request, and returns to that of each', async () => {
    const request = new AsyncLocalStorage<number>();
    const within: (number | undefined)[] = [];
    const { commit } = committing(() => void within.push(request.getStore()));
    const after = await Promise.all(
      upTo(3).map((n) =>
        request.run(n, async () => {
          await commit.add(n);
          return request.getStore();
        }),
      ),
    );
    expect(within).toEqual([0, 1]);
    expect(after).toEqual([0, 1, 2]);
  });
});
