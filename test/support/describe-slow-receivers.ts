import type { ServerResponse } from 'node:http';
import { expect, it } from '@jest/globals';
import { eventually } from './mails.js';
import type { TestApp } from './test-app.js';
import { type HookLab, WEBHOOKS } from './webhooks.js';

const HOUR = 3_600_000;

/** Receivers that never answer, or answer that they cannot: nobody waits for them but they themselves. */
export function describeSlowReceivers(its: () => { readonly test: TestApp; readonly hooks: HookLab }): void {
  it('lets no receiver that never answers hold up another', async () => {
    const { hooks } = its();
    const slow = await hooks.newHook();
    const fast = await hooks.newHook();
    hooks.receiver.answers.set(slow.path, () => undefined);
    for (let n = 0; n < 12; n++) await hooks.newPaper();
    await hooks.arrived(fast, 12);
    // In each lane one at most.
    expect(hooks.receiver.of(slow.path).length).toBeLessThanOrEqual(4);
  });

  it('starts the deliveries of an event to several receivers by one command', async () => {
    const { hooks, test } = its();
    const all = [await hooks.newHook(), await hooks.newHook(), await hooks.newHook()];
    const { db } = test.connection;
    if (!db) throw new Error('There is no connection');
    const inserts = { ns: `${db.databaseName}.executions`, op: 'insert' };
    await db.command({ profile: 2, filter: inserts });
    await hooks.newPaper();
    await db.command({ profile: 0 });
    const profiled = await db.collection('system.profile').find(inserts).toArray();
    expect(profiled.map(({ ninserted }) => ninserted as number)).toEqual([3]);
    for (const hook of all) await hooks.arrived(hook, 1);
  });

  it('lets a receiver rest that goes on failing, and asks it by one event whether it answers again', async () => {
    const { hooks, test } = its();
    const { receiver, engine } = hooks;
    const hook = await hooks.newHook();
    const executions = (status: string) =>
      test.connection.collection('executions').countDocuments({ record: `webhooks/${hook.id}`, status });
    const attempts = async () => (await hooks.deliveriesOf(hook))[0]?.attempts;
    receiver.answer(hook.path, 500);
    await hooks.newPaper();
    await eventually(async () => (await attempts()) === 1);
    engine.advance(11_000);
    await eventually(async () => (await attempts()) === 2);
    for (let n = 0; n < 8; n++) await hooks.newPaper();
    // None of them is sent, and none holds the place of another one's.
    await eventually(async () => (await executions('waiting')) === 9);
    expect(receiver.of(hook.path)).toHaveLength(2);
    const held: ServerResponse[] = [];
    receiver.answers.set(hook.path, (response) => void held.push(response));
    engine.advance(10_000);
    await eventually(async () => held.length === 1 && (await executions('running')) === 1);
    receiver.answer(hook.path, 200);
    held[0]?.end('ok');
    // Until that is known, whoever asks is told to wait again; what shares its lane follows at once.
    await eventually(async () => (await executions('succeeded')) >= 1);
    engine.advance(40_000);
    await hooks.allDelivered(hook);
    expect(held).toHaveLength(1);
  });

  it('waits until the date that a receiver names, and forgets the failures of another address', async () => {
    const { hooks } = its();
    const { receiver, owner, engine } = hooks;
    const hook = await hooks.newHook();
    const retryAfter = new Date(Date.now() + HOUR).toUTCString();
    receiver.answer(hook.path, 503, '', { 'retry-after': retryAfter });
    await hooks.newPaper();
    const { nextAttemptAt } = await eventually(async () => {
      const [delivery] = await hooks.deliveriesOf(hook);
      return delivery?.attempts === 1 && delivery;
    });
    const hours = (Date.parse(nextAttemptAt ?? '') - engine.parts.clock.now().getTime()) / HOUR;
    expect([hours > 0.9, hours < 1.2]).toEqual([true, true]);
    const at = `${WEBHOOKS}/${hook.id}`;
    await eventually(async () => (await owner.get(at)).body.data.failingSince !== null);
    const moved = await owner.patch(at, { url: receiver.at(hook.path) });
    expect(moved.body.data.failingSince).toBeNull();
  });

  it('says that what was under way when its webhook was paused has arrived', async () => {
    const { hooks } = its();
    const hook = await hooks.newHook();
    const held: ServerResponse[] = [];
    hooks.receiver.answers.set(hook.path, (response) => void held.push(response));
    await hooks.newPaper();
    await eventually(() => held.length === 1);
    // Nor can it be cancelled unseen, by whoever may start executions.
    const [execution] = (await hooks.owner.get('/api/v1/executions?limit=1')).body.data as { id: string }[];
    const cancelled = await hooks.owner.post(`/api/v1/executions/${execution?.id}/cancel`);
    expect(cancelled.outcome).toBe('403 FORBIDDEN');
    await hooks.owner.patch(`${WEBHOOKS}/${hook.id}`, { status: 'paused' });
    const error = 'The webhook was paused';
    expect(await hooks.deliveriesOf(hook)).toMatchObject([{ status: 'failed', error }]);
    held[0]?.end('ok');
    await hooks.allDelivered(hook);
  });
}
