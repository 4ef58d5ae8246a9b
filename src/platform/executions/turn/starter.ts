import { Injectable } from '@nestjs/common';
import { Types } from 'mongoose';
import { sessionOf, type Transaction } from '../../database/transactions.js';
import { apiError, invalid } from '../../errors/errors.js';
import { duplicateKeyOf } from '../../errors/driver-errors.js';
import { currentTrace } from '../../logging/spans.js';
import { ExecutionClock } from '../model/clock.js';
import { Commit } from '../store/commit.js';
import type { Draft } from '../store/draft.js';
import type { StoredExecution, StoredScope } from '../model/execution.js';
import type { ExecutorClass } from '../model/run.js';
import { encode } from '../model/json.js';
import { type Definition, ExecutorRegistry } from '../model/registry.js';
import { Sealing } from '../store/sealing.js';
import { ExecutionStore } from '../store/execution-store.js';

/** Options of a new execution, besides its executor and input. */
export interface NewExecution {
  readonly _id: Types.ObjectId;
  readonly ownerId: Types.ObjectId | null;
  readonly scope: StoredScope;
  readonly record?: string;
  readonly parent?: NonNullable<StoredExecution['parent']>;
  readonly at?: Date;
  /** Its id is derived from a key: starting again with the same key has no effect. */
  readonly isKeyed?: boolean;
}

/** Runs an execution at once in the process that starts it, which saves a claim. */
export interface Runner {
  /** The lease to write the execution with; undefined if it should be claimed like any other. */
  grant(execution: StoredExecution): Types.ObjectId | undefined;
  /** Called when the execution is stored. */
  started(execution: StoredExecution): void;
  /** Called when an execution that was granted a lease is about to be stored. */
  begin(execution: StoredExecution, draft: Draft): void;
}

/** Writes new executions. */
@Injectable()
export class Starter {
  private runner: Runner | undefined;

  constructor(
    private readonly registry: ExecutorRegistry,
    private readonly store: ExecutionStore,
    private readonly commit: Commit,
    private readonly clock: ExecutionClock,
    private readonly sealing: Sealing,
  ) {}

  use(runner: Runner | undefined): void {
    this.runner = runner;
  }

  /**
   * Starts an execution, in the transaction if there is one. Returns the existing one if its id was used before.
   * @throws ApiError VALIDATION_ERROR, IDEMPOTENCY_KEY_REUSED
   */
  async start(
    executor: ExecutorClass,
    input: object,
    { isKeyed = false, ...details }: NewExecution,
    transaction?: Transaction,
  ): Promise<StoredExecution> {
    const definition = this.registry.of(executor);
    const { text, slot } = checked(definition, input);
    const execution = this.build(definition, text, slot, details);
    if (isKeyed) return this.startOnce(execution, text, transaction);
    if (transaction) {
      // Here the driver's time limits are those of the request.
      await this.store.ofRequests.insertOne(execution, sessionOf(transaction));
      transaction.afterwards(() => this.runner?.started(execution));
      return execution;
    }
    if (execution.engine) {
      const draft = this.commit.insertRunning(execution, execution.engine);
      this.runner?.begin(execution, draft);
      return draft.stored;
    }
    await this.commit.insert(execution);
    this.runner?.started(execution);
    return execution;
  }

  /**
   * Starts executions of one executor, none of which has a key, in a transaction.
   * @throws ApiError VALIDATION_ERROR
   */
  async startAll(
    executor: ExecutorClass,
    starts: readonly { readonly input: object; readonly details: NewExecution }[],
    transaction: Transaction,
  ): Promise<void> {
    if (starts.length === 0) return;
    const definition = this.registry.of(executor);
    const executions = starts.map(({ input, details }) => {
      const { text, slot } = checked(definition, input);
      return this.build(definition, text, slot, details);
    });
    await this.store.ofRequests.insertMany(executions, sessionOf(transaction));
    transaction.afterwards(() => executions.forEach((execution) => this.runner?.started(execution)));
  }

  private async startOnce(
    execution: StoredExecution,
    text: string,
    transaction: Transaction | undefined,
  ): Promise<StoredExecution> {
    const { _id, ownerId, ...rest } = execution;
    const collection = transaction ? this.store.ofRequests : this.store.executions;
    const options = { upsert: true, ...sessionOf(transaction) };
    // A failed insert would abort the transaction.
    const write = () => collection.updateOne({ _id, ownerId }, { $setOnInsert: rest }, options);
    const { upsertedCount } = await write().catch((error: unknown) => {
      if (transaction || !duplicateKeyOf(error)) throw error;
      return write();
    });
    if (upsertedCount > 0) {
      const notify = (): void => this.runner?.started(execution);
      if (transaction) transaction.afterwards(notify);
      else notify();
      return execution;
    }
    const known = await collection.findOne({ _id, ownerId }, sessionOf(transaction));
    if (!known) throw apiError('CONFLICT');
    const before = known.input ?? this.sealing.open(_id, known.sealed).input;
    // For children the first input counts, because the parent's code may build a different one each time it runs.
    if (!known.parent && before !== text) throw apiError('IDEMPOTENCY_KEY_REUSED');
    return known;
  }

  private build(
    definition: Definition,
    text: string,
    slot: string | undefined,
    { at, _id, ...details }: Omit<NewExecution, 'isKeyed'>,
  ): StoredExecution {
    const now = this.clock.now();
    const isLater = at !== undefined && at > now;
    const { type, version, isEncrypted } = definition;
    const trace = currentTrace();
    const execution: StoredExecution = {
      _id,
      ...details,
      ...(trace !== undefined && { trace }),
      type,
      version,
      status: 'queued',
      ...(isEncrypted ? { sealed: this.sealing.seal(_id, { input: text, results: {} }) } : { input: text }),
      steps: {},
      open: [],
      ...(slot !== undefined && { slot }),
      dueAt: isLater ? at : now,
      ...(!isLater && { ready: true as const }),
      turn: 0,
      failures: 0,
      crashes: 0,
      bell: 0,
      revision: 1,
      stamp: _id,
      createdAt: now,
    };
    const engine = isLater || slot !== undefined ? undefined : this.runner?.grant(execution);
    if (!engine) return execution;
    const { dueAt: _due, ready: _ready, ...rest } = execution;
    return { ...rest, status: 'running', engine, turn: 1, startedAt: now };
  }
}

/** @throws ApiError VALIDATION_ERROR */
function checked(definition: Definition, input: object): { text: string; slot: string | undefined } {
  const { type, title, validate, limit, keyOf } = definition;
  const text = encode(input, `the input of ${title}`) ?? '{}';
  const { value, faults } = validate(JSON.parse(text));
  if (!value) throw invalid(faults);
  const slot = limit === undefined ? undefined : keyOf ? `${type}:${keyOf(value)}` : type;
  return { text, slot };
}
