import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { mongo } from 'mongoose';
import { readState } from '../src/platform/migrations/database-state.js';
import { MigrationError, renameFields, setWhereMissing } from '../src/platform/migrations/migration.js';
import { UpgradeDatabase, visible } from './support/upgrades.js';
import { atMost } from './support/soak.js';

const FIRST = '0001-first';
const SECOND = '0002-second';
const THIRD = '0003-third';

let database: UpgradeDatabase;

beforeEach(async () => {
  database = await UpgradeDatabase.create();
});
afterEach(() => database.close());

interface Lock {
  _id: string;
  holder: string;
  until: Date;
}

const locks = () => database.db.collection<Lock>('locks');

/** The lock as another process holds it, for so long from now on. */
async function heldByAnother(ms: number, db: mongo.Db = database.db): Promise<void> {
  const until = new Date(Date.now() + ms);
  await db
    .collection<Lock>('locks')
    .updateOne({ _id: 'migrations' }, { $set: { holder: 'another', until } }, { upsert: true });
}

const inTheEnd = async (holds: () => boolean) => {
  while (!holds()) await sleep(10);
};

describe('migrations', () => {
  it('that are called by the time follow those that a database has had by their numbers', async () => {
    const ours = '0003-ours';
    const [theirs, late, between] = ['0003-theirs', '20261128143001-late', '20261128143000-between'];
    await database.upgrade([visible(FIRST), visible(SECOND), visible(ours)]);
    await database.upgrade([FIRST, SECOND, ours, late].map((name) => visible(name)));
    // A merge brings some that are older than the last one.
    const merged = [FIRST, SECOND, ours, theirs, between, late].map((name) => visible(name));
    expect((await readState(database.db, merged, [])).isCurrent).toBe(false);
    await database.upgrade(merged);
    expect(await database.effects()).toEqual([FIRST, SECOND, ours, late, theirs, between]);
    expect(await readState(database.db, merged, [])).toMatchObject({ isCurrent: true, newer: [] });
  });

  it('run in order, each once, and are written down with the time by the clock of the database', async () => {
    await database.upgrade([visible(FIRST)]);
    await database.upgrade([visible(FIRST), visible(SECOND), visible(THIRD)]);
    await database.upgrade([visible(FIRST), visible(SECOND), visible(THIRD)]);
    expect(await database.effects()).toEqual([FIRST, SECOND, THIRD]);
    const entry = await database.db.collection<{ _id: string; appliedAt: Date }>('migrations').findOne();
    expect(entry).toEqual({ _id: FIRST, appliedAt: expect.any(Date), durationMs: expect.any(Number) });
    expect(Math.abs((entry?.appliedAt.getTime() ?? 0) - Date.now())).toBeLessThan(20_000);
  });

  it('run once when ten upgrades begin at once, and all ten find the database current', async () => {
    const list = [visible(FIRST, () => sleep(300)), visible(SECOND)];
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        await database.upgrade(list);
        expect((await readState(database.db, list, [])).isCurrent).toBe(true);
      }),
    );
    expect(await database.effects()).toEqual([FIRST, SECOND]);
    expect(database.steps.filter(({ event }) => event === 'migrations_waiting').length).toBeGreaterThan(0);
  });

  it('stop at one that fails: what is after it does not run, and it runs again the next time', async () => {
    let isBroken = true;
    const list = [
      visible(FIRST),
      visible(SECOND, () => (isBroken ? Promise.reject(new Error('no such thing')) : Promise.resolve())),
      visible(THIRD),
    ];
    const failed = database.upgrade(list);
    await expect(failed).rejects.toThrow(MigrationError);
    await expect(failed).rejects.toThrow(`The migration ${SECOND} failed: no such thing`);
    expect(await database.effects()).toEqual([FIRST, SECOND]);
    expect(await database.ledger()).toEqual([FIRST]);
    isBroken = false;
    const again = Date.now();
    await database.upgrade(list);
    expect(await database.effects()).toEqual([FIRST, SECOND, SECOND, THIRD]);
    // The one that failed has let go of the lock.
    expect(Date.now() - again).toBeLessThan(atMost(5_000));
  });

  it.each<[string, string, ...string[][]]>([
    ['one by one', 'email', ['a@b.c'], ['a@b.c']],
    ['together', 'value in a unique index', ['a@b.c', 'a@b.c']],
  ])('quote no value of a record when two are in the way of each other (%s)', async (_, same, ...batches) => {
    const users = database.db.collection('users');
    await users.createIndex({ email: 1 }, { unique: true });
    const list = [
      visible(FIRST, async () => {
        for (const batch of batches) {
          if (batch.length === 1) await users.insertOne({ email: batch[0] });
          else await users.insertMany(batch.map((email) => ({ email })));
        }
      }),
    ];
    const failed = database.upgrade(list);
    await expect(failed).rejects.toThrow(
      `The migration ${FIRST} failed: several records have the same ${same}`,
    );
    await expect(failed).rejects.not.toThrow('a@b.c');
  });

  it('tell how far they are', async () => {
    await database.upgrade([visible(FIRST, ({ progress }) => Promise.resolve(progress('2 of 3 users')))]);
    expect(database.steps).toEqual([
      { event: 'migration_started', migration: FIRST },
      { event: 'migration_progress', migration: FIRST, done: '2 of 3 users' },
      { event: 'migration_applied', migration: FIRST, durationMs: expect.any(Number) },
    ]);
  });
});

