import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import type { Scope, UserId } from '../src/platform/access/caller.js';
import { eventually } from './support/mails.js';
import { hearsOfChanges, inTransaction, newOwner, Shelf } from './support/shelf.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { atMost } from './support/soak.js';

/** Two applications on one database, as two processes are: they share nothing else. */
let here: TestApp;
let there: TestApp;
let shelf: Shelf;
let other: Shelf;
let owner: UserId;

beforeAll(async () => {
  here = await createTestApp();
  there = await createTestApp({ MONGODB_URI: here.config.of(DatabaseConfig).mongodbUri });
  await Promise.all([hearsOfChanges(here), hearsOfChanges(there)]);
});
afterAll(async () => {
  await here.close();
  await there.close();
});

beforeEach(async () => {
  shelf = Shelf.in(here);
  other = Shelf.in(there);
  owner = newOwner();
  await shelf.write(owner, 3);
  expect([await count(shelf), await count(other)]).toEqual([3, 3]);
});

const count = async (from: Shelf, of: UserId | Scope = owner) => (await from.books(of)).count;
const everybody = { all: true, permission: 'books:read', actor: { kind: 'user', id: newOwner() } } as const;

/** Resolves with the milliseconds until the other application answers so. */
async function until(expected: number, of: UserId | Scope = owner): Promise<number> {
  const started = Date.now();
  await eventually(async () => (await count(other, of)) === expected);
  return Date.now() - started;
}

describe('a change that evicts', () => {
  it('is seen at once in the same process, and within two seconds in others', async () => {
    for (let round = 4; round < 10; round++) {
      expect(await shelf.put(owner, round)).toBe(`${round} books`);
      expect(await count(shelf)).toBe(round);
      expect(await until(round)).toBeLessThan(atMost(2_000));
    }
    // Six changes and the first look: everything else was kept.
    expect(shelf.calls).toBe(7);
    expect(other.calls).toBeLessThanOrEqual(7);
  });

  it('leaves what belongs to others', async () => {
    const neighbour = newOwner();
    await shelf.write(neighbour, 1);
    await count(shelf, neighbour);
    await shelf.put(owner, 4);
    const { calls } = shelf;
    expect([await count(shelf, neighbour), shelf.calls]).toEqual([1, calls]);
  });

  it('is seen in what is kept for everybody, and in what is shared', async () => {
    const before = await count(shelf, everybody);
    expect([await count(other, everybody), (await shelf.allBooks()).count]).toEqual([before, before]);
    await shelf.put(owner, 4);
    expect([await count(shelf, everybody), (await shelf.allBooks()).count]).toEqual([before + 1, before + 1]);
    expect(await until(before + 1, everybody)).toBeLessThan(atMost(2_000));
  });

  it('of everything is seen by each owner', async () => {
    await shelf.putForAll(8);
    expect(await count(shelf)).toBe(8);
    expect(await until(8)).toBeLessThan(atMost(2_000));
  });

  it('evicts also when it fails in its middle, and says why it failed', async () => {
    await expect(shelf.putAndFail(owner, 5)).rejects.toThrow('after the change');
    expect(await count(shelf)).toBe(5);
    expect(await until(5)).toBeLessThan(atMost(2_000));
  });
});

describe('a change in a transaction', () => {
  it('is seen once that is done, and not before', async () => {
    await inTransaction(here, async (transaction) => {
      await shelf.put(owner, 6, transaction);
      expect([await count(shelf), await count(other)]).toEqual([3, 3]);
    });
    expect(await count(shelf)).toBe(6);
    expect(await until(6)).toBeLessThan(atMost(2_000));
  });

  it('that is undone leaves what is kept', async () => {
    const undone = inTransaction(here, async (transaction) => {
      await shelf.put(owner, 6, transaction);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect([await count(shelf), shelf.calls]).toEqual([3, 1]);
    expect([await count(other), other.calls]).toEqual([3, 1]);
  });

  it('is seen after each of many at the same time', async () => {
    const rounds = Array.from({ length: 20 }, (_, round) => newOwnerWith(round));
    const owners = await Promise.all(rounds);
    await Promise.all(
      owners.map((each) => inTransaction(here, (transaction) => shelf.put(each, 50, transaction))),
    );
    const counts = await Promise.all(owners.map((each) => count(shelf, each)));
    expect(new Set(counts)).toEqual(new Set([50]));
  });

  async function newOwnerWith(books: number): Promise<UserId> {
    const each = newOwner();
    await shelf.write(each, books);
    await count(shelf, each);
    return each;
  }
});

describe('who has read before a change and keeps it after', () => {
  it.each([
    ['this process', () => shelf],
    ['another process', () => other],
  ])('keeps it where nobody looks: %s', async (_, reader) => {
    const slow = reader();
    const late = Promise.withResolvers<undefined>();
    slow.pause = late.promise;
    const reading = slow.books(owner, 'slowly');
    // It has read the old value once it has been asked and the database has had the time to answer.
    await eventually(() => slow.calls === 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await shelf.put(owner, 4);
    slow.pause = undefined;
    late.resolve(undefined);
    expect((await reading).count).toBe(3);
    if (slow === other) await until(4);
    expect((await slow.books(owner, 'slowly')).count).toBe(4);
  });
});
