import { Injectable } from '@nestjs/common';
import type { Scope } from '../../access/caller.js';
import { noteInTrace, tracedFrom } from '../../logging/spans.js';
import type { Draft } from '../store/draft.js';
import type { Fault, StoredExecution } from '../model/execution.js';
import { ExecutionServices } from '../turn/execution-services.js';
import { ExecutorRegistry } from '../model/registry.js';
import { ExecutionRights } from './rights.js';
import { finishing, type TurnResult } from '../model/turn-result.js';
import { Running } from '../turn/running-execution.js';
import { transition } from '../model/transitions.js';

/** The pause before executions of a disabled user are claimed again, in milliseconds. */
const DISABLED_MS = 60_000;

const FAULTS = {
  gone: { code: 'OWNER_DELETED', message: 'Its owner was deleted' },
  forbidden: { code: 'FORBIDDEN', message: 'Its owner may not do this any more' },
} as const satisfies Record<string, Fault>;

/** Begins a turn of an execution, with the current rights of its owner. */
@Injectable()
export class Launcher {
  constructor(
    private readonly services: ExecutionServices,
    private readonly registry: ExecutorRegistry,
    private readonly rights: ExecutionRights,
  ) {}

  async run(
    execution: StoredExecution,
    draft: Draft | undefined,
    begun: (running: Running) => void,
    lost: () => void,
  ): Promise<TurnResult | undefined> {
    const definition = this.registry.find(execution.type);
    if (!definition) throw new Error(`There is no executor of the type ${execution.type}`);
    const scope = await this.rights.scopeOf(execution.scope);
    if (typeof scope === 'string' && (await draft?.accepted) === false) return undefined;
    if (scope === 'disabled') return this.wait(execution);
    if (scope === 'gone' || scope === 'forbidden') return this.refuse(execution, FAULTS[scope]);
    const { store } = this.services;
    const children = Object.values(execution.steps).flatMap(({ kind, status, child }) =>
      kind === 'call' && status !== 'succeeded' && child ? [child] : [],
    );
    const beside = execution.beside ? await store.stepsBeside(execution._id) : [];
    const outcomes =
      children.length > 0 ? await this.outcomesOf(children) : new Map<string, StoredExecution>();
    const known = { beside, outcomes, draft };
    const rights = async (): Promise<Scope | undefined> => {
      const now = await this.rights.scopeOf(execution.scope);
      return typeof now === 'string' ? undefined : now;
    };
    const running = new Running(execution, scope, definition, known, this.services, rights, lost);
    begun(running);
    const { type, turn, trace } = execution;
    const fields = { 'execution.type': type, 'execution.turn': turn };
    return tracedFrom(trace, { name: `execution ${type}`, fields }, async () => {
      const ended = await running.run();
      noteInTrace({ 'execution.status': ended?.status ?? 'lost' });
      return ended;
    });
  }

  private async outcomesOf(
    children: Parameters<ExecutionServices['store']['outcomesOf']>[0],
  ): Promise<Map<string, StoredExecution>> {
    const outcomes = await this.services.store.outcomesOf(children);
    for (const [id, each] of outcomes) {
      const { result } = this.services.sealing.open(each._id, each.sealed);
      if (result !== undefined) outcomes.set(id, { ...each, result });
    }
    return outcomes;
  }

  private async wait({ _id, ownerId, engine, turn, bell }: StoredExecution): Promise<TurnResult | undefined> {
    const target = { _id, ownerId, turn, bell, ...(engine && { engine }) };
    const set = { dueAt: this.services.clock.in(DISABLED_MS) };
    const isDone = await this.services.commit.write(() => transition('wait', 'waiting', target, { set }));
    return isDone ? { status: 'waiting' } : undefined;
  }

  /** Fails the execution. If its owner is gone, all of its contents are removed as well. */
  private async refuse(
    { _id, ownerId, engine, turn }: StoredExecution,
    error: Fault,
  ): Promise<TurnResult | undefined> {
    const target = { _id, ownerId, turn, ...(engine && { engine }) };
    const isGone = error.code === FAULTS.gone.code;
    if (isGone) await this.services.store.removeBeside(_id);
    const set = {
      ...finishing('failed', this.services.clock.now()),
      error,
      ...(isGone && { steps: {}, open: [] }),
    };
    const unset = isGone ? ['input', 'sealed', 'signals', 'progress', 'beside'] : [];
    const isDone = await this.services.commit.write(() =>
      transition('fail', 'failed', target, { set, unset }),
    );
    return isDone ? { status: 'failed', fault: error } : undefined;
  }
}
