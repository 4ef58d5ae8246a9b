import { IsIn, IsOptional, IsString } from 'class-validator';
import { SYSTEM } from '../../src/platform/access/caller.js';
import type { ExecutionDto } from '../../src/platform/executions/execution.dto.js';
import type { Status } from '../../src/platform/executions/model/execution.js';
import type { Executions, StartOptions } from '../../src/platform/executions/executions.js';
import { Executor } from '../../src/platform/executions/executor.js';
import type { ExecutorClass } from '../../src/platform/executions/run.js';
import type { Failpoint } from '../../src/platform/executions/model/failpoints.js';
import type { Run } from '../../src/platform/executions/run.js';
import { type EngineParts, partsOf } from './engines.js';
import { eventually } from './mails.js';
import { addToApp } from './nest-lab.js';
import type { TestApp } from './test-app.js';

/** What an executor of the tests does, by name. */
type Script = (run: Run, input: ScriptDto) => Promise<unknown>;
const scripts = new Map<string, Script>();
let made = 0;

export class ScriptDto {
  @IsString()
  script!: string;

  @IsOptional()
  @IsString()
  key?: string;

  @IsOptional()
  @IsIn(['a', 'b'])
  kind?: string;
}

function play(input: ScriptDto, run: Run): Promise<unknown> {
  const work = scripts.get(input.script);
  if (!work) throw new Error(`There is no script ${input.script}`);
  return work(run, input);
}

/** Does what a test says. */
@Executor({ type: 'lab.play', input: ScriptDto, attempts: 3, timeout: '5s' })
export class Play {
  execute(input: ScriptDto, run: Run): Promise<unknown> {
    return play(input, run);
  }
}

/** As `Play`, one at a time for each key. */
@Executor({
  type: 'lab.queue',
  input: ScriptDto,
  attempts: 3,
  concurrency: { limit: 1, key: ({ key }: ScriptDto) => key ?? '' },
})
export class Queue {
  execute(input: ScriptDto, run: Run): Promise<unknown> {
    return play(input, run);
  }
}

/** As `Play`, encrypted. */
@Executor({ type: 'lab.secret', input: ScriptDto, attempts: 3, encrypted: true })
export class Secret {
  execute(input: ScriptDto, run: Run): Promise<unknown> {
    return play(input, run);
  }
}

/** Adds the executors to every application that this test file builds. */
export function addExecutors(...more: ExecutorClass[]): () => void {
  return addToApp({ providers: [Play, Queue, Secret, ...more] });
}

/** An input that has `Play` do this. */
export function script(work: Script): ScriptDto {
  const name = `script-${++made}`;
  scripts.set(name, work);
  return { script: name };
}

/** An engine, with what tests do to it. */
export class EngineLab {
  constructor(readonly parts: EngineParts) {}

  static of({ app }: Pick<TestApp, 'app'>): EngineLab {
    return new EngineLab(partsOf(app));
  }

  get executions(): Executions {
    return this.parts.executions;
  }

  start(input: ScriptDto, options: Partial<StartOptions> = {}, executor: ExecutorClass<ScriptDto> = Play) {
    return this.executions.start(executor, input, { scope: SYSTEM, ...options });
  }

  /** The execution, once it has come to one of these. */
  until(id: string, ...statuses: Status[]): Promise<ExecutionDto> {
    return eventually(async () => {
      const execution = await this.executions.get(SYSTEM, id);
      return statuses.includes(execution.status) && execution;
      // Hundreds of steps one after the other take their time on a busy machine.
    }, 30_000);
  }

  /** Starts what a script does, and answers what it has come to. */
  async play(work: Script, options: Partial<StartOptions> = {}, executor?: ExecutorClass<ScriptDto>) {
    const { id } = await this.start(script(work), options, executor);
    return this.until(id, 'succeeded', 'failed', 'cancelled', 'needs-attention');
  }

  /** Moves the time on. */
  advance(ms: number): void {
    this.parts.clock.advance(ms);
  }

  /** Kills the engine, as kill -9 would, when it comes to a point for the n-th time. */
  killAt(point: Failpoint, nth = 1): Promise<void> {
    const { failpoints, engine } = this.parts;
    let left = nth;
    return new Promise((resolve) => {
      failpoints.listen((reached) => {
        if (reached !== point || --left > 0) return;
        engine.kill();
        failpoints.listen(() => {
          throw new Error('The engine was killed');
        });
        resolve();
        throw new Error(`The engine was killed at ${point}`);
      });
    });
  }

  /** Lets all leases but this engine's run out, and takes over what is left. */
  async takeOver(): Promise<void> {
    const { lease, store, engine } = this.parts;
    const others = { until: { $gt: new Date(0) }, ...(lease.token && { _id: { $ne: lease.token } }) };
    await store.db.collection('execution_engines').updateMany(others, { $set: { until: new Date(0) } });
    await engine.sweepNow();
  }
}
