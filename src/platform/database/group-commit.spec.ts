import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ApiError } from '../errors/errors.js';
import { eventually } from '../../../test/support/mails.js';
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

  it('writes together what comes in one turn, at most 20 at a time, and alone what comes alone', async () => {
    const { groups, commit } = committing();
    await Promise.all(upTo(45).map((n) => commit.add(n)));
    expect(groups.map(({ length }) => length)).toEqual([20, 20, 5]);
    expect(groups.flat()).toEqual(upTo(45));
    await commit.add(45);
    expect(groups.at(-1)).toEqual([45]);
  });

  it('writes together what comes during a write, which holds it up only for a moment', async () => {
    const groups: (readonly number[])[] = [];
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const commit = new GroupCommit<number>(async (items) => {
      groups.push(items);
      await (items.includes(0) ? first : second).promise;
      return [];
    });
    const hanging = commit.add(0);
    await turn();
    const others = Promise.all([commit.add(1), commit.add(2)]);
    await turn();
    expect(groups).toEqual([[0]]);
    await eventually(() => groups.length === 2);
    expect(groups).toEqual([[0], [1, 2]]);
    const last = commit.add(3);
    second.resolve();
    await Promise.all([others, last]);
    first.resolve();
    await hanging;
    expect(groups).toEqual([[0], [1, 2], [3]]);
  });

  it('writes one group at a time while none is slow', async () => {
    let [running, most] = [0, 0];
    const commit = new GroupCommit<number>(async () => {
      most = Math.max(most, ++running);
      await turn();
      running--;
      return [];
    });
    const batches = upTo(20).map(async (n) => {
      for (let times = 0; times < n % 3; times++) await turn();
      await commit.add(n);
    });
    await Promise.all(batches);
    expect(most).toBe(1);
  });

  it('tries alone what could not be written with the others', async () => {
    const { groups, commit } = committing((items) => {
      if (items.length > 1) return items.flatMap((item, place) => (item % 2 === 0 ? [place] : []));
      if (items[0] === 4) throw new Error('4 is taken');
      return [];
    });
    const outcomes = await Promise.allSettled(upTo(7).map((n) => commit.add(n)));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(upTo(7).map((n) => n !== 4));
    expect(groups).toEqual([[0, 1, 2, 3, 4, 5, 6], [0], [2], [4], [6]]);
  });

  it('fails for everybody when it is unknown what was written, and goes on', async () => {
    const { groups, commit } = committing((items) => {
      if (items.includes(3)) throw new Error('away');
      return [];
    });
    const outcomes = await Promise.allSettled(upTo(22).map((n) => commit.add(n)));
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(upTo(22).map((n) => n >= 20));
    await commit.add(22);
    expect(groups.slice(1)).toEqual([[20, 21], [22]]);
  });

  it('does not write what has waited for too long', async () => {
    const groups: (readonly number[])[] = [];
    const free = Promise.withResolvers<void>();
    const commit = new GroupCommit<number>(async (items) => {
      groups.push(items);
      await free.promise;
      return [];
    }, 50);
    const added: Promise<void>[] = [];
    // As many writes as may be under way at a time.
    for (const n of upTo(4)) {
      added.push(commit.add(n));
      await eventually(() => groups.length > n);
    }
    const outcomes = Promise.allSettled([...added, commit.add(4), commit.add(5)]);
    await sleep(100);
    free.resolve();
    const codes = (await outcomes).map((each) =>
      each.status === 'rejected' ? (each.reason as ApiError).code : '',
    );
    expect(codes).toEqual(['', '', '', '', 'DATABASE_UNAVAILABLE', 'DATABASE_UNAVAILABLE']);
    await commit.add(6);
    expect(groups).toEqual([[0], [1], [2], [3], [6]]);
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
    expect(within).toEqual([0]);
    expect(after).toEqual([0, 1, 2, 3]);
  });
});
