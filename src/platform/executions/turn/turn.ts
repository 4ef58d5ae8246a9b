import type { Types } from 'mongoose';
import type { Permission, Scope } from '../../access/caller.js';
import { type Duration, millisecondsOf } from '../model/duration.js';
import { named, type Step } from '../model/execution.js';
import { faultOf, isFinal, UsageFault } from '../model/step-faults.js';
import { pauseAfter } from '../model/retries.js';
import { never, type Outcome, TurnFrame, type Work } from './turn-frame.js';
import { encode, type Json } from '../model/json.js';
import {
  Again,
  type CallOptions,
  type ExecutorClass,
  type Run,
  StepError,
  type StepOptions,
} from '../model/run.js';

const CONCURRENCY = 8;
/** How often to check for a called execution that finished without a notification: first and longest interval. */
const LOOK_MS = { first: 30_000, most: 6 * 3_600_000 };

/** One run of an executor's code, from the beginning until it ends or waits. */
export class Turn extends TurnFrame implements Run {
  /** Runs the executor's code until it ends or waits. */
  run(input: object): Promise<Outcome> {
    this.watch();
    void this.execute(input);
    return this.ended;
  }

  private async execute(input: object): Promise<void> {
    try {
      const result = await this.definition.instance.execute(input, this);
      await this.settled();
      this.finish({ kind: 'succeeded', result: encode(result, `the result of ${this.definition.title}`) });
    } catch (error) {
      await this.settled();
      this.finish({ kind: 'failed', fault: faultOf(error), error, isFinal: isFinal(error) });
    }
  }

  async step<T>(name: string, second: StepOptions | Work<T>, third?: Work<T>): Promise<Json<T>> {
    if (this.isOver) return never();
    const [options, work] = typeof second === 'function' ? [{}, second] : [second, third as Work<T>];
    const { effect = 'repeatable', timeout } = options as StepOptions;
    const timeoutMs = timeout === undefined ? this.definition.timeoutMs : millisecondsOf(timeout);
    if (timeoutMs === undefined) throw new UsageFault(`step '${name}': timeout must be like '30s'`);
    const known = this.use(name);
    if (effect === 'pure') return this.compute(name, timeoutMs, work);
    if (known?.status === 'succeeded') return this.journal.valueOf(name) as Json<T>;
    if (known?.status === 'failed' && known.error) throw new StepError(name, known.error);
    if (known?.kind === 'once' && known.status !== 'waiting') return this.halt();
    if (known?.dueAt && known.dueAt > this.host.clock.now()) return this.block();
    return this.perform(name, effect, known, timeoutMs, work);
  }

  async sleep(name: string, duration: Duration | Date): Promise<void> {
    if (this.isOver) return never();
    const ms = duration instanceof Date ? 0 : millisecondsOf(duration);
    if (ms === undefined) throw new UsageFault(`sleep '${name}': '${String(duration)}' must be like '7d'`);
    const dueAt = duration instanceof Date ? duration : this.host.clock.in(ms);
    const step = this.wait(name, 'sleep', { dueAt });
    if (step.status === 'succeeded') return undefined;
    if (step.dueAt && step.dueAt > this.host.clock.now()) return this.block();
    this.succeed(name, step);
    return undefined;
  }

  async waitFor<T>(
    name: string,
    options: { readonly for?: Duration; readonly by?: Permission } = {},
  ): Promise<T | undefined> {
    if (this.isOver) return never();
    const ms = options.for === undefined ? undefined : millisecondsOf(options.for);
    if (options.for !== undefined && ms === undefined) {
      throw new UsageFault(`waitFor '${name}': '${options.for}' must be like '30d'`);
    }
    if (this.definition.isEncrypted) {
      throw new UsageFault(`waitFor '${name}': an encrypted executor takes no signals; call one that waits`);
    }
    const step = this.wait(name, 'signal', {
      ...(ms !== undefined && { dueAt: this.host.clock.in(ms) }),
      ...(options.by !== undefined && { by: options.by }),
    });
    if (step.status !== 'succeeded') {
      const text = named(this.execution.signals, name);
      const isLate = step.dueAt !== undefined && step.dueAt <= this.host.clock.now();
      if (text === undefined && !isLate) return this.block();
      this.succeed(name, step, text);
    }
    return this.journal.valueOf(name) as T | undefined;
  }

  async start<Input extends object>(
    executor: ExecutorClass<Input>,
    input: Input,
    options: CallOptions = {},
  ): Promise<string> {
    if (this.isOver) return never();
    const name = options.name ?? executor.name;
    const known = this.use(name);
    const child = known?.child ?? (await this.child(name, executor, input));
    if (!known) this.succeed(name, { ...this.begin('start'), child });
    return child.toHexString();
  }

  async call<Input extends object, Result>(
    executor: ExecutorClass<Input, Result>,
    input: Input,
    options: CallOptions = {},
  ): Promise<Json<Result>> {
    if (this.isOver) return never();
    const name = options.name ?? executor.name;
    const known = this.use(name);
    if (known?.status === 'succeeded') return this.journal.valueOf(name) as Json<Result>;
    if (known?.status === 'failed' && known.error) throw new StepError(name, known.error);
    const step = known ?? { ...this.begin('call'), child: await this.child(name, executor, input) };
    const outcome = this.host.outcomes.get(step.child?.toHexString() ?? '');
    if (outcome?.status === 'succeeded') {
      this.succeed(name, step, outcome.result);
      return this.journal.valueOf(name) as Json<Result>;
    }
    if (outcome) {
      const error = outcome.error ?? { code: 'CANCELLED', message: 'It was cancelled' };
      this.journal.put(name, { ...step, status: 'failed', error, finishedAt: this.host.clock.now() });
      throw new StepError(name, error);
    }
    const age = this.host.clock.now().getTime() - step.startedAt.getTime();
    const dueAt = this.host.clock.in(Math.min(Math.max(age, LOOK_MS.first), LOOK_MS.most));
    this.journal.put(name, { ...step, status: 'waiting', dueAt });
    return this.block();
  }

