import { Injectable } from '@nestjs/common';
import { Types } from 'mongoose';
import { type Scope, userOf } from '../access/caller.js';
import type { Transaction } from '../database/transactions.js';
import { apiError } from '../errors/errors.js';
import { ExecutionDto } from './execution.dto.js';
import { EXECUTION_NOT_FOUND } from './model/execution.errors.js';
import { idOf, named, type Step, type StoredExecution } from './model/execution.js';
import type { ExecutorClass } from './model/run.js';
import { ExecutionControl } from './execution-control.js';
import { OwnerBounds } from './owner-bounds.js';
import { ExecutorRegistry } from './model/registry.js';
import { stored } from './engine/rights.js';
import { type NewExecution, Starter } from './turn/starter.js';
import { ExecutionStore } from './store/execution-store.js';

const RECORD = /^[a-z][a-z0-9-]{0,63}\/[0-9a-f]{24}$/;

interface Belonging {
  /** Who owns it, and with whose rights it runs. */
  readonly scope: Scope;
  /** The record that it is about: `projects/<id>`. */
  readonly record?: string;
}

/** One of several executions that are started together. */
export interface Start<Input> extends Belonging {
  readonly input: Input;
}

export interface StartOptions extends Belonging {
  /** It is stored only if the transaction commits. */
  readonly transaction?: Transaction;
  /** Starting again with the same key has no effect, as long as the execution is kept. */
  readonly key?: string;
  /** The earliest time at which it runs. */
  readonly at?: Date;
}

/** Starts executions and reports on them. */
@Injectable()
export class Executions {
  constructor(
    private readonly starter: Starter,
    private readonly bounds: OwnerBounds,
    private readonly control: ExecutionControl,
    private readonly store: ExecutionStore,
    private readonly registry: ExecutorRegistry,
  ) {}

  /**
   * Starts an execution. Once this resolves, or its transaction is committed, it finishes even if processes are killed.
   * @throws ApiError VALIDATION_ERROR for an invalid input, IDEMPOTENCY_KEY_REUSED for a key that was used with another
   *   input, EXECUTIONS_TOO_MANY
   */
  async start<Input extends object>(
    executor: ExecutorClass<Input>,
    input: NoInfer<Input>,
    { transaction, key, at, ...start }: StartOptions,
  ): Promise<ExecutionDto> {
    const details = detailsOf(start);
    const { ownerId } = details;
    await this.bounds.require(ownerId);
    const _id = key === undefined ? details._id : idOf(String(ownerId), executor.name, key);
    const execution = await this.starter.start(
      executor,
      input,
      { ...details, _id, ...(at && { at }), isKeyed: key !== undefined },
      transaction,
    );
    return ExecutionDto.from(execution);
  }

  /**
   * Starts executions of one executor by a single command, so that many take hardly longer than one.
   * @returns the places of those that are not started, since too many executions of their owners wait
   * @throws ApiError VALIDATION_ERROR for an invalid input
   */
  async startAll<Input extends object>(
    executor: ExecutorClass<Input>,
    starts: readonly Start<NoInfer<Input>>[],
    transaction: Transaction,
  ): Promise<ReadonlySet<number>> {
    const refused = new Set<number>();
    const started = [];
    for (const [place, { input, ...start }] of starts.entries()) {
      const details = detailsOf(start);
      if ((await this.bounds.refusal(details.ownerId)) > 0) refused.add(place);
      else started.push({ input, details });
    }
    await this.starter.startAll(executor, started, transaction);
    return refused;
  }

  /** @throws ApiError EXECUTION_NOT_FOUND */
  async get(scope: Scope, id: string): Promise<ExecutionDto> {
    return ExecutionDto.from(await this.find(scope, id));
  }

