import { Injectable } from '@nestjs/common';
import type { mongo } from 'mongoose';
import { apiError, invalid } from '../errors/errors.js';
import { DomainEvents } from '../logging/events.js';
import { ExecutionClock } from './model/clock.js';
import { Commit } from './store/commit.js';
import { Engine } from './engine/engine.js';
import { isFinished, named, type Step, type StoredExecution } from './model/execution.js';
import { ExecutionErrors } from './model/execution.errors.js';
import { ExecutionEvents } from './model/execution.events.js';
import { encode, JsonFault } from './model/json.js';
import { finishing } from './model/turn-result.js';
import { Sealing } from './store/sealing.js';
import { ExecutionStore } from './store/execution-store.js';
import { type Statement, transition } from './model/transitions.js';

/** Attempts at an order while concurrent changes get in the way. */
const TRIES = 10;

export type Resolution = 'happened' | 'again' | 'failed';

/** What people order for an execution. Each is one transition from the state that was read. */
@Injectable()
export class ExecutionControl {
  constructor(
    private readonly store: ExecutionStore,
    private readonly commit: Commit,
    private readonly clock: ExecutionClock,
    private readonly sealing: Sealing,
    private readonly engine: Engine,
    private readonly events: DomainEvents,
  ) {}

  async cancel(execution: StoredExecution): Promise<StoredExecution> {
    const id = execution._id.toHexString();
    const after = await this.give(execution, ({ status, ...current }) => {
      if (isFinished(status)) throw apiError(ExecutionErrors.EXECUTION_FINISHED);
      const target = seen(current);
      if (status === 'running') return transition('askToEnd', 'same', target, { set: { cancel: true } });
      return transition('cancel', 'cancelled', target, { set: finishing('cancelled', this.clock.now()) });
    });
    this.engine.cancel(id);
    this.events.record(ExecutionEvents.execution_cancelled, { executionId: id, type: execution.type });
    const children = Object.values(after.steps).flatMap(({ kind, status, child }) =>
      kind === 'call' && status === 'waiting' && child ? [child] : [],
    );
    for (const child of children) {
      const found = await this.store.get(child, execution.ownerId);
      if (found && !isFinished(found.status)) await this.cancel(found);
    }
    if (isFinished(after.status) && after.parent) await this.engine.notifyParent(after.parent);
    return after;
  }

  async retry(execution: StoredExecution, from?: string): Promise<StoredExecution> {
    // Before it can run again and store others.
    if (from === 'start' && execution.status === 'failed') await this.store.removeBeside(execution._id);
    const after = await this.give(execution, (current) => {
      const { status, steps } = current;
      if (status !== 'failed') {
        throw apiError(ExecutionErrors[isFinished(status) ? 'EXECUTION_FINISHED' : 'EXECUTION_NOT_WAITING']);
      }
      if (!current.input && !current.sealed) throw apiError(ExecutionErrors.EXECUTION_FINISHED);
      const again = namesFrom(steps, from);
      return transition('retry', 'queued', seen(current), {
        set: { ...this.dueNow(), failures: 0, crashes: 0, ...(from === 'start' && { beside: false }) },
        // A step that begins anew waits for its signal anew.
        unset: [
          'error',
          'finishedAt',
          'expiresAt',
          'result',
          ...again.flatMap((name) => [`steps.${name}`, `signals.${name}`]),
        ],
      });
    });
    if (after.beside) await this.store.expireBeside(execution._id, undefined);
    this.engine.wake();
    return after;
  }

  async resolve(
    execution: StoredExecution,
    name: string,
    outcome: Resolution,
    result?: unknown,
  ): Promise<StoredExecution> {
    const text = outcome === 'happened' ? encodeSent(result) : undefined;
    const after = await this.give(execution, (current) => {
      const { status, open, steps } = current;
      if (isFinished(status)) throw apiError(ExecutionErrors.EXECUTION_FINISHED);
      const step = named(steps, name);
      if (status !== 'needs-attention' || !open.includes(name) || !step) {
        throw apiError(ExecutionErrors.EXECUTION_NOT_WAITING);
      }
      const left = open.filter((each) => each !== name);
      const set = { open: left, ...this.resolved(current, name, step, outcome, text) };
      if (outcome === 'failed') {
        const error = { code: 'FAILED', message: `Step '${name}' was said to have failed` };
        const finished = { ...finishing('failed', this.clock.now()), error };
        return transition('resolve', 'failed', seen(current), { set: { ...set, ...finished } });
      }
      // Several unknown steps are resolved one by one.
      if (left.length > 0) return transition('resolveOne', 'same', seen(current), { set });
      return transition('resolve', 'queued', seen(current), { set: { ...set, ...this.dueNow() } });
    });
    const executionId = execution._id.toHexString();
    this.events.record(ExecutionEvents.execution_resolved, { executionId, type: execution.type, outcome });
    this.engine.wake();
    if (isFinished(after.status) && after.parent) await this.engine.notifyParent(after.parent);
    return after;
  }

