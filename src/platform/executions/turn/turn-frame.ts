import { setImmediate } from 'node:timers';
import type { Scope } from '../../access/caller.js';
import { traced } from '../../logging/spans.js';
import type { Fault, Step, StoredExecution } from '../model/execution.js';
import { faultOf, StepTimeout, UsageFault } from '../model/step-faults.js';
import type { Journal } from './journal.js';
import type { Definition } from '../model/registry.js';
import type { StepContext } from '../model/run.js';
import type { TurnHost } from './turn-host.js';

const NAME = /^[A-Za-z][\w:-]{0,63}$/;

/** How a turn ended. `lost`: another process has the execution now, and nothing may be written. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: string | undefined }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly error: unknown; readonly isFinal: boolean }
  | { readonly kind: 'waiting' | 'unknown' | 'cancelled' | 'released' | 'lost' };

/** What a step does. */
export type Work<T> = (context: StepContext) => Promise<T> | T;

/** For code that must not continue, because the turn has ended. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Tracks what runs in a turn, and ends the turn once nothing does: the execution is over, or waits outside memory. */
export class TurnFrame {
  readonly id: string;
  protected readonly aborting = new AbortController();
  private readonly used = new Set<string>();
  /** Steps that are running. */
  private active = 0;
  /** Concurrent branches of the code, and how many of them wait for another turn. */
  private branches = 1;
  private blocked = 0;
  private isStopping = false;
  private isEnded = false;
  private idle: NodeJS.Timeout | undefined;
  private end!: (outcome: Outcome) => void;
  protected readonly ended = new Promise<Outcome>((resolve) => (this.end = resolve));
  private whenSettled: (() => void)[] = [];

  constructor(
    protected readonly execution: StoredExecution,
    protected current: Scope,
    protected readonly definition: Definition,
    protected readonly journal: Journal,
    protected readonly host: TurnHost,
  ) {
    this.id = execution._id.toHexString();
  }

  get scope(): Scope {
    return this.current;
  }

  get signal(): AbortSignal {
    return this.aborting.signal;
  }

  /** Whether no step may begin any more. */
  protected get isOver(): boolean {
    return this.isEnded || this.isStopping;
  }

  /** Whether results of its code are ignored. */
  protected get isDone(): boolean {
    return this.isEnded;
  }

  /**
   * Ends the turn from outside. Results of running steps are still recorded, unless nothing may be written any more; at
   * shutdown steps get time to finish.
   */
  stop(kind: 'cancelled' | 'released' | 'lost'): void {
    this.isStopping = true;
    if (kind !== 'released') this.aborting.abort(new Error(`The execution was ${kind}`));
    if (kind === 'lost') this.finish({ kind });
    else void this.settled().then(() => this.finish({ kind }));
  }

  /** @throws UsageFault for a name that was used before or is not valid */
  protected use(name: string): Step | undefined {
    if (!NAME.test(name)) {
      throw new UsageFault(
        `A step may not be called '${name}': write a letter, then letters, digits, _, : or -`,
      );
    }
    if (this.used.has(name)) {
      throw new UsageFault(
        `Two steps of a run are called '${name}': results are found by names, so give each its own`,
      );
    }
    if (this.journal.isFull && !this.journal.get(name)) {
      throw new UsageFault('A run has 10,000 steps at most: start further executions for its parts');
    }
    this.used.add(name);
    return this.journal.get(name);
  }

  protected begin(kind: Step['kind']): Step {
    const startedAt = this.host.clock.now();
    return { n: this.journal.number, kind, status: 'running', attempts: 0, startedAt };
  }

  protected succeed(name: string, waited: Step, text?: string): void {
    const { dueAt: _, ...step } = waited;
    this.journal.put(name, { ...step, status: 'succeeded', finishedAt: this.host.clock.now() }, text);
    this.host.noteSoon();
  }

  protected enter(): void {
    this.active++;
    clearTimeout(this.idle);
  }

  protected leave(): void {
    this.active--;
    this.watch();
    if (this.active === 0) for (const settle of this.whenSettled.splice(0)) settle();
    this.suspendIfIdle();
  }

  protected openBranch(): void {
    this.branches++;
  }

  protected closeBranch(): void {
    this.branches--;
    this.suspendIfIdle();
  }

  /** Suspends this branch until another turn. */
  protected block<T>(): Promise<T> {
    this.blocked++;
    this.suspendIfIdle();
    return never();
  }

  /** The outcome of a step is unknown: stops until somebody resolves it. */
  protected halt<T>(): Promise<T> {
    void this.settled().then(() => this.finish({ kind: 'unknown' }));
    return never();
  }

  /** Resolves once no step is running. */
  protected settled(): Promise<void> {
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => void this.whenSettled.push(resolve));
  }

  protected finish(outcome: Outcome): void {
    clearTimeout(this.idle);
    if (this.isEnded) return;
    this.isEnded = true;
    this.end(outcome);
  }

  /** Code between two steps has the same timeout as a step. */
  protected watch(): void {
    clearTimeout(this.idle);
    if (this.isEnded) return;
    this.idle = setTimeout(() => {
      if (this.active > 0 || this.blocked > 0) return;
      const error = new StepTimeout('The code between two steps took too long');
      this.aborting.abort(error);
      this.finish({ kind: 'failed', fault: faultOf(error), error, isFinal: false });
    }, this.definition.timeoutMs);
  }

  private suspendIfIdle(): void {
    if (this.blocked === 0) return;
    // Code that continues after the step that has just ended may begin another one first.
    setImmediate(() => {
      if (this.active === 0 && this.blocked >= this.branches) this.finish({ kind: 'waiting' });
    });
  }

  /** Runs work with a timeout; later results are ignored. */
  protected withTimeout<T>(ms: number, name: string, attempt: number, work: Work<T>): Promise<T> {
    const { signal: outer, id } = this;
    let late: AbortController | undefined;
    const context: StepContext = {
      key: `${id}.${name}`,
      attempt,
      get signal() {
        late ??= new AbortController();
        return AbortSignal.any([outer, late.signal]);
      },
    };
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        const error = new StepTimeout(`Step '${name}' took longer than ${ms} ms`);
        late?.abort(error);
        reject(error);
      }, ms);
      const fields = { 'execution.type': this.definition.type, 'step.name': name, 'step.attempt': attempt };
      traced({ name: 'step', fields }, () => Promise.try(work, context))
        .then(resolve, reject)
        .finally(() => clearTimeout(timer));
    });
  }
}
