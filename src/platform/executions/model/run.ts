import type { Type } from '@nestjs/common';
import type { Permission, Scope } from '../../access/caller.js';
import type { Duration } from './duration.js';
import type { Effect, Fault } from './execution.js';
import type { Json } from './json.js';

/** Passed to the work of a step. */
export interface StepContext {
  /** The same each time that the step runs, so that the receiver of its effect can detect a repetition. */
  readonly key: string;
  /** Aborted when the step takes too long, the execution is cancelled, or this process has lost it. */
  readonly signal: AbortSignal;
  /** From 1 on. */
  readonly attempt: number;
}

export interface StepOptions {
  /**
   * `repeatable` (default): may run again after a crash, with the same key. `pure`: is recomputed, never stored.
   * `once`: a crash while it runs stops the execution until somebody resolves it.
   */
  readonly effect?: Effect;
  /** Overrides that of the executor. */
  readonly timeout?: Duration;
}

export interface CallOptions {
  /** The name of the step; by default that of the executor's class. Needed to start the same executor several times. */
  readonly name?: string;
}

/** What an execution can do. Steps are identified by name: one that has a result does not run again. */
export interface Run {
  /** The execution's. */
  readonly id: string;
  /** The current rights of its owner. */
  readonly scope: Scope;
  /** Aborted when the execution is cancelled, or this process has lost it. */
  readonly signal: AbortSignal;

  /** Does some work and stores its result. Returns it as read back from JSON, so that it is the same after a crash. */
  step<T>(name: string, work: (context: StepContext) => Promise<T> | T): Promise<Json<T>>;
  step<T>(
    name: string,
    options: StepOptions,
    work: (context: StepContext) => Promise<T> | T,
  ): Promise<Json<T>>;

  /** Continues later. Nothing is kept in memory until then. */
  sleep(name: string, duration: Duration | Date): Promise<void>;

  /**
   * Waits for a signal and returns its payload; undefined if it does not arrive in time.
   * @param options.by the permission needed to send it; without it the owner may
   */
  waitFor<T = unknown>(
    name: string,
    options?: { readonly for?: Duration; readonly by?: Permission },
  ): Promise<T | undefined>;

  /** Starts another execution for the same owner, and returns its id. */
  start<Input extends object>(
    executor: ExecutorClass<Input>,
    input: NoInfer<Input>,
    options?: CallOptions,
  ): Promise<string>;

  /**
   * Starts another execution for the same owner, and waits for its result.
   * @throws StepError if it fails or is cancelled
   */
  call<Input extends object, Result>(
    executor: ExecutorClass<Input, Result>,
    input: NoInfer<Input>,
    options?: CallOptions,
  ): Promise<Json<Result>>;

  /** Runs several works concurrently, 8 at a time by default. */
  all<T>(works: readonly (() => Promise<T>)[], options?: { readonly concurrency?: number }): Promise<T[]>;

  /** Reports progress to whoever follows the execution. */
  progress(done: number, of?: number, text?: string): void;
}

/** Does one kind of work that outlives its request. */
export interface ExecutorInstance<Input, Result> {
  execute(input: Input, run: Run): Promise<Result>;
}

/** The class of an executor, by which it is started. */
export type ExecutorClass<Input = never, Result = unknown> = Type<ExecutorInstance<Input, Result>>;

/** The final failure of a step or of a called execution. */
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

/** Fails a step, or the execution, for good, because a retry would not help. The reason is a sentence for people. */
export function fail(reason: string, code = 'FAILED'): never {
  throw new Failure(reason, code);
}

/**
 * Has a step retried, not before `after` milliseconds if given. In a `once` step it also says that its effect has not
 * happened.
 */
export function again(reason: string, options: { readonly after?: number } = {}): never {
  throw new Again(reason, options.after);
}
