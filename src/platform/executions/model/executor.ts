import { applyDecorators, Injectable } from '@nestjs/common';
import type { Constructor } from '../../validation/rules.js';
import { type Duration } from './duration.js';

/** How many may run concurrently in the cluster: in total, or per key. */
export type Concurrency<Input> = number | { readonly limit: number; readonly key: (input: Input) => string };

/** For executors without input, such as scheduled ones. */
export class NoInput {}

export interface ExecutorOptions<Input extends object = object> {
  /** `<feature>.<verb>`, such as `invoices.remind`. It never changes. */
  readonly type: string;
  /** The class of its input, with class-validator's decorators. */
  readonly input: Constructor<Input>;
  /** Attempts at a step, or at an execution whose code fails or crashes, before it fails for good; 5 by default. */
  readonly attempts?: number;
  /** Longest time for a step, and for the code between two steps; 30 s by default. */
  readonly timeout?: Duration;
  readonly concurrency?: Concurrency<Input>;
  /** Input and results are encrypted in the database, and no response shows them. */
  readonly encrypted?: boolean;
  /** Whether its owner may cancel it; it may by default. Whoever has `executions:write` always may. */
  readonly cancellable?: boolean;
  /** Increase it when executions that are already started cannot continue with the changed code; 1 by default. */
  readonly version?: number;
  /** Converts the input of an older version. Without it such executions fail. */
  readonly upgrade?: (input: unknown, version: number) => Input;
}

const declared = new WeakMap<object, ExecutorOptions>();

/**
 * Declares a class as an executor: `@Executor({ type: 'invoices.remind', input: RemindDto })`. Add it to the providers
 * of its module; it is discovered automatically.
 */
export function Executor<Input extends object>(options: ExecutorOptions<Input>): ClassDecorator {
  return applyDecorators(Injectable(), (type: object) => {
    declared.set(type, options as object as ExecutorOptions);
  });
}

export function optionsOf(type: object): ExecutorOptions | undefined {
  return declared.get(type);
}
