import type { Type } from '@nestjs/common';
import type { Permission, Scope } from '../access/caller.js';
import type { Duration } from './duration.js';
import type { Effect, Fault } from './execution.js';
import type { Json } from './json.js';

/** What the work of a step is given. */
export interface StepContext {
  /** The same each time that the step runs: what receives its effect can know it again. */
  readonly key: string;
  /** Aborted when the step takes too long, the execution is cancelled, or this process has lost it. */
  readonly signal: AbortSignal;
  /** From 1 on. */
  readonly attempt: number;
}

export interface StepOptions {
  /**
   * `repeatable` (default): may run again after a crash, with the same key. `pure`: is recomputed, never stored.
   * `once`: a crash while it runs stops the execution until somebody says what became of it.
   */
  readonly effect?: Effect;
  /** Instead of the executor's. */
  readonly timeout?: Duration;
}

export interface CallOptions {
  /** The type of what is started, unless told. Needed where a run starts several of a type. */
  readonly name?: string;
}

/** What an execution can do. Its steps are known by their names: what has a result is not done again. */
export interface Run {
  /** The execution's. */
  readonly id: string;
  /** The rights that its owner has now. */
  readonly scope: Scope;
  /** Aborted when the execution is cancelled, or this process has lost it. */
  readonly signal: AbortSignal;

  /** Does something, and keeps its result: as JSON gives it back, so that it is the same after a crash. */
  step<T>(name: string, work: (context: StepContext) => Promise<T> | T): Promise<Json<T>>;
  step<T>(
    name: string,
    options: StepOptions,
    work: (context: StepContext) => Promise<T> | T,
  ): Promise<Json<T>>;

  /** Goes on later. Nothing is kept in memory meanwhile. */
  sleep(name: string, duration: Duration | Date): Promise<void>;

  /**
   * Waits for a signal, and answers what it brings; undefined when it has not come in time.
   * @param options.by who may send it: a permission, or else the owner
   */
  waitFor<T = unknown>(
    name: string,
    options?: { readonly for?: Duration; readonly by?: Permission },
  ): Promise<T | undefined>;

  /** Starts another execution for the same owner, and answers its id. */
  start<Input extends object>(
    executor: ExecutorClass<Input>,
    input: NoInfer<Input>,
    options?: CallOptions,
  ): Promise<string>;

  /**
   * Starts another execution for the same owner, and waits for its result.
   * @throws StepError when it fails or is cancelled
   */
  call<Input extends object, Result>(
    executor: ExecutorClass<Input, Result>,
    input: NoInfer<Input>,
    options?: CallOptions,
  ): Promise<Json<Result>>;

  /** Does several things at a time: 8 unless told. */
  all<T>(works: readonly (() => Promise<T>)[], options?: { readonly concurrency?: number }): Promise<T[]>;

  /** Says how far it is, to who looks at it. */
  progress(done: number, of?: number, text?: string): void;
}

/** Does one kind of work that outlives its request. */
export interface ExecutorInstance<Input, Result> {
  execute(input: Input, run: Run): Promise<Result>;
}

/** The class of an executor, by which it is started. */
export type ExecutorClass<Input = never, Result = unknown> = Type<ExecutorInstance<Input, Result>>;

/** What a step, or an execution that is called, has failed with for good. */
export class StepError extends Error {
  constructor(
    readonly step: string,
    { code, message }: Fault,
  ) {
    super(message);
    this.code = code;
  }

  readonly code: string;
}

/** Thrown by `fail`. */
export class Failure extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

/** Thrown by `again`. */
export class Again extends Error {
  constructor(
    message: string,
    readonly afterMs: number | undefined,
  ) {
    super(message);
  }
}

/** Ends a step, or the execution, for good: no further try would mend it. The reason is a sentence for people. */
export function fail(reason: string, code = 'FAILED'): never {
  throw new Failure(reason, code);
}

/**
 * Has a step tried again, later than at once where `after` says so. In a `once` step it says, besides, that its effect
 * has not happened.
 */
export function again(reason: string, options: { readonly after?: number } = {}): never {
  throw new Again(reason, options.after);
}
