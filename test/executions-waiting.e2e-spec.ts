import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { SYSTEM, scopeOf, type UserId } from '../src/platform/access/caller.js';
import { fail } from '../src/platform/executions/run.js';
import { addExecutors, EngineLab, Play, Queue, script, Secret } from './support/executions.js';
import { eventually } from './support/mails.js';
import { atMost } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';

const DAY = 86_400_000;

describe('durable executions that wait', () => {
  let test: TestApp;
  let lab: EngineLab;
  let takeBack: () => void;

  beforeAll(async () => {
    takeBack = addExecutors();
    test = await createTestApp();
    lab = EngineLab.of(test);
  });
  afterAll(async () => {
    await test.close();
    takeBack();
  });

  const stored = () => test.connection.collection('executions');

  describe('waiting', () => {
    it('sleeps for days without running', async () => {
      let turns = 0;
      const { id } = await lab.start(
        script(async (run) => {
          turns++;
          await run.sleep('pause', '7d');
          await run.sleep('more', '1d');
          return 'awake';
        }),
      );
      expect((await lab.until(id, 'waiting')).dueAt?.getTime()).toBeGreaterThan(Date.now() + 6 * DAY);
      lab.advance(7 * DAY);
      await eventually(() => turns === 2);
      await lab.until(id, 'waiting');
      lab.advance(DAY + 1_000);
      expect(await lab.until(id, 'succeeded')).toMatchObject({ result: 'awake' });
      expect(turns).toBe(3);
    });

    it('begins on time, however long it has been idle, and wakes from short sleeps on time', async () => {
      for (let times = 0; times < 3; times++) {
        await sleep(200);
        const started = performance.now();
        const { id } = await lab.start(
          script(async () => 'begun'),
          { at: lab.parts.clock.in(300) },
        );
        await lab.until(id, 'succeeded');
        const ms = performance.now() - started;
        expect({ isOnTime: ms > 290 && ms < atMost(500), ms }).toMatchObject({ isOnTime: true });
      }
      const started = performance.now();
      const nap = script(async (run) => {
        for (let n = 0; n < 10; n++) await run.sleep(`nap-${n}`, 100);
      });
      const { id } = await lab.start(nap);
      await lab.until(id, 'succeeded');
      const ms = performance.now() - started;
      expect({ isOnTime: ms > 990 && ms < atMost(2_000), ms }).toMatchObject({ isOnTime: true });
    });

    it('hears a signal that its owner sends, once, and others who may', async () => {
      const [owner, stranger] = await Promise.all([test.anonymous.signIn(), test.anonymous.signIn()]);
      const moderator = await test.anonymous.signIn('moderator');
      const scope = scopeOf(owner.userId as UserId);
      const { id } = await lab.start(
        script(async (run) => [await run.waitFor('word'), await run.waitFor('nod', { by: 'projects:read' })]),
        { scope },
      );
      await lab.until(id, 'waiting');
      const send = (from: string, name: string, payload: unknown) =>
        lab.executions.signal(scopeOf(from as UserId), id, name, payload);
      await expect(send(stranger.userId, 'word', 1)).rejects.toMatchObject({ code: 'EXECUTION_NOT_FOUND' });
      await expect(send(owner.userId, 'nod', 1)).rejects.toMatchObject({ code: 'EXECUTION_NOT_WAITING' });
      await send(owner.userId, 'word', { yes: true });
      await eventually(async () => (await lab.executions.get(scope, id)).steps[1]?.name === 'nod');
      await lab.until(id, 'waiting');
      await expect(send(owner.userId, 'nod', 1)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      const allowed = {
        ...scopeOf(moderator.userId as UserId),
        permissions: new Set(['projects:read'] as const),
      };
      await lab.executions.signal(allowed, id, 'nod', 'ok');
      expect(await lab.until(id, 'succeeded')).toMatchObject({ result: [{ yes: true }, 'ok'] });
      await expect(send(owner.userId, 'word', 1)).rejects.toMatchObject({ code: 'EXECUTION_FINISHED' });
    });

    it('gives up when a signal does not come in time', async () => {
      const work = script(async (run) => (await run.waitFor('word', { for: '30d' })) === undefined);
      const { id } = await lab.start(work);
      await lab.until(id, 'waiting');
      lab.advance(31 * DAY);
      expect(await lab.until(id, 'succeeded')).toMatchObject({ result: true });
    });

    it('calls other executions side by side, and hears what they come to', async () => {
      const ended = await lab.play((run) =>
        run.all(
          [1, 2, 3, 4, 5].map((n) => async () => {
            const child = script((inner) => inner.step('work', () => (n === 3 ? fail('odd') : n * n)));
            try {
              return await run.call(Play, child, { name: `child-${n}` });
            } catch (error) {
              return (error as Error).message;
            }
          }),
          { concurrency: 2 },
        ),
      );
      // A script of its own for each turn: what was started first counts.
      expect(ended).toMatchObject({ status: 'succeeded', result: [1, 4, 'odd', 16, 25] });
    });
  });

  describe('cancelling', () => {
    it('ends what waits at once, and with it what it calls', async () => {
      const child = script((run) => run.sleep('long', '9d'));
      const { id } = await lab.start(script((run) => run.call(Play, child)));
      await lab.until(id, 'waiting');
      const children = () =>
        stored()
          .find({ 'parent._id': { $exists: true }, status: 'waiting' })
          .toArray();
      await eventually(async () => (await children()).length === 1);
      expect((await lab.executions.cancel(SYSTEM, id)).status).toBe('cancelled');
      expect(await children()).toEqual([]);
      await expect(lab.executions.cancel(SYSTEM, id)).rejects.toMatchObject({ code: 'EXECUTION_FINISHED' });
    });

    it('tells a step that runs, and lets it end', async () => {
      const begun = Promise.withResolvers<void>();
      const { id } = await lab.start(
        script((run) =>
          run.step('long', ({ signal }) => {
            begun.resolve();
            return new Promise((resolve) => signal.addEventListener('abort', () => resolve('cleaned up')));
          }),
        ),
      );
      await begun.promise;
      await lab.executions.cancel(SYSTEM, id);
      const { steps } = await lab.until(id, 'cancelled');
      expect(steps[0]).toMatchObject({ status: 'succeeded' });
    });
  });

  it('lets one run at a time for each key', async () => {
    let [running, most, done] = [0, 0, 0];
    const input = script((run) =>
      run.step('work', async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running--;
        done++;
      }),
    );
    const keys = Array.from({ length: 12 }, (_, n) => ({ ...input, key: n < 10 ? 'same' : `other-${n}` }));
    await Promise.all(keys.map((each) => lab.start(each, {}, Queue)));
    await eventually(() => done === 12);
    expect(most).toBeLessThanOrEqual(3);
    const parked = await stored().countDocuments({ parked: { $exists: true } });
    expect(parked).toBe(0);
  });

  it('lets no owner wait behind another one’s backlog', async () => {
    const [busy, quiet] = [await test.anonymous.signIn(), await test.anonymous.signIn()];
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const note = (who: string) =>
      script((run) => run.step('note', () => gate.promise.then(() => void order.push(who))));
    const [many, one] = [note('busy'), note('quiet')];
    const of = (userId: string) => ({ scope: scopeOf(userId as UserId) });
    await Promise.all(Array.from({ length: 700 }, () => lab.start(many, of(busy.userId))));
    const { id } = await lab.start(one, of(quiet.userId));
    gate.resolve();
    await lab.until(id, 'succeeded');
    expect(order.indexOf('quiet')).toBeLessThan(600);
    await eventually(() => order.length === 701);
  });

  it('waits while its user is disabled, and fails when that is deleted', async () => {
    const admin = await test.anonymous.signIn('admin');
    const user = await test.anonymous.signIn();
    const scope = scopeOf(user.userId as UserId);
    const work = script(async (run) => (await run.sleep('a', '1d'), await run.sleep('b', '1d')));
    const { id } = await lab.start(work, { scope });
    await lab.until(id, 'waiting');
    const change = (disabled: boolean) => admin.patch(`/api/v1/users/${user.userId}`, { disabled });
    expect((await change(true)).status).toBe(200);
    lab.advance(DAY + 1_000);
    const held = () => stored().findOne({ ownerId: { $ne: null }, status: 'waiting', turn: 2 });
    expect((await eventually(held))['steps'].b).toBeUndefined();
    expect((await change(false)).status).toBe(200);
    lab.advance(120_000);
    await eventually(async () => (await lab.executions.get(scope, id)).steps.length === 2);
    expect((await admin.delete(`/api/v1/users/${user.userId}`)).status).toBe(200);
  });

  it('looks before each step whether its owner may go on', async () => {
    const admin = await test.anonymous.signIn('admin');
    const user = await test.anonymous.signIn();
    const scope = scopeOf(user.userId as UserId);
    const ran: string[] = [];
    const change = async (disabled: boolean) => {
      expect((await admin.patch(`/api/v1/users/${user.userId}`, { disabled })).status).toBe(200);
    };
    const { id } = await lab.start(
      script(async (run) => {
        await run.step('a', async () => (await change(true), void ran.push('a')));
        await run.step('large', () => (ran.push('large'), 'x'.repeat(40_000)));
        await run.sleep('pause', '9d');
      }),
      { scope },
    );
    await lab.until(id, 'waiting');
    expect(ran).toEqual(['a']);
    await change(false);
    lab.advance(120_000);
    await eventually(async () => (await lab.executions.get(scope, id)).steps.length === 3);
    expect(ran).toEqual(['a', 'large']);
    const beside = () => test.connection.collection('execution_steps').countDocuments({ name: 'large' });
    expect(await beside()).toBe(1);
    expect((await admin.delete(`/api/v1/users/${user.userId}`)).status).toBe(200);
    // Nothing of it is left, and what a killed process would have left ends without it.
    expect(await beside()).toBe(0);
    const stray = { name: 'Late', description: null, ownerId: new Types.ObjectId(user.userId) };
    await test.connection.collection('projects').insertOne(stray);
    lab.advance(60_000);
    const late = () => test.connection.collection('projects').countDocuments({ name: 'Late' });
    await eventually(async () => (await late()) === 0);
    expect(await stored().findOne({ type: 'owners.remove', input: { $regex: user.userId } })).toMatchObject({
      ownerId: null,
    });
  });

  it('frees the places of `once` steps of executions that it has lost', async () => {
    const lost = new Set<string>();
    let updated = 0;
    const input = script(async (run) => {
      if (!lost.has(run.id)) {
        lost.add(run.id);
        const engine = new Types.ObjectId();
        await stored().updateOne({ _id: new Types.ObjectId(run.id) }, { $set: { engine } });
        updated++;
      }
      return run.step('work', { effect: 'once' }, () => 'done');
    });
    await Promise.all(Array.from({ length: 100 }, () => lab.start(input)));
    await eventually(() => updated === 100);
    const other = await lab.play((run) => run.step('work', { effect: 'once' }, () => 'done'));
    expect(other.status).toBe('succeeded');
  });

  it('keeps input and results encrypted, and answers neither', async () => {
    const input = {
      ...script((run) => run.step('make', () => 'the-secret-result')),
      key: 'the-secret-input',
    };
    const { id } = await lab.start(input, {}, Secret);
    const ended = await lab.until(id, 'succeeded');
    expect(ended).toMatchObject({ input: null, result: null });
    const [raw] = await stored().find({ type: 'lab.secret' }).toArray();
    expect(raw?.['sealed']).toMatch(/^enc:v1:/);
    expect(JSON.stringify([raw, ended])).not.toContain('the-secret');
  });

  it('runs a thousand steps, and keeps large results', async () => {
    const { id } = await lab.start(
      script(async (run) => {
        const large = await run.step('large', () => 'x'.repeat(40_000));
        let sum = 0;
        for (let n = 0; n < 1_000; n++) sum += await run.step(`s${n}`, () => n);
        await run.sleep('pause', '1d');
        return [large.length, sum];
      }),
    );
    await lab.until(id, 'waiting');
    const [found] = await stored()
      .find({ steps: { $exists: true }, beside: true })
      .toArray();
    expect(Object.keys(found?.['steps']).length).toBeLessThan(400);
    lab.advance(DAY + 1_000);
    expect(await lab.until(id, 'succeeded')).toMatchObject({ result: [40_000, 499_500] });
  });
});