  async all<T>(
    works: readonly (() => Promise<T>)[],
    { concurrency = CONCURRENCY }: { readonly concurrency?: number } = {},
  ): Promise<T[]> {
    const results: T[] = [];
    const all = { next: 0, isFailed: false };
    const branch = async (): Promise<void> => {
      this.openBranch();
      try {
        while (all.next < works.length && !all.isFailed) {
          const at = all.next++;
          results[at] = await (works[at] as () => Promise<T>)();
        }
      } catch (error) {
        all.isFailed = true;
        throw error;
      } finally {
        this.closeBranch();
      }
    };
    const branches = Array.from({ length: Math.min(concurrency, works.length) }, branch);
    // The branch that called `all` is suspended in the meantime.
    this.closeBranch();
    try {
      await Promise.all(branches);
    } finally {
      this.openBranch();
    }
    return results;
  }

  progress(done: number, of?: number, text?: string): void {
    if (this.isOver) return;
    this.journal.note({ done, of: of ?? null, text: text ?? null });
    this.host.noteSoon();
    this.watch();
  }

  private async compute<T>(name: string, timeoutMs: number, work: Work<T>): Promise<Json<T>> {
    this.enter();
    try {
      return (await this.withTimeout(timeoutMs, name, 1, work)) as Json<T>;
    } finally {
      this.leave();
    }
  }

  /** Runs the work of a step and records its outcome. */
  private async perform<T>(
    name: string,
    kind: 'repeatable' | 'once',
    known: Step | undefined,
    timeoutMs: number,
    work: Work<T>,
  ): Promise<Json<T>> {
    this.enter();
    const scope = await this.rights();
    if (!scope) return this.giveBack();
    this.current = scope;
    if (kind === 'once') await this.host.once.acquire();
    const { dueAt: _due, error: _error, ...before } = known ?? this.begin(kind);
    const step: Step = { ...before, kind, status: 'running', attempts: before.attempts + 1 };
    const outcome = await this.attempt(name, step, timeoutMs, work);
    if (kind === 'once') this.host.once.release();
    if (outcome === 'withdrawn') {
      this.journal.put(name, { ...before, kind, status: 'waiting' });
      return this.giveBack();
    }
    this.leave();
    if (this.isDone) return never();
    if ('error' in outcome) return this.failStep(name, step, outcome.error);
    this.succeed(name, step, outcome.text);
    return this.journal.valueOf(name) as Json<T>;
  }

  /** Undefined if it may not go on, or the database did not say. */
  private rights(): Promise<Scope | undefined> {
    return this.host.rights().catch(() => undefined);
  }

  /** Leaves it to the process that claims it next to decide what becomes of it. */
  private giveBack<T>(): Promise<T> {
    this.leave();
    this.stop('released');
    return never();
  }

  private async attempt<T>(
    name: string,
    step: Step,
    timeoutMs: number,
    work: Work<T>,
  ): Promise<{ readonly text: string | undefined } | { readonly error: unknown } | 'withdrawn'> {
    const { failpoints, isDraft } = this.host;
    this.journal.put(name, step);
    if (step.kind === 'once') {
      failpoints.reach('mark:before');
      // It must not begin without its mark. If the lease was lost this turn has ended, and its outcome is ignored.
      if (!(await this.host.write())) return { text: undefined };
      failpoints.reach('mark:after');
    } else {
      this.host.noteSoon();
      if (!(await this.host.isAccepted())) return { text: undefined };
    }
    // The rights of its owner may have ended while it was being stored.
    if (isDraft && !this.isDone && !(await this.rights())) return 'withdrawn';
    failpoints.reach('effect:before');
    try {
      const value = await this.withTimeout(timeoutMs, name, step.attempts, work);
      failpoints.reach('effect:after');
      return { text: encode(value, `the result of step '${name}'`) };
    } catch (error) {
      return { error };
    }
  }

  private async failStep<T>(name: string, step: Step, error: unknown): Promise<T> {
    const { clock } = this.host;
    const fault = faultOf(error);
    if (step.kind === 'once' && !isFinal(error) && !(error instanceof Again)) {
      this.journal.put(name, { ...step, status: 'unknown', error: fault });
      return this.halt();
    }
    if (isFinal(error) || step.attempts >= this.definition.attempts) {
      this.journal.put(name, { ...step, status: 'failed', error: fault, finishedAt: clock.now() });
      this.host.noteSoon();
      throw error instanceof StepError ? error : new StepError(name, fault);
    }
    const dueAt = clock.in(pauseAfter(error, step.attempts, clock.now()));
    this.journal.put(name, { ...step, status: 'waiting', error: fault, dueAt });
    return this.block();
  }

  private wait(name: string, kind: 'sleep' | 'signal', details: Partial<Step>): Step {
    const known = this.use(name);
    if (known) return known;
    const step: Step = { ...this.begin(kind), ...details, status: 'waiting' };
    this.journal.put(name, step);
    return step;
  }

  private async child(name: string, executor: ExecutorClass, input: object): Promise<Types.ObjectId> {
    this.enter();
    try {
      return await this.host.startChild(executor, input, name);
    } finally {
      this.leave();
    }
  }
}
