import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { DeclarationError } from '../../errors/start-error.js';
import { type Validator, validatorOf } from '../../validation/compile.js';
import { millisecondsOf } from './duration.js';
import { type ExecutorOptions, optionsOf, NoInput } from './executor.js';
import { DEFAULT_ATTEMPTS } from './retries.js';
import type { ExecutorClass, ExecutorInstance } from './run.js';

/** An executor, as the engine knows it. */
export interface Definition {
  readonly type: string;
  readonly title: string;
  readonly attempts: number;
  readonly timeoutMs: number;
  readonly limit: number | undefined;
  readonly keyOf: ((input: object) => string) | undefined;
  readonly isEncrypted: boolean;
  readonly isCancellable: boolean;
  readonly version: number;
  readonly upgrade: ExecutorOptions['upgrade'];
  readonly validate: Validator<object>;
  readonly instance: ExecutorInstance<object, unknown>;
}

const takeNothing: Validator<object> = (input) =>
  Object.keys(input as object).length === 0
    ? { value: new NoInput() }
    : { faults: [{ path: '', message: 'must be {}: the executor takes no input' }] };

const TYPE = /^[a-z][a-z0-9-]{0,39}(\.[a-z][a-z0-9-]{0,39}){1,2}$/;

/** Every executor of the application, found by Nest's discovery. */
@Injectable()
export class ExecutorRegistry {
  private readonly byType = new Map<string, Definition>();
  private readonly byClass = new Map<unknown, Definition>();

  constructor(private readonly discovery: DiscoveryService) {}

  /** @throws DeclarationError for an invalid declaration */
  scan(): void {
    for (const { metatype, instance } of this.discovery.getProviders()) {
      const options = metatype ? optionsOf(metatype) : undefined;
      if (!options || !metatype || this.byClass.has(metatype)) continue;
      const definition = define(
        metatype.name,
        options,
        instance as Partial<Definition['instance']> | undefined,
      );
      const other = this.byType.get(options.type);
      if (other) {
        throw new DeclarationError(
          `${definition.title} and ${other.title} both have the type '${options.type}': give one of them another`,
        );
      }
      this.byType.set(options.type, definition);
      this.byClass.set(metatype, definition);
    }
  }

  get all(): readonly Definition[] {
    return [...this.byType.values()];
  }

  find(type: string): Definition | undefined {
    return this.byType.get(type);
  }

  /** @throws DeclarationError for a class that is not an executor or not provided by any module */
  of(executor: ExecutorClass): Definition {
    const found = this.byClass.get(executor);
    if (found) return found;
    throw new DeclarationError(
      optionsOf(executor)
        ? `${executor.name} is in no module: add it to the providers of its feature's module`
        : `${executor.name} is no executor: write @Executor({ type: …, input: … }) above it`,
    );
  }
}

function define(
  name: string,
  options: ExecutorOptions,
  instance: Partial<Definition['instance']> | undefined,
): Definition {
  const {
    type,
    input,
    attempts = DEFAULT_ATTEMPTS,
    timeout = '30s',
    concurrency,
    encrypted = false,
    version = 1,
  } = options;
  const refuse = (problem: string): never => {
    throw new DeclarationError(`@Executor above ${name}: ${problem}`);
  };
  if (!TYPE.test(type)) refuse(`type '${type}' must be like 'invoices.remind', in lower case`);
  if (typeof input !== 'function')
    refuse('input is missing: give it the class of what execute() takes, or NoInput');
  if (typeof instance?.execute !== 'function') {
    refuse('write async execute(input, run), and let the class have no scope of its own (Scope.REQUEST)');
  }
  if (!Number.isInteger(attempts) || attempts < 1) refuse(`attempts must be an integer of at least 1`);
  if (!Number.isInteger(version) || version < 1) refuse(`version must be an integer of at least 1`);
  const timeoutMs = millisecondsOf(timeout);
  if (!timeoutMs) return refuse(`timeout '${timeout}' must be like '30s' or '5m'`);
  const limit = typeof concurrency === 'object' ? concurrency.limit : concurrency;
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1)) {
    refuse('concurrency must be an integer of at least 1, or { limit, key }');
  }
  return {
    type,
    title: name,
    attempts,
    timeoutMs,
    limit,
    keyOf: typeof concurrency === 'object' ? concurrency.key : undefined,
    isEncrypted: encrypted,
    isCancellable: options.cancellable ?? true,
    version,
    upgrade: options.upgrade,
    validate: (input as unknown) === NoInput ? takeNothing : validatorOf(input),
    instance: instance as Definition['instance'],
  };
}
