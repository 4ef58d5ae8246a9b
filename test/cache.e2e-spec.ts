import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { Cache } from '../src/platform/cache/cache.js';
import { Caches } from '../src/platform/cache/caches.js';
import { requireNeededModules } from '../src/platform/errors/needed-modules.js';
import { ChangeFeed } from '../src/platform/database/change-feed.js';
import { type Caller, scopeOf, type UserId } from '../src/platform/access/caller.js';
import { hearsOfChanges, newOwner, Shelf } from './support/shelf.js';
import { connectionOf, createTestApp, type TestApp } from './support/test-app.js';

let test: TestApp;
let shelf: Shelf;
let owner: UserId;

beforeAll(async () => {
  test = await createTestApp();
  await hearsOfChanges(test);
});
afterAll(() => test.close());

beforeEach(async () => {
  shelf = Shelf.in(test);
  owner = newOwner();
  await shelf.write(owner, 3);
});

describe('what a method answers', () => {
  it('is kept, and equal to what it was', async () => {
    expect(await shelf.books(owner)).toStrictEqual({ count: 3, asked: [] });
    await shelf.write(owner, 4);
    expect(await shelf.books(owner)).toStrictEqual({ count: 3, asked: [] });
    expect(shelf.calls).toBe(1);
  });

  it('is asked for once by a thousand requests at the same time', async () => {
    shelf.pause = sleep(50);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => shelf.books(owner)));
    expect(shelf.calls).toBe(1);
    expect(answers.every(({ count }) => count === 3)).toBe(true);
    expect(new Set(answers).size).toBe(1_000);
  });

  it('is asked for once also while nobody tells of changes', async () => {
    const deaf = await createTestApp();
    await deaf.app.get(ChangeFeed).beforeApplicationShutdown();
    const other = Shelf.in(deaf);
    other.pause = sleep(50);
    await Promise.all(Array.from({ length: 1_000 }, () => other.books(owner)));
    expect(other.calls).toBe(1);
    await other.put(owner, 7);
    expect((await other.books(owner)).count).toBe(7);
    await deaf.close();
  });

  it('is asked for once also where the method needs no time', async () => {
    await Promise.all(Array.from({ length: 50 }, () => shelf.books(owner, 'warm')));
    shelf.answer = () => ({ count: 1 });
    await Promise.all(Array.from({ length: 1_000 }, () => shelf.books(owner)));
    expect(shelf.calls).toBe(2);
  });

  it('belongs to who asked: changing it changes nothing for others', async () => {
    const [mine, other] = await Promise.all([shelf.books(owner), shelf.books(owner)]);
    mine.count = 99;
    expect([other.count, (await shelf.books(owner)).count]).toEqual([3, 3]);
  });

  it('may be nothing', async () => {
    for (const nothing of [undefined, null]) {
      shelf.answer = () => nothing;
      const key = String(nothing);
      expect([await shelf.books(owner, key), await shelf.books(owner, key)]).toEqual([nothing, nothing]);
    }
    expect(shelf.calls).toBe(2);
  });

  it('is over after its time', async () => {
    await shelf.soonOver(owner);
    await shelf.write(owner, 5);
    expect((await shelf.soonOver(owner)).count).toBe(3);
    await sleep(310);
    expect((await shelf.soonOver(owner)).count).toBe(5);
  });

  it('is not kept when it is an error, which everybody gets who waits for it', async () => {
    const error = new Error('not now');
    shelf.pause = sleep(20);
    shelf.answer = () => {
      throw error;
    };
    const answers = await Promise.allSettled(Array.from({ length: 20 }, () => shelf.books(owner)));
    expect(answers.every((each) => each.status === 'rejected' && each.reason === error)).toBe(true);
    shelf.answer = undefined;
    expect((await shelf.books(owner)).count).toBe(3);
    expect(shelf.calls).toBe(2);
  });

  it('is kept apart for each method', async () => {
    shelf.answer = () => 'of books';
    await shelf.books(owner);
    shelf.answer = () => 'soon over';
    expect(await shelf.soonOver(owner)).toBe('soon over');
    expect(await shelf.books(owner)).toBe('of books');
  });

  it('is kept apart for each owner, role and list of arguments', async () => {
    const caller: Caller = {
      id: owner,
      role: 'user',
      permissions: new Set(),
      emailVerified: true,
      otpEnabled: false,
      validFrom: 0,
    };
    const all = { all: true, permission: 'books:read', actor: { kind: 'user', id: owner } } as const;
    const asked: Parameters<Shelf['books']>[] = [
      [owner],
      [newOwner()],
      [scopeOf(owner)],
      [caller],
      [{ ...caller, role: 'admin' }],
      [{ ...caller, session: 'a' }],
      [all],
      [{ ...all, actor: { kind: 'user', id: newOwner() } }],
      [owner, undefined],
      [owner, { a: 1, b: 2 }],
      [owner, { a: '1', b: 2 }],
      [owner, new Date(0)],
      [owner, 0],
    ];
    for (const args of asked) await shelf.books(...args);
    expect(shelf.calls).toBe(asked.length);
    for (const args of asked) await shelf.books(...args);
    await shelf.books(owner, { b: 2, a: 1 });
    expect(shelf.calls).toBe(asked.length);
  });
});

