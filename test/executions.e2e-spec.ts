import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SYSTEM } from '../src/platform/access/caller.js';
import { Transactions } from '../src/platform/database/transactions.js';
import { requestContext } from '../src/platform/logging/request-context.js';
import { again, fail, StepError } from '../src/platform/executions/run.js';
import { addExecutors, EngineLab, Queue, script } from './support/executions.js';
import { eventually } from './support/mails.js';
import { createTestApp, type TestApp } from './support/test-app.js';

const DAY = 86_400_000;

describe('durable executions', () => {
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

  describe('a run', () => {
    it('keeps the result of each step as JSON gives it back', async () => {
      const at = new Date('2026-11-29T00:00:00Z');
      const ended = await lab.play(async (run) => {
        const read = await run.step('read', () => ({ at, nothing: undefined }));
        const sum = await run.step('sum', { effect: 'pure' }, () => new Map([[1, 2]]));
        const mail = await run.step('mail', { effect: 'once' }, ({ key, attempt }) => `${key} ${attempt}`);
        return { read, size: (sum as unknown as Map<number, number>).size, mail };
      });
      expect(ended).toMatchObject({
        status: 'succeeded',
        result: { read: { at: at.toISOString() }, size: 1, mail: `${ended.id}.mail 1` },
        error: null,
        steps: [
          { name: 'read', effect: 'repeatable', status: 'succeeded', attempts: 1 },
          { name: 'mail', effect: 'once', status: 'succeeded', attempts: 1 },
        ],
      });
    });

    it('is not taken for a part of the request that happened to wake the engine', async () => {
      const seen: unknown[] = [];
      const work = script((run) => run.step('a', () => void seen.push(requestContext.getStore()?.requestId)));
      const { id } = await requestContext.run({ requestId: 'r1' }, () => lab.start(work, {}, Queue));
      await lab.until(id, 'succeeded');
      expect(seen).toEqual([undefined]);
    });

    it('is forgotten after 30 days, and after 90 when it failed', async () => {
      const done = await lab.play(() => Promise.resolve());
      const failed = await lab.play(() => fail('No address'));
      expect(failed).toMatchObject({ status: 'failed', error: { code: 'FAILED', message: 'No address' } });
      const days = async ({ createdAt }: typeof done) => {
        const found = await stored().findOne({ createdAt });
        return (found?.['expiresAt'] - found?.['finishedAt']) / DAY;
      };
      expect([await days(done), await days(failed)]).toEqual([30, 90]);
    });

    it.each([
      [
        'a name twice',
        async (run) => [await run.step('a', () => 1), await run.step('a', () => 2)],
        "called 'a'",
      ],
      ['a name that is none', (run) => run.step('a b', () => 1), "called 'a b'"],
      ['a map', (run) => run.step('a', () => ({ all: new Map() })), 'holds all, which is a Map'],
      ['a bigint', (run) => run.step('a', () => 1n), 'is a bigint'],
      ['a function', () => Promise.resolve({ f: () => 1 }), 'holds f, which is a function'],
      ['too much', (run) => run.step('a', () => 'x'.repeat(70_000)), 'more than 64 KiB'],
      ['no duration', (run) => run.sleep('a', '7 days' as '7d'), "'7 days' must be like '7d'"],
    ] as [string, Parameters<typeof script>[0], string][])(
      'refuses %s with a sentence',
      async (_, work, sentence) => {
        const { status, error } = await lab.play(work);
        expect([status, error?.code]).toEqual(['failed', 'EXECUTOR_FAULT']);
        expect(error?.message).toContain(sentence);
      },
    );

    it('shows nothing of an unexpected error but that there was one', async () => {
      const work = script((run) =>
        run.step('read', () => Promise.reject(new Error('E11000 of /src/secret.ts'))),
      );
      const { id } = await lab.start(work);
      for (let n = 1; n < 3; n++) {
        await eventually(async () => {
          const { steps } = await lab.executions.get(SYSTEM, id);
          return steps[0]?.attempts === n && steps[0].status === 'waiting';
        });
        lab.advance(DAY);
      }
      const ended = await lab.until(id, 'failed');
      expect(ended.error?.code).toBe('INTERNAL_ERROR');
      expect(JSON.stringify(ended)).not.toContain('secret');
    });
  });

  describe('starting', () => {
    it('happens with the transaction, or not at all', async () => {
      const transactions = test.app.get(Transactions);
      const input = script(() => Promise.resolve('done'));
      let aborted = '';
      const attempt = transactions.run(async (transaction) => {
        aborted = (await lab.start(input, { transaction })).id;
        throw new Error('No');
      });
      await expect(attempt).rejects.toThrow('No');
      await expect(lab.executions.get(SYSTEM, aborted)).rejects.toMatchObject({
        code: 'EXECUTION_NOT_FOUND',
      });
      const { id } = await transactions.run((transaction) => lab.start(input, { transaction }));
      expect(await lab.until(id, 'succeeded')).toMatchObject({ result: 'done' });
    });

    it('happens once for a key, also in transactions, and refuses it for something else', async () => {
      const input = script(() => Promise.resolve());
      const transactions = test.app.get(Transactions);
      const keyed = { key: 'once', scope: SYSTEM };
      const started = await Promise.all([
        lab.start(input, keyed),
        transactions.run((transaction) => lab.start(input, { ...keyed, transaction })),
        lab.start(input, keyed),
      ]);
      expect(new Set(started.map(({ id }) => id)).size).toBe(1);
      const other = lab.start(
        script(() => Promise.resolve()),
        keyed,
      );
      await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    });

    it('waits for its time', async () => {
      const at = new Date(Date.now() + 365 * DAY);
      const { id, dueAt } = await lab.start(
        script(() => Promise.resolve()),
        { at },
      );
      expect(dueAt).toEqual(at);
      lab.advance(300 * DAY);
      lab.advance(66 * DAY);
      await lab.until(id, 'succeeded');
    });

    it('refuses an input that its class does not take', async () => {
      const started = lab.start({ script: 'x', kind: 'c' });
      await expect(started).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        details: [expect.objectContaining({ path: 'kind' })],
      });
    });
  });

  describe('a step that fails', () => {
    it('is tried again, not before a server allows it, with the same key', async () => {
      const keys: string[] = [];
      const { id } = await lab.start(
        script((run) =>
          run.step('call', ({ key, attempt }) => {
            keys.push(key);
            if (attempt > 1) return 'ok';
            throw Object.assign(new Error('busy'), { headers: { 'retry-after': '3600' } });
          }),
        ),
      );
      const waiting = await lab.until(id, 'queued');
      const pauseMs = (waiting.dueAt?.getTime() ?? 0) - waiting.createdAt.getTime();
      expect(pauseMs).toBeGreaterThanOrEqual(3_600_000);
      lab.advance(3_700_000);
      expect(await lab.until(id, 'succeeded')).toMatchObject({ result: 'ok' });
      expect(keys).toEqual([`${id}.call`, `${id}.call`]);
    });

    it.each([
      ['seconds until no date', '9'.repeat(20)],
      ['seconds that are no number', '9'.repeat(400)],
      ['a date', 'Fri, 31 Dec 9999 23:59:59 GMT'],
    ])('waits for a day at most, whatever a server asks for: %s', async (_, retryAfter) => {
      const { id } = await lab.start(
        script((run) =>
          run.step('call', () => {
            throw Object.assign(new Error('busy'), { headers: { 'retry-after': retryAfter } });
          }),
        ),
      );
      const { dueAt, createdAt } = await lab.until(id, 'queued');
      const hours = ((dueAt?.getTime() ?? 0) - createdAt.getTime()) / 3_600_000;
      expect([hours >= 24, hours < 24.1]).toEqual([true, true]);
      await lab.executions.cancel(SYSTEM, id);
    });

    it('throws when it has failed for good, so that a run can make up for it', async () => {
      const ended = await lab.play(async (run) => {
        try {
          return await run.step('book', () => fail('No seat left', 'FULL'));
        } catch (error) {
          if (!(error instanceof StepError)) throw error;
          return run.step('refund', () => `refunded: ${error.code}`);
        }
      });
      expect(ended).toMatchObject({ status: 'succeeded', result: 'refunded: FULL' });
    });

    it('goes on from there when it is retried, or from the start', async () => {
      const ran: string[] = [];
      let isBroken = true;
      const note = (name: string) => void ran.push(name);
      const { id } = await lab.start(
        script(async (run) => {
          await run.step('a', () => note('a'));
          await run.step('b', () => (isBroken ? fail('broken') : note('b')));
        }),
      );
      await lab.until(id, 'failed');
      isBroken = false;
      await lab.executions.retry(SYSTEM, id);
      await lab.until(id, 'succeeded');
      expect(ran).toEqual(['a', 'b']);
      await expect(lab.executions.retry(SYSTEM, id)).rejects.toMatchObject({ code: 'EXECUTION_FINISHED' });
    });

    it('ends at its time limit', async () => {
      let isAborted = false;
      const { id } = await lab.start(
        script((run) =>
          run.step('slow', { timeout: '50ms' }, ({ signal }) => {
            signal.addEventListener('abort', () => (isAborted = true));
            return new Promise(() => undefined);
          }),
        ),
      );
      const { steps } = await lab.until(id, 'queued');
      expect([steps[0]?.error?.code, isAborted]).toEqual(['TIMEOUT', true]);
      await lab.executions.cancel(SYSTEM, id);
    });
  });

  describe('a step whose effect must not happen twice', () => {
    const broken = () => {
      const ran: number[] = [];
      const work = script((run) =>
        run.step('pay', { effect: 'once' }, ({ attempt }) => {
          ran.push(attempt);
          if (attempt === 1) throw new Error('socket hang up');
          return 'paid again';
        }),
      );
      return { ran, work };
    };

    it.each([
      ['happened', 'succeeded', 'paid', [1]],
      ['again', 'succeeded', 'paid again', [1, 2]],
      ['failed', 'failed', null, [1]],
    ] as const)('needs somebody who says that it %s', async (outcome, status, result, runs) => {
      const { ran, work } = broken();
      const { id } = await lab.start(work);
      const unknown = await lab.until(id, 'needs-attention');
      expect(unknown.steps[0]).toMatchObject({ name: 'pay', status: 'unknown' });
      await expect(lab.executions.resolve(SYSTEM, id, 'other', outcome)).rejects.toMatchObject({
        code: 'EXECUTION_NOT_WAITING',
      });
      await lab.executions.resolve(SYSTEM, id, 'pay', outcome, 'paid');
      expect(await lab.until(id, 'succeeded', 'failed')).toMatchObject({ status, result });
      expect(ran).toEqual(runs);
    });

    it('is tried again where its error says that nothing has happened', async () => {
      const { id } = await lab.start(
        script((run) =>
          run.step('pay', { effect: 'once' }, ({ attempt }) => (attempt === 1 ? again('busy') : attempt)),
        ),
      );
      await lab.until(id, 'queued');
      lab.advance(DAY);
      expect(await lab.until(id, 'succeeded')).toMatchObject({ result: 2 });
    });
  });
});