  /**
   * Cancels an execution that is not finished: at once if it is waiting, otherwise when its current step ends.
   * @throws ApiError EXECUTION_NOT_FOUND, FORBIDDEN, EXECUTION_FINISHED
   */
  async cancel(scope: Scope, id: string): Promise<ExecutionDto> {
    const execution = await this.find(scope, id);
    const isCancellable = this.registry.find(execution.type)?.isCancellable ?? true;
    if (!isCancellable && !scope.all) throw apiError('FORBIDDEN');
    return ExecutionDto.from(await this.control.cancel(execution));
  }

  /**
   * Retries a failed execution: from the failed step, from another one, or from the `start`.
   * @throws ApiError EXECUTION_NOT_FOUND, EXECUTION_FINISHED, EXECUTION_NOT_WAITING if it is not finished
   */
  async retry(scope: Scope, id: string, from?: string): Promise<ExecutionDto> {
    return ExecutionDto.from(await this.control.retry(await this.find(scope, id), from));
  }

  /**
   * Resolves a step whose outcome is unknown.
   * @throws ApiError EXECUTION_NOT_FOUND, EXECUTION_FINISHED, EXECUTION_NOT_WAITING
   */
  async resolve(
    scope: Scope,
    id: string,
    step: string,
    outcome: 'happened' | 'again' | 'failed',
    result?: unknown,
  ): Promise<ExecutionDto> {
    return ExecutionDto.from(await this.control.resolve(await this.find(scope, id), step, outcome, result));
  }

  /**
   * Sends a signal to an execution that waits for it.
   * @throws ApiError EXECUTION_NOT_FOUND, FORBIDDEN, EXECUTION_FINISHED, EXECUTION_NOT_WAITING
   */
  async signal(scope: Scope, id: string, name: string, payload: unknown): Promise<ExecutionDto> {
    const execution = await this.store.get(new Types.ObjectId(id));
    if (!execution) throw apiError(EXECUTION_NOT_FOUND);
    this.requireSender(scope, execution, named(execution.steps, name));
    return ExecutionDto.from(await this.control.signal(execution, name, payload));
  }

  /**
   * The execution, if the caller may send it a signal.
   * @throws ApiError EXECUTION_NOT_FOUND, FORBIDDEN
   */
  async seenBySender(scope: Scope, id: string, name: string): Promise<ExecutionDto> {
    const execution = await this.store.get(new Types.ObjectId(id));
    if (!execution) throw apiError(EXECUTION_NOT_FOUND);
    this.requireSender(scope, execution, named(execution.steps, name));
    return ExecutionDto.from(execution);
  }

  /** Others get 404, unless its step names a permission that they have. */
  private requireSender(scope: Scope, { ownerId }: StoredExecution, step: Step | undefined): void {
    const isOwner = isWithin(scope, ownerId);
    const isAllowed = step?.by === undefined ? isOwner : (scope.permissions?.has(step.by) ?? false);
    if (isAllowed || scope.actor.kind === 'system') return;
    throw apiError(isOwner ? 'FORBIDDEN' : EXECUTION_NOT_FOUND);
  }

  /** @throws ApiError EXECUTION_NOT_FOUND */
  async find(scope: Scope, id: string): Promise<StoredExecution> {
    const execution = await this.store.get(new Types.ObjectId(id));
    if (!execution || !isWithin(scope, execution.ownerId)) throw apiError(EXECUTION_NOT_FOUND);
    return execution;
  }
}

function detailsOf({ scope, record }: Belonging): NewExecution {
  if (record !== undefined && !RECORD.test(record)) {
    throw new Error(`record '${record}' must be like projects/66f1a0c2e4b0a1b2c3d4e5f7`);
  }
  const owner = scope.owner?.id ?? userOf(scope);
  const ownerId = owner === undefined ? null : new Types.ObjectId(owner);
  return {
    _id: new Types.ObjectId(),
    ownerId,
    scope: stored(scope),
    ...(record !== undefined && { record }),
  };
}

function isWithin(scope: Scope, ownerId: StoredExecution['ownerId']): boolean {
  return scope.all === true || ownerId?.toHexString() === scope.owner.id;
}