describe('the lock', () => {
  it('is waited for, and no longer than until the database is current', async () => {
    await heldByAnother(3_600_000);
    const upgrade = database.upgrade([visible(FIRST)]);
    await inTheEnd(() => database.steps.length > 0);
    expect(database.steps).toEqual([{ event: 'migrations_waiting' }]);
    await database.db
      .collection<{ _id: string; appliedAt: Date }>('migrations')
      .insertOne({ _id: FIRST, appliedAt: new Date() });
    const done = Date.now();
    await upgrade;
    expect(Date.now() - done).toBeLessThan(atMost(2_000));
    expect(await database.effects()).toEqual([]);
    expect(await locks().findOne()).toMatchObject({ holder: 'another' });
  });

  it('is taken over from one whose lease is over, and not before', async () => {
    await heldByAnother(1_500);
    const begun = Date.now();
    await database.upgrade([visible(FIRST)]);
    // The clock of the database is that of this machine.
    expect(Date.now() - begun).toBeGreaterThan(1_400);
    expect(await database.effects()).toEqual([FIRST]);
    expect(await locks().findOne()).toBeNull();
  });

  it('is renewed while a migration takes long, and nobody else gets it meanwhile', async () => {
    const end = async () => (await locks().findOne())?.until.getTime() ?? 0;
    const renewed = async () => {
      for (const first = await end(); (await end()) === first;) await sleep(50);
    };
    const list = [visible(FIRST, renewed), visible(SECOND)];
    const first = database.upgrade(list);
    await inTheEnd(() => database.steps.length > 0);
    await Promise.all([first, database.upgrade(list)]);
    expect(await database.effects()).toEqual([FIRST, SECOND]);
  });

  it('once lost keeps the process from the next step, which waits its turn', async () => {
    let times = 0;
    const list = [
      visible(FIRST, async ({ db }) => {
        if (times++ > 0) return;
        await heldByAnother(2_500, db);
        await sleep(1_200);
      }),
      visible(SECOND),
    ];
    const upgrade = database.upgrade(list);
    await inTheEnd(() => database.steps.some(({ event }) => event === 'migrations_waiting'));
    expect(await database.ledger()).toEqual([]);
    await upgrade;
    expect(await database.effects()).toEqual([FIRST, FIRST, SECOND]);
    expect(await database.ledger()).toEqual([FIRST, SECOND]);
  });

  it('once lost stops long work where it tells how far it is', async () => {
    let rounds = 0;
    let times = 0;
    const list = [
      visible(FIRST, async ({ db, progress }) => {
        if (times++ > 0) return;
        await heldByAnother(7_000, db);
        for (; rounds < 200; rounds++) {
          progress(`${rounds} of 200`);
          await sleep(50);
        }
      }),
    ];
    await database.upgrade(list);
    expect(times).toBe(2);
    expect(rounds).toBeLessThan(150);
  });
});

