import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { ObjectId } from 'mongodb';
import { scopeOf, SYSTEM, type UserId } from '../../src/platform/access/caller.js';
import type { Run } from '../../src/platform/executions/run.js';
import { addExecutors, EngineLab, script } from '../support/executions.js';
import { eventually } from '../support/mails.js';
import { createTestApp, type TestApp } from '../support/test-app.js';
import { type FailingMongod, startFailingMongod } from './own-mongod.js';

jest.setTimeout(90_000);

const ENDED = ['succeeded', 'failed', 'cancelled', 'needs-attention'] as const;

describe('an execution, whatever happens to its writes,', () => {
  let mongod: FailingMongod;
  let test: TestApp;
  let lab: EngineLab;
  let takeBack: () => void;

  beforeAll(async () => {
    mongod = await startFailingMongod();
    takeBack = addExecutors();
    test = await createTestApp({ MONGODB_URI: mongod.uri });
    lab = EngineLab.of(test);
    await lab.play(() => Promise.resolve());
  });
  afterEach(async () => {
    await mongod.fail('off');
    await refuse({});
  });
  afterAll(async () => {
    await test.close();
    await mongod.remove();
    takeBack();
  });

  const stored = () => test.connection.collection('executions');
  const beside = () => test.connection.collection('execution_steps');
  const refuse = (validator: object) => test.connection.db?.command({ collMod: 'executions', validator });
  const inserts = () => ({ failCommands: ['insert'], namespace: `${test.connection.name}.executions` });
  /** Holds up the next insert of executions. */
  const holdUp = (ms: number) =>
    mongod.fail({ times: 1 }, { ...inserts(), blockConnection: true, blockTimeMS: ms });
  const ended = (id: string) => lab.until(id, ...ENDED);
  async function loseLease(): Promise<void> {
    const { lease, store } = lab.parts;
    await store.db
      .collection('execution_engines')
      .updateMany({ until: { $gt: new Date(0) } }, { $set: { until: new Date(0) } });
    await lease.renew();
  }
  const once = (work: () => unknown) => script((run) => run.step('a', { effect: 'once' }, work));

  it.each([
    ['waits to be stored', 1],
    ['is being stored', 0],
  ])('is not taken for begun where the lease is lost while its start %s', async (_, before) => {
    await holdUp(600);
    const others = Array.from({ length: before }, () => lab.start(script(() => Promise.resolve())));
    if (before) await sleep(100);
    let effects = 0;
    const started = lab.start(once(() => ++effects));
    await sleep(100);
    await loseLease();
    await Promise.all(others);
    expect(await ended((await started).id)).toMatchObject({ status: 'succeeded', result: 1 });
    expect(effects).toBe(1);
  });

  it('is not taken for begun where the answer to its start is lost', async () => {
    await mongod.fail(
      { times: 1 },
      { ...inserts(), writeConcernError: { code: 64, errmsg: 'waiting timed out' } },
    );
    let effects = 0;
    await expect(lab.start(once(() => ++effects))).rejects.toThrow();
    const [newest] = await stored().find().sort({ _id: -1 }).limit(1).toArray();
    expect(await ended(String(newest?._id))).toMatchObject({ status: 'succeeded' });
    expect(effects).toBe(1);
  });

  it('is not refused for another one that is too large to be stored', async () => {
    let effects = 0;
    const [huge, ...rest] = await Promise.allSettled([
      lab.start(
        script((run) => {
          run.progress(1, 2, 'x'.repeat(17_000_000));
          return run.step('b', () => 1);
        }),
      ),
      lab.start(once(() => ++effects)),
      lab.start(script(() => Promise.resolve('done'))),
    ]);
    expect([huge?.status, ...rest.map(({ status }) => status)]).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    for (const each of rest) {
      if (each.status === 'fulfilled') expect((await ended(each.value.id)).status).toBe('succeeded');
    }
    expect(effects).toBe(1);
  });

  it('is not repeated for another one that cannot be written any more', async () => {
    const effects = new Map<string, number>();
    const count = ({ key }: { readonly key: string }): void =>
      void effects.set(key, (effects.get(key) ?? 0) + 1);
    await refuse({ 'steps.bad': { $exists: false } });
    const bad = await lab.start(
      script(async (run) => {
        await run.step('good', () => sleep(20));
        await run.step('bad', () => sleep(1));
        await run.step('after', { effect: 'once' }, () => 1);
      }),
    );
    const works = Array.from({ length: 20 }, (_, n) =>
      script(async (run) => {
        const effect = n % 2 ? 'once' : 'repeatable';
        for (let step = 0; step < 20; step++) {
          await run.step(`s${step}`, { effect }, count);
          await sleep(2);
        }
      }),
    );
    const neighbours = await Promise.all(works.map((work) => lab.start(work)));
    for (const { id } of neighbours) expect((await ended(id)).status).toBe('succeeded');
    expect([...effects].filter(([, times]) => times > 1)).toEqual([]);
    await refuse({});
    await ended(bad.id);
  });

  it('does nothing any more for an owner who was deleted while it was being stored', async () => {
    const admin = await test.anonymous.signIn('admin');
    const user = await test.anonymous.signIn();
    const scope = scopeOf(user.userId as UserId);
    await lab.start(
      script(() => Promise.resolve()),
      { scope },
    );
    let effects = 0;
    await holdUp(600);
    const work = script((run) => run.step('a', () => ++effects));
    const starts = [
      lab.start(work, { scope }),
      lab.start(
        once(() => ++effects),
        { scope },
      ),
    ];
    await sleep(60);
    expect((await admin.delete(`/api/v1/users/${user.userId}`)).status).toBe(200);
    const ids = (await Promise.all(starts)).map(({ id }) => new ObjectId(id));
    const open = { _id: { $in: ids }, status: { $in: ['queued', 'running', 'waiting'] } };
    await eventually(async () => (await stored().countDocuments(open)) === 0, 30_000);
    expect(effects).toBe(0);
  });

  it('leaves no steps behind where its start is refused, and none that outlive it', async () => {
    await refuse({ type: 'none' });
    const many = async (run: Run, end: () => unknown) => {
      for (let n = 0; n < 300; n++) await run.sleep(`s${n}`, new Date(0));
      return end();
    };
    const before = await beside().countDocuments();
    const failing = script((run) => many(run, () => Promise.reject(new Error('on purpose'))));
    await expect(lab.start(failing)).rejects.toThrow();
    await refuse({});
    const { id } = await lab.play(async (run) => {
      for (let n = 0; n < 300; n++) await run.step(`s${n}`, () => 1);
    });
    const own = { executionId: new ObjectId(id) };
    expect(await beside().countDocuments(own)).toBeGreaterThan(100);
    expect(await beside().countDocuments({ ...own, expiresAt: { $exists: false } })).toBe(0);
    expect(await beside().countDocuments({ executionId: { $ne: new ObjectId(id) } })).toBe(before);
  });

  it('keeps large results that arrive while others are being stored', async () => {
    const name = (lane: number, n: number) => `l${lane}-${n}`;
    const starts = Array.from({ length: 6 }, () =>
      lab.start(
        script(async (run) => {
          const lanes = Array.from({ length: 8 }, (_, lane) => async () => {
            const all: string[] = [];
            for (let n = 0; n < 8; n++) {
              const text = name(lane, n).padEnd((lane + n) % 2 ? 10 : 20_000, '.');
              all.push(await run.step(name(lane, n), () => sleep(Math.random() * 6).then(() => text)));
            }
            return all;
          });
          const got = await run.all(lanes);
          await run.sleep('pause', '100ms');
          const places = got.flatMap((all, lane) => all.map((text, n) => [text, name(lane, n)] as const));
          return places.filter(([text, place]) => !text?.startsWith(place)).length;
        }),
      ),
    );
    for (const { id } of await Promise.all(starts)) expect((await ended(id)).result).toBe(0);
  });

  it('repeats no once step where keeping their results failed', async () => {
    const effects = new Map<string, number>();
    const { id } = await lab.start(
      script(async (run) => {
        for (let n = 0; n < 300; n++) {
          await run.step(
            `s${n}`,
            { effect: 'once' },
            ({ key }) => effects.set(key, (effects.get(key) ?? 0) + 1).size,
          );
        }
      }),
    );
    const namespace = `${test.connection.name}.execution_steps`;
    await mongod.fail({ times: 1 }, { failCommands: ['update'], namespace, errorCode: 2 });
    expect((await ended(id)).status).toBe('needs-attention');
    const open = (await stored().findOne({ _id: new ObjectId(id) }))?.['open'] as string[];
    for (const step of open) await lab.executions.resolve(SYSTEM, id, step, 'happened', 0);
    expect((await ended(id)).status).toBe('succeeded');
    expect([...effects].filter(([, times]) => times > 1)).toEqual([]);
  });

  it('is cancelled where it begins to wait at the same moment, or its process dies', async () => {
    const { failpoints } = lab.parts;
    for (let n = 0; n < 10; n++) {
      let order: Promise<unknown> | undefined;
      const { id } = await lab.start(
        script(async (run) => {
          await run.step('a', () => 1);
          failpoints.listen((point) => {
            if (point !== 'wait:before') return;
            failpoints.listen(undefined);
            order = lab.executions.cancel(SYSTEM, run.id);
          });
          await run.waitFor('go', { for: '60s' });
        }),
      );
      await eventually(() => order !== undefined);
      await order;
      expect((await ended(id)).status).toBe('cancelled');
    }
    const engine = new ObjectId();
    const { id } = await lab.start(
      script(() => Promise.resolve()),
      { at: new Date(Date.now() + 3_600_000) },
    );
    const ofDead = { $set: { status: 'running', engine, turn: 1, cancel: true }, $unset: { dueAt: '' } };
    await stored().updateOne({ _id: new ObjectId(id) }, ofDead as never);
    await eventually(async () => {
      await lab.parts.engine.sweepNow();
      return (await lab.executions.get(SYSTEM, id)).status === 'cancelled';
    });
  });
});