  async signal(execution: StoredExecution, name: string, payload: unknown): Promise<StoredExecution> {
    const text = encodeSent(payload) ?? 'null';
    const after = await this.give(execution, (current) => {
      const { status, steps, signals } = current;
      if (isFinished(status)) throw apiError(ExecutionErrors.EXECUTION_FINISHED);
      const step = named(steps, name);
      const isWaiting =
        step?.kind === 'signal' && step.status === 'waiting' && named(signals, name) === undefined;
      if (!isWaiting || status === 'needs-attention') {
        throw apiError(ExecutionErrors.EXECUTION_NOT_WAITING);
      }
      const set = { [`signals.${name}`]: text };
      const inc = { bell: 1 };
      if (status !== 'waiting') return transition('ringBusy', 'same', seen(current), { set, inc });
      return transition('ring', 'queued', seen(current), { set: { ...set, ...this.dueNow() }, inc });
    });
    this.engine.wake();
    return after;
  }

  private resolved(
    { _id, sealed }: StoredExecution,
    name: string,
    step: Step,
    outcome: Resolution,
    text: string | undefined,
  ): mongo.Document {
    const { error: _, finishedAt: _at, ...rest } = step;
    if (outcome === 'again') return { [`steps.${name}`]: { ...rest, status: 'waiting' } satisfies Step };
    const finishedAt = this.clock.now();
    if (outcome === 'failed') {
      const error = { code: 'FAILED', message: 'Somebody said so' };
      return { [`steps.${name}`]: { ...rest, status: 'failed', finishedAt, error } satisfies Step };
    }
    const done: Step = { ...rest, status: 'succeeded', finishedAt };
    if (sealed === undefined) {
      return { [`steps.${name}`]: { ...done, ...(text !== undefined && { result: text }) } satisfies Step };
    }
    const known = this.sealing.open(_id, sealed);
    const results = { ...known.results, ...(text !== undefined && { [name]: text }) };
    return { [`steps.${name}`]: done, sealed: this.sealing.seal(_id, { ...known, results }) };
  }

  private dueNow(): { dueAt: Date; ready: true } {
    return { dueAt: this.clock.now(), ready: true };
  }

  /** Applies a transition to the current execution, and retries if it has changed in between. */
  private async give(
    execution: StoredExecution,
    order: (current: StoredExecution) => Statement,
  ): Promise<StoredExecution> {
    let current = execution;
    for (let tries = 0; tries < TRIES; tries++) {
      const isDone = await this.commit.writeAlone(order(current));
      const found = await this.store.get(execution._id, execution.ownerId);
      if (!found) throw apiError('CONFLICT');
      if (isDone) return found;
      current = found;
    }
    throw apiError('CONFLICT');
  }
}

function seen({ _id, ownerId, revision }: Omit<StoredExecution, 'status'>) {
  return { _id, ownerId, revision };
}

/** The steps that a retry begins anew with. @throws ApiError VALIDATION_ERROR for an unknown step */
function namesFrom(steps: StoredExecution['steps'], from: string | undefined): string[] {
  if (from === 'start') return Object.keys(steps);
  const step = from === undefined ? undefined : named(steps, from);
  if (from !== undefined && !step)
    throw invalid([{ path: 'from', message: 'must be start, or a step that was begun' }]);
  const isAgain = ({ n, status }: Step) => (step ? n >= step.n : status !== 'succeeded');
  return Object.entries(steps).flatMap(([name, each]) => (isAgain(each) ? [name] : []));
}

/** @throws ApiError VALIDATION_ERROR for a value that is too large */
function encodeSent(value: unknown): string | undefined {
  try {
    return encode(value, 'what is sent');
  } catch (error) {
    if (error instanceof JsonFault) throw invalid([{ path: '', message: error.message }]);
    throw error;
  }
}