describe('a database', () => {
  it('is older than the code until it has had every migration', async () => {
    await database.upgrade([visible(FIRST)]);
    const state = await readState(database.db, [visible(FIRST), visible(SECOND)], []);
    expect(state).toMatchObject({
      isCurrent: false,
      migrations: [
        { name: FIRST, appliedAt: expect.any(Date) },
        { name: SECOND, appliedAt: undefined },
      ],
      newer: [],
    });
  });

  it('that is newer than the code is fine', async () => {
    await database.upgrade([visible(FIRST), visible(SECOND)]);
    const state = await readState(database.db, [visible(FIRST)], []);
    expect(state).toMatchObject({ isCurrent: true, newer: [{ name: SECOND }] });
    await database.upgrade([visible(FIRST)]);
    expect(await database.effects()).toEqual([FIRST, SECOND]);
  });
});

describe('a field that is set where it is missing', () => {
  const notes = () => database.db.collection('notes');
  const tell: string[] = [];
  const set = (values: Record<string, unknown>) =>
    setWhereMissing({ db: database.db, progress: (done) => tell.push(done) }, 'notes', values);

  it('is in all records then, each of which has another version, and tells how far it is', async () => {
    await notes().insertMany(
      Array.from({ length: 2_500 }, (_, n) => ({ version: 1, ...(n % 5 === 0 && { tags: ['a'] }) })),
    );
    await set({ tags: [], currency: 'EUR' });
    expect(await notes().countDocuments({ tags: [], currency: 'EUR', version: 3 })).toBe(2_000);
    expect(await notes().countDocuments({ tags: ['a'], currency: 'EUR', version: 2 })).toBe(500);
    expect(tell).toEqual([
      '0 of 2000 notes have tags',
      '1000 of 2000 notes have tags',
      '0 of 2500 notes have currency',
      '1000 of 2500 notes have currency',
      '2000 of 2500 notes have currency',
    ]);
  });

  it('changes nothing when it is done again, nor what is null', async () => {
    await notes().insertMany([{ version: 1 }, { version: 1, tags: null }]);
    await set({ tags: [] });
    await set({ tags: [] });
    const stored = await notes()
      .find({}, { projection: { _id: 0 } })
      .sort({ version: 1 })
      .toArray();
    expect(stored).toEqual([
      { version: 1, tags: null },
      { version: 2, tags: [] },
    ]);
  });
});

describe('fields that get other names', () => {
  const notes = () => database.db.collection('notes');
  const rename = (progress: (done: string) => void) =>
    renameFields({ db: database.db, progress }, 'notes', { number: 'code', dueAt: 'payBy' });

  it('have them in all records, once, with what lists sort by, and without their indexes', async () => {
    await notes().createIndex({ ownerId: 1, number: 1 }, { unique: true });
    await notes().createIndex({ _number: 1 });
    await notes().createIndex({ at: 1 });
    const note = (at: number) => ({ version: 1, at, number: `N ${at}`, _number: `n ${at}` });
    await notes().insertMany(
      Array.from({ length: 1_500 }, (_, n) => ({ ...note(n), ...(n % 3 === 0 && { dueAt: null }) })),
    );
    // The first of two batches is done when the process loses its lock.
    const lost = rename((done) => {
      if (done.startsWith('1000 ')) throw new Error('lost');
    });
    await expect(lost).rejects.toThrow('lost');
    expect(await notes().countDocuments({ number: { $exists: true } })).toBe(500);
    const tell: string[] = [];
    for (let times = 0; times < 2; times++) await rename((done) => tell.push(done));
    expect(tell).toEqual(['0 notes have code, payBy']);
    const old = { $or: ['number', '_number', 'dueAt'].map((name) => ({ [name]: { $exists: true } })) };
    expect(await notes().countDocuments(old)).toBe(0);
    expect(await notes().countDocuments({ payBy: { $exists: true }, code: { $exists: true } })).toBe(500);
    const record = await notes().findOne({ at: 7 }, { projection: { _id: 0 } });
    expect(record).toEqual({ version: 2, at: 7, code: 'N 7', _code: 'n 7' });
    expect((await notes().indexes()).map(({ name }) => name)).toEqual(['_id_', 'at_1']);
  });
});
