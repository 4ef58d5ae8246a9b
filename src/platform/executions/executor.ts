import { applyDecorators, Injectable } from '@nestjs/common';
import type { Constructor } from '../validation/rules.js';
import { type Duration } from './duration.js';

/** How many may run at a time in the cluster: of all, or of those that have the same key. */
export type Concurrency<Input> = number | { readonly limit: number; readonly key: (input: Input) => string };

/** The input of an executor that needs none, such as one with a schedule. */
export class NoInput {}

export interface ExecutorOptions<Input extends object = object> {
  /** `<feature>.<verb>`, such as `invoices.remind`. It never changes. */
  readonly type: string;
  /** The class of its input, with class-validator's decorators. */
  readonly input: Constructor<Input>;
  /** How often a step is tried before it fails for good: 5 unless told. */
  readonly attempts?: number;
  /** Longest time of a step, and between two of them: 30 s unless told. */
  readonly timeout?: Duration;
  readonly concurrency?: Concurrency<Input>;
  /** Input and results are encrypted in the database, and no answer shows them. */
  readonly encrypted?: boolean;
  /** Rises when executions that were started before cannot go on with the code as it is: 1 unless told. */
  readonly version?: number;
  /** Makes an older input fit. Without it executions of an older version fail. */
  readonly upgrade?: (input: unknown, version: number) => Input;
}

const declared = new WeakMap<object, ExecutorOptions>();

/**
 * Declares a class as an executor: `@Executor({ type: 'invoices.remind', input: RemindDto })`. It is a provider of its
 * module, and is found by itself.
 */
export function Executor<Input extends object>(options: ExecutorOptions<Input>): ClassDecorator {
  return applyDecorators(Injectable(), (type: object) => {
    declared.set(type, options as object as ExecutorOptions);
  });
}

export function optionsOf(type: object): ExecutorOptions | undefined {
  return declared.get(type);
}
