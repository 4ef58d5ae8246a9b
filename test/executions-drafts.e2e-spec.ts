import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ObjectId } from 'mongodb';
import { SYSTEM } from '../src/platform/access/caller.js';
import { Transactions } from '../src/platform/database/transactions.js';
import type { Run } from '../src/platform/executions/run.js';
import { addExecutors, EngineLab, Play, script, Secret } from './support/executions.js';
import { eventually } from './support/mails.js';
import { createTestApp, type TestApp } from './support/test-app.js';

describe('an execution that runs while it is being stored', () => {
  let test: TestApp;
  let lab: EngineLab;
  let takeBack: () => void;

  beforeAll(async () => {
    takeBack = addExecutors();
    test = await createTestApp();
    lab = EngineLab.of(test);
    // Whose rights it has is known from here on, as in a process that has run for a while.
    await lab.play(() => Promise.resolve());
  });
  afterEach(() => refuse({}));
  afterAll(async () => {
    await test.close();
    takeBack();
  });

  const stored = () => test.connection.collection('executions');
  const find = (id: string) => stored().findOne({ _id: new ObjectId(id) });
  /** Has the database refuse what does not match. */
  const refuse = (validator: object) => test.connection.db?.command({ collMod: 'executions', validator });
  const sum = async (run: Run) => 1 + (await run.step('one', { effect: 'pure' }, () => 1));

  it('is stored once, finished, where it has no effects', async () => {
    const started = await lab.start(script(sum));
    expect(started).toMatchObject({ status: 'succeeded', result: 2, steps: [], error: null });
    expect(await lab.executions.get(SYSTEM, started.id)).toEqual(started);
    const document = await find(started.id);
    expect(document).toMatchObject({ status: 'succeeded', revision: 1, turn: 1 });
    expect(document).not.toHaveProperty('engine');
    expect(document?.['expiresAt'] - document?.['finishedAt']).toBe(30 * 86_400_000);
  });

  it('is stored with the mark of its first step, where that is to happen once', async () => {
    const marks: unknown[] = [];
    const { id, result } = await lab.play(async (run) => {
      for (const name of ['a', 'b', 'c']) {
        const mark = ({ key }: { key: string }) =>
          find(key.split('.')[0] ?? '').then((found) => found?.['open']);
        marks.push(await run.step(name, { effect: 'once' }, mark));
      }
      return 'done';
    });
    expect([result, marks]).toEqual(['done', [['a'], ['b'], ['c']]]);
    // The start with the first mark, two marks with the result before each, and the end with the last one.
    expect((await find(id))?.['revision']).toBe(4);
  });

  it.each<[string, (run: Run, seen: (id: string) => Promise<unknown>) => Promise<unknown>]>([
    ['a step', (run, seen) => run.step('a', ({ key }) => seen(key.split('.')[0] ?? ''))],
    [
      'a once step',
      (run, seen) => run.step('a', { effect: 'once' }, ({ key }) => seen(key.split('.')[0] ?? '')),
    ],
    [
      'one step of several at once',
      (run, seen) =>
        run.all([() => sum(run), () => run.step('a', ({ key }) => seen(key.split('.')[0] ?? ''))]),
    ],
  ])('has %s wait until it is stored', async (_, work) => {
    const seen: unknown[] = [];
    const { id } = await lab.play((run) =>
      work(run, async (own) => seen.push((await find(own))?.['status'])),
    );
    expect(seen).toEqual(['running']);
    expect((await find(id))?.['revision']).toBeGreaterThan(1);
  });

  it.each<[string, (run: Run, done: () => void) => Promise<unknown>]>([
    ['ends without effects', (run) => sum(run)],
    ['has a step', (run, done) => run.step('a', done)],
    ['has a once step', (run, done) => run.step('a', { effect: 'once' }, done)],
    [
      'starts another one',
      (run, done) =>
        run.start(
          Play,
          script(() => Promise.resolve(done())),
        ),
    ],
    ['waits', (run) => run.sleep('a', '1s')],
    ['fails', () => Promise.reject(new Error('on purpose'))],
    [
      'says how far it is',
      async (run) => {
        run.progress(1, 2);
        await run.step('a', { effect: 'pure' }, () => new Promise((go) => setTimeout(go, 20)));
      },
    ],
  ])('has done nothing where it is not accepted and %s', async (_, work) => {
    const before = await stored().countDocuments();
    await refuse({ type: 'none' });
    let effects = 0;
    await expect(lab.start(script((run) => work(run, () => effects++)))).rejects.toThrow();
    await eventually(async () => /^executions_running 0$/m.test((await test.anonymous.get('/metrics')).text));
    expect([effects, await stored().countDocuments()]).toEqual([0, before]);
  });

  it('takes nobody’s place once it was refused', async () => {
    await refuse({ type: 'none' });
    const refused = Array.from({ length: 150 }, () => lab.start(script(sum)));
    expect(new Set((await Promise.allSettled(refused)).map(({ status }) => status))).toEqual(
      new Set(['rejected']),
    );
    await refuse({});
    expect(await lab.start(script(sum))).toMatchObject({ status: 'succeeded' });
  });

  it('begins once its transaction is committed, and its encrypted contents are never stored as text', async () => {
    let runs = 0;
    const count = script((run) => {
      runs++;
      return sum(run);
    });
    const transactions = test.app.get(Transactions, { strict: false });
    const { id } = await transactions.run(async (transaction) => {
      const started = await lab.start(count, { transaction });
      await new Promise((go) => setTimeout(go, 20));
      expect(runs).toBe(0);
      return started;
    });
    expect(await lab.until(id, 'succeeded')).toMatchObject({ result: 2 });
    expect(runs).toBe(1);
    const secret = await lab.start(script(sum), {}, Secret);
    await lab.until(secret.id, 'succeeded');
    expect(await find(secret.id)).not.toHaveProperty('result');
  });
});
