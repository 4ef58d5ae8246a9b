import { setImmediate } from 'node:timers';
import type { Types } from 'mongoose';
import type { Scope } from '../../access/caller.js';
import type { Draft, Pending } from '../store/draft.js';
import { type Fault, idOf, type Status, type StepBeside, type StoredExecution } from '../model/execution.js';
import type { ExecutorClass } from '../model/run.js';
import { pauseAfter } from '../model/retries.js';
import { never, type Outcome } from './turn-frame.js';
import { currentInput } from './current-input.js';
import { finishing, type TurnResult } from '../model/turn-result.js';
import { Journal } from './journal.js';
import type { ExecutionServices } from './execution-services.js';
import type { Definition } from '../model/registry.js';
import {
  type Changes,
  OF_RUNNING,
  type Statement,
  type Target,
  transition,
  type TransitionName,
} from '../model/transitions.js';
import { Turn } from './turn.js';
import type { TurnHost } from './turn-host.js';

/** What is known of an execution besides its document. */
interface Known {
  readonly beside: readonly StepBeside[];
  readonly outcomes: Running['outcomes'];
  /** It is being stored. */
  readonly draft: Draft | undefined;
}

/** An execution in a turn that this process has claimed. */
export class Running implements TurnHost {
  readonly outcomes: ReadonlyMap<string, StoredExecution>;
  private readonly journal: Journal;
  private readonly turn: Turn;
  private readonly target: Target;
  private readonly draft: Draft | undefined;
  private earlyEnd: { readonly result: string | undefined; readonly set: object } | undefined;
  private hasBeside = false;
  private isNoting = false;
  /** How many of its writes are under way. */
  private writing = 0;
  private isHeld = true;

  constructor(
    private readonly execution: StoredExecution,
    scope: Scope,
    private readonly definition: Definition,
    { beside, outcomes, draft }: Known,
    private readonly services: ExecutionServices,
    readonly rights: () => Promise<Scope | undefined>,
    private readonly lost: () => void,
  ) {
    const { _id, ownerId, engine, turn } = execution;
    if (!engine) throw new Error('The execution was not claimed');
    this.target = { _id, ownerId, engine, turn };
    this.outcomes = outcomes;
    this.draft = draft;
    this.journal = new Journal(execution, beside, definition.isEncrypted ? services.sealing : undefined);
    this.turn = new Turn(execution, scope, definition, this.journal, this);
    draft?.onSend((isHeld) => this.takeFirst(isHeld));
    void this.isAccepted().then((isAccepted) => isAccepted || this.withdraw());
  }

  get clock() {
    return this.services.clock;
  }
  get failpoints() {
    return this.services.failpoints;
  }
  get once() {
    return this.services.once;
  }

  stop(kind: 'cancelled' | 'released' | 'lost'): void {
    this.turn.stop(kind);
  }

  /** Runs the turn and writes its outcome. */
  async run(): Promise<TurnResult | undefined> {
    const { input, outcome } = currentInput(this.journal.input, this.execution.version, this.definition);
    return this.conclude(outcome ?? (await this.turn.run(input)));
  }

  async write(): Promise<boolean> {
    const isDone = await this.note().catch((error: unknown) => {
      this.services.logger.warn({ event: 'execution_engine', err: error });
      return false;
    });
    if (!isDone) this.lost();
    return isDone;
  }

  noteSoon(): void {
    if (this.isNoting) return;
    this.isNoting = true;
    setImmediate(() => {
      this.isNoting = false;
      // What is not sent yet takes them with it.
      if (this.journal.hasChanges && this.draft?.isSent !== false) void this.write();
    });
  }

  async startChild(executor: ExecutorClass, input: object, name: string): Promise<Types.ObjectId> {
    const { _id, ownerId, scope } = this.execution;
    if (!(await this.isAccepted())) return never();
    const child = await this.services.starter.start(executor, input, {
      _id: idOf(_id.toHexString(), 'child', name),
      ownerId,
      scope,
      parent: { _id, ownerId },
      isKeyed: true,
    });
    return child._id;
  }

  private async note(): Promise<boolean> {
    if (!(await this.isAccepted())) return false;
    // They were stored with the start.
    if (!this.journal.hasChanges && this.writing === 0) return this.isHeld;
    await this.keepOverflow();
    this.failpoints.reach('note:before');
    const isDone = await this.send(() =>
      this.journal.hasChanges ? this.statement('note', 'same') : undefined,
    );
    // Changes that an earlier write included share its fate, and it is answered first.
    this.isHeld &&= isDone;
    if (this.isHeld) this.failpoints.reach('note:after');
    return this.isHeld;
  }

  /** None of its steps has begun, although it may be stored with their marks. If this fails the sweep finds it. */
  private withdraw(): void {
    this.stop('lost');
    if (!this.draft?.isSent) return;
    const set = { ...this.dueNow(), steps: {}, open: [] };
    const release = transition('release', 'queued', this.target, { set });
    void this.services.commit.writeAlone(release).catch(() => undefined);
  }

  private async keepOverflow(): Promise<void> {
    if (!this.journal.hasOverflow) return;
    const steps = this.journal.takeOverflow();
    await this.services.store.keepBeside(steps);
    this.journal.keptBeside(steps);
    this.hasBeside = true;
  }

