import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { SYSTEM } from '../src/platform/access/caller.js';
import { Executor } from '../src/platform/executions/executor.js';
import type { ExecutorClass } from '../src/platform/executions/run.js';
import { addExecutors, EngineLab, Play, ScriptDto } from './support/executions.js';
import { eventually } from './support/mails.js';
import { createTestApp, type TestApp } from './support/test-app.js';

const DAY = 86_400_000;

/** Was once given its key as a number, or none at all, which it cannot make up for. */
@Executor({
  type: 'lab.versioned',
  input: ScriptDto,
  version: 2,
  attempts: 2,
  upgrade: (input) => {
    const { key } = input as { key?: unknown };
    if (key === undefined) throw new Error('There was no key');
    return { script: 'none', key: `was ${String(key)}` };
  },
})
class Versioned {
  execute({ key }: ScriptDto): Promise<unknown> {
    return Promise.resolve(key);
  }
}

describe('an execution that another release has started', () => {
  let test: TestApp;
  let lab: EngineLab;
  let takeBack: () => void;
  const stored = () => test.connection.collection('executions');

  beforeAll(async () => {
    takeBack = addExecutors(Versioned);
    test = await createTestApp();
    lab = EngineLab.of(test);
  });
  afterAll(async () => {
    await test.close();
    takeBack();
  });

  /** Started by code of another version, with another input. */
  async function startedBy(version: number, input: object, executor: ExecutorClass<ScriptDto> = Versioned) {
    const { id } = await lab.start({ script: 'none', key: 'k' }, { at: lab.parts.clock.in(DAY) }, executor);
    const set = { version, input: JSON.stringify(input) };
    await stored().updateOne({ _id: new Types.ObjectId(id) }, { $set: set });
    return id;
  }

  it('goes on as its upgrade says', async () => {
    const [good, bad, without] = [
      await startedBy(1, { key: 7 }),
      await startedBy(1, {}),
      await startedBy(0, { script: 'none' }, Play),
    ];
    lab.advance(2 * DAY);
    expect(await lab.until(good, 'succeeded')).toMatchObject({ result: 'was 7' });
    expect((await lab.until(without, 'failed')).error?.code).toBe('EXECUTOR_VERSION');
    // Tried again as its code would be, and not taken for a crash of the process.
    await lab.until(bad, 'queued', 'failed');
    lab.advance(DAY);
    expect((await lab.until(bad, 'failed')).error?.code).toBe('INTERNAL_ERROR');
  });

  it('waits for a process of that release if it is newer', async () => {
    const id = await startedBy(3, { script: 'none', key: 'k' });
    lab.advance(2 * DAY);
    await eventually(() => test.logs.some(({ event }) => event === 'execution_type_unknown'));
    expect((await lab.executions.get(SYSTEM, id)).status).toBe('queued');
    await stored().updateOne({ _id: new Types.ObjectId(id) }, { $set: { version: 2 } });
    lab.advance(DAY);
    await lab.until(id, 'succeeded');
  });
});
