import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Scope, SYSTEM } from '../../src/platform/access/caller.js';
import { ExecutionClock } from '../../src/platform/executions/clock.js';
import { FAILPOINTS } from '../../src/platform/executions/failpoints.js';
import type { ExecutorClass } from '../../src/platform/executions/run.js';
import { engineBeside } from './engines.js';
import type { Feature } from './feature.js';
import { createRecord } from './feature-bodies.js';
import { EngineLab } from './executions.js';
import { createTestApp, type TestApp } from './test-app.js';

const DAY = 86_400_000;
/** More moves of the time than any executor needs. */
const MAX_DAYS = 200;

interface Expected<Input> {
  /** A function where it is about a record that has to be there. */
  readonly input: Input | ((test: TestApp) => Promise<Input>);
  readonly result: unknown;
  /** What people say where nobody knows whether a `once` step took effect: it runs again unless told. */
  readonly outcome?: 'happened' | 'again';
  /** Whose it is: the product's unless told. */
  readonly scope?: Scope;
}

/** The id of a new record of a feature. */
export async function newRecord({ anonymous }: TestApp, feature: Feature): Promise<string> {
  const admin = await anonymous.signIn('admin');
  return (await createRecord(feature, { caller: admin, admin })).id;
}

/**
 * Runs an executor on a real MongoDB, and kills the engine at each of its points while it runs; another one goes on.
 * It comes to the same result each time.
 */
export function describeExecutor<Input extends object>(
  executor: ExecutorClass<Input>,
  { input, result, outcome = 'again', scope = SYSTEM }: Expected<NoInfer<Input>>,
): void {
  describe(`${executor.name}, whatever is killed`, () => {
    let test: TestApp;
    beforeAll(async () => {
      test = await createTestApp({ EXECUTIONS: 'off' });
    });
    afterAll(() => test.close());

    it.each(FAILPOINTS)('comes to its result when its process is killed at %s', async (point) => {
      const clock = new ExecutionClock();
      const starter = EngineLab.of(test);
      const [first, second] = [clock, clock].map((each) => new EngineLab(engineBeside(test.app, each)));
      if (!first || !second) throw new Error('There are no engines');
      const killed = first.killAt(point);
      await first.parts.engine.start();
      const given = typeof input === 'function' ? await input(test) : input;
      const { id } = await starter.executions.start(executor, given, { scope });
      first.parts.engine.wake();
      await Promise.race([killed, new Promise((resolve) => setTimeout(resolve, 150))]);
      first.parts.engine.kill();
      await second.parts.engine.start();
      for (let days = 0; ; days++) {
        const execution = await second.executions.get(SYSTEM, id);
        if (execution.status === 'succeeded') break;
        if (days > MAX_DAYS) throw new Error(`It does not end: ${JSON.stringify(execution)}`);
        const unknown = execution.steps.find(({ status }) => status === 'unknown');
        if (unknown) await second.executions.resolve(SYSTEM, id, unknown.name, outcome);
        await second.takeOver();
        clock.advance(DAY);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect((await second.executions.get(SYSTEM, id)).result).toEqual(result);
      await second.parts.engine.stop(1_000);
      await first.parts.store.close();
    });
  });
}