  private async conclude(outcome: Outcome): Promise<TurnResult | undefined> {
    if (outcome.kind === 'lost') return undefined;
    const { draft } = this;
    if (outcome.kind === 'succeeded' && draft?.isSent === false)
      return this.finishEarly(draft, outcome.result);
    if (!(await this.isAccepted())) return undefined;
    await this.keepOverflow();
    switch (outcome.kind) {
      case 'succeeded':
        return this.finish('succeed', 'succeeded', { result: outcome.result });
      case 'failed': {
        const isLast = outcome.isFinal || this.execution.failures + 1 >= this.definition.attempts;
        if (isLast) return this.fail(outcome.fault, outcome.error);
        const pauseMs = pauseAfter(outcome.error, this.execution.failures + 1, this.clock.now());
        return this.wait({ dueAt: this.clock.in(pauseMs), error: outcome.fault }, 'queued', { failures: 1 });
      }
      case 'waiting':
        return this.suspend();
      case 'unknown':
        return this.commit('halt', 'needs-attention');
      case 'cancelled':
        return this.finish('end', 'cancelled');
      case 'released':
        return this.commit('release', 'queued', { set: this.dueNow() });
    }
  }

  private fail(fault: Fault, error?: unknown): Promise<TurnResult | undefined> {
    return this.finish('fail', 'failed', { fault, error });
  }

  private async finish(
    name: TransitionName,
    status: Status,
    { result, fault, error }: { result?: string | undefined; fault?: Fault; error?: unknown } = {},
  ): Promise<TurnResult | undefined> {
    const dates = finishing(status, this.clock.now());
    if (this.execution.beside || this.hasBeside)
      await this.services.store.expireBeside(this.execution._id, dates.expiresAt);
    this.failpoints.reach('finish:before');
    const set = { ...dates, ...(fault && { error: fault }) };
    const ended = await this.commit(name, status, { set, unset: fault ? [] : ['error'] }, result);
    if (ended) this.failpoints.reach('finish:after');
    return ended && { ...ended, ...(fault && { fault }), ...(error !== undefined && { error }) };
  }

  /** Nothing of it stays in memory until something that it waits for arrives. */
  private suspend(): Promise<TurnResult | undefined> {
    const isRetry = this.journal.waiting.every(([, { kind }]) => kind === 'repeatable' || kind === 'once');
    const { dueAt } = this.journal;
    return this.wait({ ...(dueAt && { dueAt }), failures: 0 }, isRetry ? 'queued' : 'waiting');
  }

  private async wait(
    set: { readonly dueAt?: Date; readonly error?: Fault; readonly failures?: number },
    status: 'queued' | 'waiting',
    inc: object = {},
  ): Promise<TurnResult | undefined> {
    this.failpoints.reach('wait:before');
    const pending = this.journal.take();
    // Who has been told that it is cancelled must not see it go on.
    const where = { cancel: { $exists: false } };
    const changes = { set: { ...pending.set, ...set }, unset: pending.unset, inc, where };
    const { bell } = this.execution;
    const write = (statement: Statement) => this.send(() => statement);
    if (await write(transition('wait', status, { ...this.target, bell }, changes))) {
      this.failpoints.reach('wait:after');
      return { status, ...(set.dueAt && { dueAt: set.dueAt }) };
    }
    // It was rung in between: what it waits for may have arrived.
    const again = { ...changes, set: { ...changes.set, ...this.dueNow() } };
    if (await write(transition('release', 'queued', this.target, again))) return { status: 'queued' };
    const end = { ...pending.set, ...finishing('cancelled', this.clock.now()) };
    const ended = transition('end', 'cancelled', this.target, {
      set: end,
      unset: [...pending.unset, 'error'],
    });
    return (await write(ended)) ? { status: 'cancelled' } : undefined;
  }

  private dueNow(): { dueAt: Date; ready: true } {
    return { dueAt: this.clock.now(), ready: true };
  }

  private async commit(
    name: TransitionName,
    status: Status,
    changes: Changes = {},
    result?: string,
  ): Promise<TurnResult | undefined> {
    const isDone = await this.send(() => this.statement(name, status, changes, result));
    return isDone ? { status } : undefined;
  }

  /** Writes once the execution is stored. */
  private async send(build: () => Statement | undefined): Promise<boolean> {
    if (!(await this.isAccepted())) return false;
    this.writing++;
    try {
      return await this.services.commit.write(build);
    } finally {
      this.writing--;
    }
  }

  get isDraft(): boolean {
    return this.draft !== undefined && !this.draft.isAccepted;
  }

  async isAccepted(): Promise<boolean> {
    return this.draft === undefined || this.draft.accepted;
  }

  /** What is stored with the start: the steps that have begun by then, or the end of an execution that needs no more. */
  private takeFirst(isHeld: boolean): Pending {
    // A process that has lost its lease begins no step any more, so that none may look begun.
    if (!isHeld && !this.earlyEnd) return { set: {}, unset: [] };
    const { set, unset } = this.journal.take(this.earlyEnd?.result);
    return {
      set: { ...set, ...this.earlyEnd?.set },
      unset: [...unset, ...(this.earlyEnd ? OF_RUNNING : [])],
    };
  }

  /** Ends an execution that is not sent to the database yet. */
  private async finishEarly(draft: Draft, result: string | undefined): Promise<TurnResult | undefined> {
    const status = 'succeeded';
    this.failpoints.reach('finish:before');
    this.earlyEnd = { result, set: { ...finishing(status, this.clock.now()), status } };
    if (!(await draft.isStored)) return undefined;
    this.failpoints.reach('finish:after');
    return { status };
  }

  private statement(
    name: TransitionName,
    to: Status | 'same',
    { set = {}, unset = [], ...rest }: Changes = {},
    result?: string,
  ): Statement {
    const pending = this.journal.take(result);
    return transition(name, to, this.target, {
      ...rest,
      set: { ...pending.set, ...set },
      unset: [...pending.unset, ...unset],
    });
  }
}
