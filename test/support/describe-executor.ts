import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Scope, SYSTEM } from '../../src/platform/access/caller.js';
import { ExecutionClock } from '../../src/platform/executions/model/clock.js';
import { isFinished } from '../../src/platform/executions/model/execution.js';
import type { ExecutionDto } from '../../src/platform/executions/execution.dto.js';
import { type Failpoint, FAILPOINTS } from '../../src/platform/executions/model/failpoints.js';
import type { ExecutorClass } from '../../src/platform/executions/run.js';
import { engineBeside } from './engines.js';
import type { Feature } from './feature.js';
import { type Body, createRecord } from './feature-bodies.js';
import { EngineLab } from './executions.js';
import { createTestApp, type TestApp } from './test-app.js';

const DAY = 86_400_000;
/** More moves of the time than any executor needs. */
const MAX_DAYS = 200;

type Outcome = 'happened' | 'again';

interface Expected<Input> {
  /** A function where it is about a record that has to be there. */
  readonly input: Input | ((test: TestApp) => Promise<Input>);
  readonly result: unknown;
  /** What people say where nobody knows whether a `once` step took effect: it runs again unless told. */
  readonly outcome?: Outcome;
  /** Whose it is: the product's unless told. */
  readonly scope?: Scope;
}

/** The id of a new record of a feature, with what is required and these fields. */
export async function newRecord(
  { anonymous }: TestApp,
  feature: Feature,
  fields: Body = {},
): Promise<string> {
  const admin = await anonymous.signIn('admin');
  return (await createRecord(feature, { caller: admin, admin }, fields)).id;
}

/**
 * Runs an executor on a real MongoDB, and kills the engine at each of its points while it runs; another one goes on.
 * It comes to the same result each time.
 */
export function describeExecutor<Input extends object>(
  executor: ExecutorClass<Input>,
  expected: Expected<NoInfer<Input>>,
): void {
  describe(`${executor.name}, whatever is killed`, () => {
    let test: TestApp;
    beforeAll(async () => {
      test = await createTestApp({ EXECUTIONS: 'off' });
    });
    afterAll(() => test.close());

    it.each(FAILPOINTS)('comes to its result when its process is killed at %s', (point) =>
      expectResult(test, executor, expected, point),
    );
  });
}

/** Expects the result of an executor whose engine is killed at a point. Leaves no engine behind, whatever it is. */
export async function expectResult<Input extends object>(
  test: TestApp,
  executor: ExecutorClass<Input>,
  { input, result, outcome = 'again', scope = SYSTEM }: Expected<NoInfer<Input>>,
  point: Failpoint,
): Promise<void> {
  const clock = new ExecutionClock();
  const first = new EngineLab(engineBeside(test.app, clock));
  const second = new EngineLab(engineBeside(test.app, clock));
  try {
    const killed = first.killAt(point);
    await first.parts.engine.start();
    const given = typeof input === 'function' ? await input(test) : input;
    const { id } = await EngineLab.of(test).executions.start(executor, given, { scope });
    first.parts.engine.wake();
    await Promise.race([killed, new Promise((resolve) => setTimeout(resolve, 150))]);
    first.parts.engine.kill();
    await second.parts.engine.start();
    const { status, error, result: ended } = await endOf(id, second, outcome);
    expect({ status, error, result: ended }).toEqual({ status: 'succeeded', error, result });
  } finally {
    for (const { parts } of [first, second]) {
      await parts.engine.stop(1_000);
      await parts.store.close();
    }
  }
}

/** Moves the time on until the execution has ended. */
async function endOf(id: string, lab: EngineLab, outcome: Outcome): Promise<ExecutionDto> {
  for (let days = 0; days <= MAX_DAYS; days++) {
    const execution = await lab.executions.get(SYSTEM, id);
    if (isFinished(execution.status)) return execution;
    const unknown = execution.steps.find(({ status }) => status === 'unknown');
    if (unknown) await lab.executions.resolve(SYSTEM, id, unknown.name, outcome);
    await lab.takeOver();
    lab.advance(DAY);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`It does not end: ${JSON.stringify(await lab.executions.get(SYSTEM, id))}`);
}