describe('a database that is away', () => {
  class Clock {
    ticks = 0;

    @Cache({ ttl: 60 })
    tick(_owner: UserId): Promise<number> {
      return Promise.resolve(++this.ticks);
    }
  }

  it('leaves a method to itself: nobody knows whether what is kept is right', async () => {
    const { app } = await createTestApp();
    await hearsOfChanges({ app });
    const clock = new Clock();
    app.get(Caches).bind(clock);
    expect([await clock.tick(owner), await clock.tick(owner)]).toEqual([1, 1]);
    await connectionOf(app).dropDatabase();
    await connectionOf(app).close();
    expect([await clock.tick(owner), await clock.tick(owner)]).toEqual([2, 3]);
    await app.close();
  });
});

describe('a method that cannot be kept', () => {
  const told = (name: string) =>
    test.logs.filter(({ event, method }) => event === 'cache_refused' && method === name);

  class Strangers {
    @Cache({ ttl: 60 })
    id(_owner: UserId): Promise<unknown> {
      return Promise.resolve({ secret: new Types.ObjectId('66f1a0c2e4b0a1b2c3d4e5f6') });
    }

    @Cache({ ttl: 60 })
    takes(_owner: UserId, ask: () => string): Promise<string> {
      return Promise.resolve(ask());
    }

    @Cache({ ttl: 60 })
    long(_owner: UserId): Promise<string> {
      return Promise.resolve('x'.repeat(1_000_001));
    }
  }

  function strangers(): Strangers {
    const provider = new Strangers();
    test.app.get(Caches).bind(provider);
    return provider;
  }

  it('answers what it answers, and an error line says once which it is', async () => {
    const provider = strangers();
    for (let times = 0; times < 3; times++) {
      expect(await provider.id(owner)).toEqual({ secret: new Types.ObjectId('66f1a0c2e4b0a1b2c3d4e5f6') });
      expect(await provider.takes(owner, () => `${times}`)).toBe(`${times}`);
      expect(await provider.long(owner)).toHaveLength(1_000_001);
    }
    expect([...told('Strangers.id'), ...told('Strangers.takes'), ...told('Strangers.long')]).toEqual([
      expect.objectContaining({ level: 'error', what: 'answer', reason: 'an instance of ObjectId' }),
      expect.objectContaining({ level: 'error', what: 'argument', reason: 'a function' }),
      expect.objectContaining({ level: 'error', what: 'answer', reason: 'more than 1000000 characters' }),
    ]);
  });

  it('is refused where its first argument names no owner, at run time, too', async () => {
    for (const nobody of [undefined, 'ada', {}, owner.toUpperCase()]) {
      await expect(shelf.books(nobody as UserId)).rejects.toThrow('names no owner');
      await expect(shelf.put(nobody as UserId, 1)).rejects.toThrow('names no owner');
    }
    expect(shelf.calls).toBe(0);
    expect(await shelf.books(owner)).toMatchObject({ count: 3 });
  });

  it('is refused where another class has the same name', () => {
    const other = { Shelf: class extends Strangers {} }.Shelf;
    expect(other.name).toBe('Shelf');
    expect(() => test.app.get(Caches).bind(new other())).toThrow('Two classes with @Cache are called Shelf');
  });

  it('needs the module that keeps answers, and the start says so', () => {
    const names = new Set(['UsersModule']);
    expect(() => requireNeededModules(names)).toThrow(
      /^\w+\.\w+ has @Cache or @CacheEvict, which needs CacheModule: put it into src\/app\.module\.ts$/,
    );
    expect(() => requireNeededModules(names.add('CacheModule'))).not.toThrow();
  });

  it('cannot be evicted where there is none', async () => {
    await expect(test.app.get(Caches).evict(TestOnly, owner)).rejects.toThrow('TestOnly has no method');
  });
});

class TestOnly {}
