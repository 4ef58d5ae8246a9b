import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { assert, asyncProperty } from 'fast-check';
import { Types } from 'mongoose';
import { SYSTEM } from '../src/platform/access/caller.js';
import { ExecutionClock } from '../src/platform/executions/model/clock.js';
import { Executor } from '../src/platform/executions/executor.js';
import { FAILPOINTS } from '../src/platform/executions/model/failpoints.js';
import { transition } from '../src/platform/executions/model/transitions.js';
import { engineBeside } from './support/engines.js';
import { addExecutors, EngineLab, Play, script, ScriptDto } from './support/executions.js';
import { eventually } from './support/mails.js';
import { addToApp } from './support/nest-lab.js';
import { IS_SOAK, SEED, soaked } from './support/soak.js';
import { actions, playModel } from './support/transition-model.js';
import { createTestApp, type TestApp } from './support/test-app.js';

if (IS_SOAK) jest.setTimeout(900_000);
const DAY = 86_400_000;
/** Where the process is killed, and which time that it gets there: one of four each in the gate. */
const CASES = FAILPOINTS.flatMap((point, at) =>
  (IS_SOAK ? [1, 2, 3, 4] : [(at % 3) + 1]).map((nth) => [point, nth] as const),
);

describe('executions and what kills them', () => {
  let test: TestApp;
  let takeBack: () => void;

  beforeAll(async () => {
    takeBack = addExecutors();
    test = await createTestApp({ EXECUTIONS: 'off' });
  });
  afterAll(async () => {
    await test.close();
    takeBack();
  });

  async function engine(clock?: ExecutionClock): Promise<EngineLab> {
    const lab = new EngineLab(engineBeside(test.app, clock));
    await lab.parts.engine.start();
    return lab;
  }

  /** Effects, as somebody outside would have seen them: each with the key that came with it. */
  type Ledger = { readonly step: string; readonly key: string }[];

  const story = (ledger: Ledger) => {
    const note = (step: string) => (context: { key: string }) => {
      ledger.push({ step, key: context.key });
      return step;
    };
    return script(async (run) => {
      const a = await run.step('a', note('a'));
      const b = await run.step('b', { effect: 'once' }, note('b'));
      const c = await run.step('c', { effect: 'pure' }, () => 'c');
      await run.sleep('pause', '1d');
      const [d, e] = await run.all([
        () => run.step('d', note('d')),
        () =>
          run.call(
            Play,
            script((inner) => inner.step('e', () => 'e')),
          ),
      ]);
      const f = await run.step('f', { effect: 'once' }, note('f'));
      return [a, b, c, d, e, f].join('');
    });
  };

  it.each(CASES)(
    'finishes what was accepted when its process is killed at %s, the time %d',
    async (point, nth) => {
      const ledger: Ledger = [];
      const clock = new ExecutionClock();
      const first = await engine(clock);
      const killed = first.killAt(point, nth);
      const starter = point.startsWith('claim') ? EngineLab.of(test) : first;
      const { id } = await starter.start(story(ledger));
      await Promise.race([killed, first.until(id, 'waiting', 'needs-attention')]);
      clock.advance(DAY + 1_000);
      await Promise.race([killed, first.until(id, 'succeeded', 'needs-attention')]);
      first.parts.engine.kill();
      const second = await engine(clock);
      let doubts = 0;
      const giveUp = Date.now() + 5_000;
      for (let ended = false; !ended;) {
        if (Date.now() > giveUp)
          throw new Error(JSON.stringify(await second.parts.store.get(new Types.ObjectId(id))));
        await second.takeOver();
        clock.advance(DAY);
        const { status, steps } = await second.executions.get(SYSTEM, id);
        ended = status === 'succeeded';
        if (status === 'needs-attention') {
          doubts++;
          const unknown = steps.find((step) => step.status === 'unknown');
          await second.executions.resolve(SYSTEM, id, unknown?.name ?? '', 'again');
        }
        if (!ended) await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(await second.executions.get(SYSTEM, id)).toMatchObject({ result: 'abcdef' });
      // Once for each mark: further ones only where somebody said so.
      const once = ledger.filter(({ step }) => step === 'b' || step === 'f');
      expect(once.length).toBeLessThanOrEqual(2 + doubts);
      expect(new Set(ledger.map(({ step }) => step)).size).toBe(4);
      expect(ledger.filter(({ step, key }) => key !== `${id}.${step}`)).toEqual([]);
      await second.parts.engine.stop(1_000);
      await first.parts.store.close();
    },
  );

  it('refuses what a process writes that was stopped for longer than its lease', async () => {
    const clock = new ExecutionClock();
    const [first, second] = [await engine(clock), await engine(clock)];
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const ran: string[] = [];
    const work = script(async (run) => {
      await run.step('wait', async ({ attempt }) => {
        ran.push(`wait ${attempt}`);
        begun.resolve();
        if (ran.length === 1) await goOn.promise;
      });
      // So that its mark is written by the same command as the result before, and as a part of that.
      await new Promise((resolve) => setImmediate(resolve));
      await run.step('pay', { effect: 'once' }, () => void ran.push('pay'));
    });
    const { id } = await first.start(work);
    await begun.promise;
    await second.takeOver();
    await second.until(id, 'succeeded');
    goOn.resolve();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ran).toEqual(['wait 1', 'wait 2', 'pay']);
    expect((await second.executions.get(SYSTEM, id)).status).toBe('succeeded');
    for (const { parts } of [first, second]) await parts.engine.stop(1_000);
  });

  it('goes on with what was written under a lease, and never begun', async () => {
    const lab = await engine();
    const { id } = await lab.start(
      script(() => Promise.resolve('found')),
      { at: new Date(Date.now() + DAY) },
    );
    const engineToken = lab.parts.lease.token;
    await lab.parts.store.executions.updateOne(
      { _id: new Types.ObjectId(id) },
      { $set: { status: 'running', turn: 1, engine: engineToken as Types.ObjectId }, $unset: { dueAt: '' } },
    );
    for (let sweeps = 0; sweeps < 2; sweeps++) await lab.parts.engine.sweepNow();
    expect(await lab.until(id, 'succeeded')).toMatchObject({ result: 'found' });
    await lab.parts.engine.stop(1_000);
  });

  it('runs nothing early where the clock of its machine is an hour ahead', async () => {
    const clock = new ExecutionClock();
    clock.learn(new Date(Date.now() + 3_600_000), performance.now());
    const lab = await engine(clock);
    const work = script(() => Promise.resolve(1));
    const at = new Date(Date.now() + 1_800_000);
    const later = await EngineLab.of(test).start(work, { at });
    await lab.until((await EngineLab.of(test).start(work)).id, 'succeeded');
    expect((await lab.executions.get(SYSTEM, later.id)).status).toBe('queued');
    await lab.parts.engine.stop(1_000);
  });

  it('hands its executions back when its process ends', async () => {
    const [first, second] = [await engine(), await engine()];
    const begun = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    let runs = 0;
    const { id } = await first.start(
      script(async (run) => {
        await run.step('slow', () => {
          runs++;
          begun.resolve();
          return goOn.promise;
        });
        return run.step('next', () => 'next');
      }),
    );
    await begun.promise;
    const stopped = first.parts.engine.stop(5_000);
    goOn.resolve();
    await stopped;
    second.parts.engine.wake();
    expect(await second.until(id, 'succeeded')).toMatchObject({ result: 'next' });
    expect(runs).toBe(1);
    await second.parts.engine.stop(1_000);
  });

  it('wakes engines that rest where others start or order something', async () => {
    const { bell } = engineBeside(test.app);
    // Of what is older it hears as much as is left beside its own.
    const older = Math.min(7, await test.connection.collection('execution_bells').countDocuments());
    let heard = 0;
    void bell.listen(() => heard++);
    await eventually(() => heard === older);
    // Nobody hears himself.
    bell.ring();
    // This process runs none: it has EXECUTIONS=off.
    const starter = EngineLab.of(test);
    const { id } = await starter.start(script((run) => run.waitFor('word')));
    await eventually(() => heard === older + 1);
    bell.stop();
    const runner = await engine();
    await runner.until(id, 'waiting');
    await starter.executions.signal(SYSTEM, id, 'word', 1);
    await runner.until(id, 'succeeded');
    await runner.parts.engine.stop(1_000);
  });

  it('keeps what it has claimed, and knows what it has written, while others ring at the same time', async () => {
    const [runner, other] = [await engine(), engineBeside(test.app)];
    await other.store.open();
    const work = script(async (run) => {
      const called = await run.call(
        Play,
        script((inner) => inner.step('e', () => 'e')),
      );
      return run.step('f', { effect: 'once' }, () => `${called}f`);
    });
    const started = await Promise.all(Array.from({ length: 15 }, () => EngineLab.of(test).start(work)));
    const targets = started.map(({ id }) => ({ _id: new Types.ObjectId(id), ownerId: null }));
    const rings = targets.map((target) => transition('ringBusy', 'same', target, { inc: { bell: 1 } }));
    const open = new Set(started.map(({ id }) => id));
    const ringing = (async () => {
      for (let n = 0; open.size > 0 && n < 60; n++) await other.store.write(rings, new Types.ObjectId());
    })();
    const ended = started.map(async ({ id }) => {
      const { result } = await runner.until(id, 'succeeded', 'needs-attention');
      open.delete(id);
      return result;
    });
    expect(new Set(await Promise.all(ended))).toEqual(new Set(['ef']));
    await ringing;
    // Nobody had to find what was forgotten.
    const ids = targets.map(({ _id }) => _id);
    const found = { crashes: { $gt: 0 }, $or: [{ _id: { $in: ids } }, { 'parent._id': { $in: ids } }] };
    expect(await test.connection.collection('executions').find(found).toArray()).toEqual([]);
    await other.store.close();
    await runner.parts.engine.stop(1_000);
  });

  it('fails what ends its process each time', async () => {
    const clock = new ExecutionClock();
    const input = script((run) => run.step('poison', () => 1));
    const dead: EngineLab[] = [];
    let id = '';
    for (let crash = 0; crash < 3; crash++) {
      const lab = await engine(clock);
      dead.push(lab);
      const killed = lab.killAt('effect:before');
      if (id === '') ({ id } = await lab.start(input));
      else await lab.takeOver().catch(() => undefined);
      await killed;
    }
    const last = await engine(clock);
    await last.takeOver();
    expect((await last.until(id, 'failed')).error?.code).toBe('CRASHED');
    await last.parts.engine.stop(1_000);
    for (const { parts } of dead) await parts.store.close();
  });

  it('run in a process that answers nothing but probes and metrics, with EXECUTIONS=only', async () => {
    const only = await createTestApp({ EXECUTIONS: 'only' });
    const lab = EngineLab.of(only);
    expect((await lab.play(() => Promise.resolve(1))).result).toBe(1);
    const asked = ['/health/live', '/metrics', '/api/v1/projects', '/login'];
    const answers = await Promise.all(asked.map((url) => only.anonymous.get(url)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404]);
    await only.close();
  });

  class Twin extends Play {}
  class Lazy {}
  it.each([
    ['one type for two', Twin, { type: 'lab.play', input: ScriptDto }, "both have the type 'lab.play'"],
    ['no input', Twin, { type: 'lab.twin' }, 'input is missing'],
    ['a type that is none', Twin, { type: 'Remind', input: ScriptDto }, "must be like 'invoices.remind'"],
    ['what cannot execute', Lazy, { type: 'lab.lazy', input: ScriptDto }, 'write async execute(input, run)'],
    [
      'a time that is none',
      Twin,
      { type: 'lab.twin', input: ScriptDto, timeout: 'soon' },
      "must be like '30s'",
    ],
  ])('refuses %s at the start, with a sentence', async (_, type, options, sentence) => {
    Executor(options as never)(type);
    const undo = addToApp({ providers: [type] });
    await expect(createTestApp({ EXECUTIONS: 'off' })).rejects.toThrow(sentence);
    undo();
  });

  describe('the table of transitions', () => {
    it('keeps two processes and others to it, whatever they believe, in whatever order', async () => {
      const { store } = engineBeside(test.app);
      const property = asyncProperty(actions, (all) => playModel(store, all));
      await assert(property, { numRuns: soaked(1_000), seed: SEED });
    });
  });
});
