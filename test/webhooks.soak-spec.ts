// Alone in its process: what is transferable stays so.
import { loadavg } from 'node:os';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from './support/mails.js';
import { addPapers, PAPERS } from './support/papers.js';
import { Receiver } from './support/receiver.js';
import { report } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { type Hook, HookLab } from './support/webhooks.js';

/** Every event goes to all receivers; a tenth of them never answers, and another tenth answers 500. */
const RECEIVERS = Number(process.env['SOAK_RECEIVERS'] ?? 100);
const EVENTS = RECEIVERS;
const BAD = RECEIVERS / 10;
const ROUNDS = 5;

let test: TestApp;
let takeBack: () => void;
let receiver: Receiver;
let owner: TestClient;
let hooks: HookLab;

beforeAll(async () => {
  takeBack = addPapers();
  receiver = await Receiver.start();
  test = await createTestApp({ OUTBOUND_ALLOW: '127.0.0.1/32' });
  owner = await test.anonymous.signIn();
  hooks = new HookLab(test, receiver, owner);
});
afterAll(async () => {
  receiver.close();
  await test.close();
  takeBack();
});

/** Creates a paper even if the machine is too busy at first. */
async function create(): Promise<void> {
  for (let status = 0; status !== 201;) ({ status } = await owner.post(PAPERS, { title: 'Ships' }));
}

/** The milliseconds until the good receivers have every event, beside others that answer as `bad` says. */
async function delivered(bad: 'good' | 'bad'): Promise<number> {
  const good: Hook[] = [];
  for (let n = 0; n < RECEIVERS; n++) {
    const hook = await hooks.newHook();
    if (n >= 2 * BAD) good.push(hook);
    else if (bad === 'bad' && n < BAD) receiver.answers.set(hook.path, () => undefined);
    else if (bad === 'bad') receiver.answer(hook.path, 500);
  }
  receiver.received.length = 0;
  const startedAt = performance.now();
  let left = EVENTS;
  const creator = async () => {
    while (left-- > 0) await create();
  };
  await Promise.all([creator(), creator(), creator(), creator()]);
  const paths = new Set(good.map(({ path }) => path));
  const ids = () => receiver.received.filter(({ path }) => paths.has(path)).length;
  await eventually(() => ids() >= good.length * EVENTS, 600_000);
  const ms = performance.now() - startedAt;
  await hooks.removeAll();
  const executions = test.connection.collection('executions');
  const isIdle = async () =>
    (await executions.countDocuments({ status: { $in: ['queued', 'running'] } })) === 0;
  await eventually(isIdle, 120_000);
  return ms;
}

it(
  'delivers as fast beside receivers that fail or never answer as beside ones that answer',
  async () => {
    await delivered('good');
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const alone = await delivered('good');
      const beside = await delivered('bad');
      ratios.push(beside / alone);
      report(
        `${EVENTS} events to ${RECEIVERS} receivers: ${Math.round(alone)} ms if all answer, ${Math.round(beside)} ms ` +
          `if ${BAD} never answer and ${BAD} answer 500, at a load of ${loadavg()[0]?.toFixed(1)}`,
      );
    }
    const median = ratios.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)];
    expect(median).toBeLessThanOrEqual(1.2);
  },
  60 * 60_000,
);
