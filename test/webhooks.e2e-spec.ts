// Alone in its process: what is transferable stays so.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FAILPOINTS } from '../src/platform/executions/model/failpoints.js';
import { describeSlowReceivers } from './support/describe-slow-receivers.js';
import { engineBeside } from './support/engines.js';
import { EngineLab } from './support/executions.js';
import { eventually, mailTo, outboxOf } from './support/mails.js';
import { addPapers, PAPERS, rollBack } from './support/papers.js';
import { type Message, Receiver, verified } from './support/receiver.js';
import { IS_SOAK } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { ME } from './support/users.js';
import { HookLab, WEBHOOKS } from './support/webhooks.js';

const HOUR = 3_600_000;
/** Where the process is killed; no delivery has a mark of a step that must not run twice. */
const POINTS = IS_SOAK
  ? FAILPOINTS.filter((each) => !/^(mark|takeover)/.test(each))
  : (['effect:before', 'effect:after', 'note:before', 'wait:after', 'finish:before'] as const);

describe('webhooks', () => {
  let test: TestApp;
  let takeBack: () => void;
  let receiver: Receiver;
  let hooks: HookLab;
  let lab: EngineLab;
  let owner: TestClient;
  let stranger: TestClient;

  beforeAll(async () => {
    takeBack = addPapers();
    receiver = await Receiver.start();
    test = await createTestApp({ OUTBOUND_ALLOW: '127.0.0.1/32' });
    [owner, stranger] = await Promise.all([test.anonymous.signIn(), test.anonymous.signIn()]);
    hooks = new HookLab(test, receiver, owner);
    lab = hooks.engine;
  });
  afterAll(async () => {
    receiver.close();
    await test.close();
    takeBack();
  });
  afterEach(() => hooks.removeAll());

  it('sends what happens, signed as the standard says', async () => {
    const hook = await hooks.newHook(owner, ['papers.updated', 'papers.created']);
    const secrets = { draft: 'the draft', pin: 'the pin', codes: ['the code'] };
    const { body } = await owner.post(PAPERS, { title: 'Ships', ...secrets });
    await owner.patch(`${PAPERS}/${body.data.id}`, { title: 'Boats' });
    await owner.delete(`${PAPERS}/${body.data.id}`);
    const [first, second] = await hooks.arrived(hook, 2);
    if (!first || !second) throw new Error('nothing arrived');
    expect(verified(first, hook.secret)).toEqual({
      type: 'papers.created',
      timestamp: body.data.createdAt,
      data: {
        record: `papers/${body.data.id}`,
        actor: { kind: 'user', id: owner.userId },
        changes: [
          { field: 'title', from: null, to: 'Ships' },
          ...Object.keys(secrets).map((field) => ({ field })),
        ],
        object: {
          id: body.data.id,
          title: 'Ships',
          pages: null,
          ownerId: owner.userId,
          createdBy: owner.userId,
          version: 1,
          createdAt: body.data.createdAt,
          updatedAt: body.data.updatedAt,
        },
      },
    });
    expect(verified(second, hook.secret).type).toBe('papers.updated');
    expect(first.body).not.toMatch(/the draft|the pin|the code/);
    expect(first.headers['content-type']).toBe('application/json');
    expect(() => verified({ ...first, body: first.body.replace('Ships', 'Sheep') }, hook.secret)).toThrow();
    const sent = await hooks.allDelivered(hook);
    expect(
      sent.map(({ event, attempts, responseStatus, responseBody }) => [
        event,
        attempts,
        responseStatus,
        responseBody,
      ]),
    ).toEqual([
      ['papers.updated', 1, 200, 'ok'],
      ['papers.created', 1, 200, 'ok'],
    ]);
    expect(first.headers['webhook-id']).toBe(sent[1]?.eventId);
  });

  it('shows the secret once, and signs with the one before for a day', async () => {
    const hook = await hooks.newHook();
    expect(hook.secret).toMatch(/^whsec_[\w+/]{43}=$/);
    for (const path of [WEBHOOKS, `${WEBHOOKS}/${hook.id}`]) {
      expect((await owner.get(path)).text).not.toContain('whsec_');
    }
    const { body } = await owner.post(`${WEBHOOKS}/${hook.id}/rotate`);
    expect(body.data.secret).not.toBe(hook.secret);
    await hooks.newPaper();
    const [both] = await hooks.arrived(hook, 1);
    for (const secret of [hook.secret, body.data.secret as string]) {
      expect(both && verified(both, secret).type).toBe('papers.created');
    }
    lab.advance(25 * HOUR);
    await hooks.newPaper();
    const [, single] = await hooks.arrived(hook, 2);
    expect(single && verified(single, body.data.secret as string).type).toBe('papers.created');
    expect(() => single && verified(single, hook.secret)).toThrow('No matching signature');
    const kept = JSON.stringify(await test.connection.collection('webhooks').find({}).toArray());
    expect(kept).not.toContain('whsec_');
  });

  it('tries again for a day, under one id, and keeps the order of a record meanwhile', async () => {
    const hook = await hooks.newHook();
    receiver.answer(hook.path, 500, 'no <b>way</b>\u0007');
    const id = await hooks.newPaper();
    await owner.patch(`${PAPERS}/${id}`, { title: 'second' });
    await owner.patch(`${PAPERS}/${id}`, { title: 'third' });
    const other = await hooks.newPaper(owner, 'another');
    await hooks.arrived(hook, 2);
    await eventually(async () => (await hooks.deliveriesOf(hook)).at(-1)?.attempts === 1);
    const [waiting] = (await hooks.deliveriesOf(hook)).toReversed();
    expect(waiting).toMatchObject({ status: 'pending', responseStatus: 500, responseBody: 'no <b>way</b>' });
    // Of each record the first was tried, and no other.
    const tried = receiver.of(hook.path).map(({ body }) => (JSON.parse(body) as Message).data.record);
    expect(new Set(tried)).toEqual(new Set([`papers/${id}`, `papers/${other}`]));
    receiver.answer(hook.path, 200);
    lab.advance(10_000);
    await hooks.allDelivered(hook);
    const ofOne = receiver.of(hook.path).filter(({ body }) => body.includes(id));
    expect(ofOne.map(({ body }) => (JSON.parse(body) as Message).data.changes[0]?.to)).toEqual([
      'Ships',
      'Ships',
      'second',
      'third',
    ]);
    expect(new Set(ofOne.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
  });

  it('gives up after a day, and sends again by hand', async () => {
    const hook = await hooks.newHook();
    receiver.answer(hook.path, 503);
    await hooks.newPaper();
    const attempted = (n: number) =>
      eventually(async () => {
        const [delivery] = await hooks.deliveriesOf(hook);
        return delivery?.attempts === n && delivery;
      });
    const began = lab.parts.clock.now().getTime();
    for (let n = 1; n < 11; n++) {
      const { nextAttemptAt } = await attempted(n);
      lab.advance(Date.parse(nextAttemptAt ?? '') - lab.parts.clock.now().getTime() + 1);
    }
    const failed = await attempted(11);
    expect(failed.status).toBe('failed');
    const hours = (lab.parts.clock.now().getTime() - began) / HOUR;
    expect([hours > 20, hours < 25]).toEqual([true, true]);
    receiver.answer(hook.path, 204);
    const path = `${WEBHOOKS}/${hook.id}/deliveries/${failed.id}/retry`;
    expect((await stranger.post(path)).outcome).toBe('404 WEBHOOK_NOT_FOUND');
    expect((await owner.post(path)).body.data).toMatchObject({ id: failed.id, status: 'pending' });
    await eventually(async () => (await hooks.deliveriesOf(hook))[0]?.status === 'delivered');
    const ids = receiver.of(hook.path).map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids)).toEqual(new Set([failed.eventId]));
  });

  it('ends with 410, and goes on when its owner says so', async () => {
    const hook = await hooks.newHook();
    receiver.answer(hook.path, 410);
    await hooks.newPaper();
    await eventually(async () => (await hooks.statusOf(hook)) === 'ended');
    await hooks.newPaper();
    const [delivery, ...others] = await hooks.deliveriesOf(hook);
    expect([delivery?.status, others]).toEqual(['failed', []]);
    const retry = `${WEBHOOKS}/${hook.id}/deliveries/${delivery?.id}/retry`;
    expect((await owner.post(retry)).outcome).toBe('409 WEBHOOK_NOT_ACTIVE');
    receiver.answer(hook.path, 200);
    await owner.patch(`${WEBHOOKS}/${hook.id}`, { status: 'active' });
    await hooks.newPaper();
    await hooks.arrived(hook, 2);
  });

  it('pauses a receiver that fails for three days, and mails its owner', async () => {
    const hook = await hooks.newHook();
    receiver.answer(hook.path, 500);
    await hooks.newPaper();
    await eventually(async () => (await owner.get(`${WEBHOOKS}/${hook.id}`)).body.data.failingSince !== null);
    lab.advance(73 * HOUR);
    await hooks.newPaper();
    await eventually(async () => (await hooks.statusOf(hook)) === 'paused');
    const { body } = await owner.get(ME);
    const mail = await mailTo(body.data.email as string, () => outboxOf(test.config));
    expect(mail.subject).toBe('Your webhook was paused');
    expect((await hooks.deliveriesOf(hook)).map(({ status }) => status)).toEqual(['failed', 'failed']);
  });

  describeSlowReceivers(() => ({ test, hooks }));

  it('sends an owner’s events to its own webhooks, and shows them to nobody else', async () => {
    const hook = await hooks.newHook();
    const theirs = await hooks.newHook(stranger, ['papers.*', 'users.*']);
    await hooks.newPaper();
    await hooks.arrived(hook, 1);
    const [delivery] = await hooks.deliveriesOf(hook);
    const at = `${WEBHOOKS}/${hook.id}`;
    const admin = await test.anonymous.signIn('admin');
    for (const other of [stranger, admin]) {
      const answers = [
        await other.get(at),
        await other.patch(at, { status: 'paused' }),
        await other.delete(at),
        await other.post(`${at}/rotate`),
        await other.get(`${at}/deliveries`),
        await other.post(`${at}/deliveries/${delivery?.id}/retry`),
        // Somebody else's delivery, of a webhook of its own.
        await stranger.post(`${WEBHOOKS}/${theirs.id}/deliveries/${delivery?.id}/retry`),
      ];
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 404));
    }
    expect(await hooks.deliveriesOf(theirs, stranger)).toEqual([]);
    await owner.delete(at);
    expect((await stranger.get(WEBHOOKS)).body.data).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['url', { url: 'http://10.0.0.1/hook' }],
    ['url', { url: 'https://10.0.0.1/hook' }],
    ['url', { url: 'https://user:word@example.com/' }],
    ['events', { events: ['papers.vanished'] }],
    ['events', { events: ['projects.created'] }],
    ['events', { events: ['*'] }],
  ])('refuses %s of %j', async (field, change) => {
    const fields = { url: receiver.at('/'), events: ['papers.created'], ...change };
    const { outcome, body } = await owner.post(WEBHOOKS, fields);
    expect([outcome, body.details?.[0]?.path.split('.')[0]]).toEqual(['400 VALIDATION_ERROR', field]);
  });

  it('follows no redirect, and shows of an answer what is safe', async () => {
    const hook = await hooks.newHook();
    receiver.answer(hook.path, 302, 'over there', { location: receiver.at('/elsewhere') });
    await hooks.newPaper();
    await eventually(async () => (await hooks.deliveriesOf(hook))[0]?.responseStatus === 302);
    expect(receiver.of('/elsewhere')).toEqual([]);
    receiver.answers.set(hook.path, (response) => response.end(Buffer.alloc(100_000, 0xff)));
    lab.advance(10_000);
    const [delivery] = await hooks.allDelivered(hook);
    expect(delivery?.responseBody?.length).toBe(500);
  });

  it('sends nothing of what was rolled back', async () => {
    const hook = await hooks.newHook();
    await rollBack(test, owner);
    await hooks.newPaper();
    const [only] = await hooks.arrived(hook, 1);
    expect(only?.body).not.toContain('Never');
    expect(await hooks.deliveriesOf(hook)).toHaveLength(1);
  });

  // The last: the engine of the application does not live through it.
  it('delivers every event under one id and in order, wherever the process is killed', async () => {
    lab.parts.engine.kill();
    const { clock } = lab.parts;
    for (const point of POINTS) {
      const hook = await hooks.newHook();
      receiver.answers.set(hook.path, (response) =>
        response.writeHead(receiver.of(hook.path).length === 2 ? 500 : 200).end(),
      );
      const first = new EngineLab(engineBeside(test.app, clock));
      await first.parts.engine.start();
      const killed = first.killAt(point);
      const id = await hooks.newPaper();
      for (const title of ['second', 'third']) await owner.patch(`${PAPERS}/${id}`, { title });
      clock.advance(10_000);
      await killed;
      const second = new EngineLab(engineBeside(test.app, clock));
      await second.parts.engine.start();
      await eventually(async () => {
        await second.takeOver();
        clock.advance(10_000);
        return (await hooks.deliveriesOf(hook)).every(({ status }) => status === 'delivered');
      });
      second.parts.engine.kill();
      await Promise.all([first, second].map(({ parts }) => parts.store.close()));
      const all = receiver.of(hook.path).map((each) => ({
        eventId: each.headers['webhook-id'],
        to: (JSON.parse(each.body) as Message).data.changes[0]?.to,
      }));
      const firstly = [...new Map(all.map((each) => [each.eventId, each.to])).values()];
      expect([point, firstly]).toEqual([point, ['Ships', 'second', 'third']]);
    }
    await lab.parts.store.close();
  });
});
