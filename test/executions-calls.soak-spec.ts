// Alone in its process, whose memory it measures.
import { expect, it } from '@jest/globals';
import { SYSTEM } from '../src/platform/access/caller.js';
import { addExecutors, EngineLab, Play, script } from './support/executions.js';
import { eventually } from './support/mails.js';
import { report } from './support/soak.js';
import { createTestApp } from './support/test-app.js';

/** As many as an execution has steps at most. */
const CALLS = 10_000;
const AT_A_TIME = 1_000;
const MIB = 2 ** 20;

it(`an execution calls ${CALLS} others in bounded memory, and hears of each`, async () => {
  const takeBack = addExecutors();
  const test = await createTestApp();
  const { executions } = EngineLab.of(test);
  let turns = 0;
  const child = script((run, { key }) => run.step('work', () => Number(key)));
  const parent = script(async (run) => {
    turns++;
    const works = Array.from({ length: CALLS }, (_, n) => () => {
      return run.call(Play, { ...child, key: String(n) }, { name: `call-${n}` });
    });
    const numbers = (await run.all(works, { concurrency: AT_A_TIME })) as number[];
    return numbers.reduce((sum, n) => sum + n, 0);
  });
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 50);
  const startedAt = performance.now();
  const { id } = await executions.start(Play, parent, { scope: SYSTEM });
  const ended = await eventually(async () => {
    const execution = await executions.get(SYSTEM, id);
    return !['queued', 'running', 'waiting'].includes(execution.status) && execution;
  }, 240_000);
  const seconds = (performance.now() - startedAt) / 1_000;
  clearInterval(timer);
  expect(ended).toMatchObject({ status: 'succeeded', result: (CALLS * (CALLS - 1)) / 2, error: null });
  const succeeded = { 'parent._id': { $exists: true }, status: 'succeeded' };
  expect(await test.connection.collection('executions').countDocuments(succeeded)).toBe(CALLS);
  const moreMiB = Math.round((most - before) / MIB);
  report(
    `an execution that calls ${CALLS}, ${AT_A_TIME} at a time: ${seconds.toFixed(1)} s, ${turns} turns, ${moreMiB} MiB more`,
  );
  expect(moreMiB).toBeLessThan(400);
  await test.close();
  takeBack();
}, 300_000);
