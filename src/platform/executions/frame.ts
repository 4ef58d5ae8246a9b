import { setImmediate } from 'node:timers';
import type { Scope } from '../access/caller.js';
import type { Fault, Step, StoredExecution } from './execution.js';
import { faultOf, TimedOut, UsageFault } from './faults.js';
import type { Journal } from './journal.js';
import type { Definition } from './registry.js';
import type { TurnHost } from './turn-host.js';

const NAME = /^[A-Za-z][\w:-]{0,63}$/;

/** How a turn ended. `lost`: the execution is another's by now, and nothing may be written. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: string | undefined }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly error: unknown; readonly isFinal: boolean }
  | { readonly kind: 'waiting' | 'unknown' | 'cancelled' | 'released' | 'lost' };

/** Of what never goes on: the turn has ended. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** What goes on in a turn, and when that is nothing any more: it ends, or it waits without being in memory. */
export class TurnFrame {
  readonly id: string;
  protected readonly aborting = new AbortController();
  private readonly used = new Set<string>();
  /** Steps under way. */
  private active = 0;
  /** What goes on side by side, and how much of that waits for another turn. */
  private lanes = 1;
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

  /** Whether nothing may begin any more. */
  protected get isOver(): boolean {
    return this.isEnded || this.isStopping;
  }

  /** Whether what its code does counts for nothing. */
  protected get isDone(): boolean {
    return this.isEnded;
  }

  /**
   * Ends the turn from outside. Steps under way may still say what they have come to, unless nothing may be written
   * any more; when the process ends they are given the time to.
   */
  stop(kind: 'cancelled' | 'released' | 'lost'): void {
    this.isStopping = true;
    if (kind !== 'released') this.aborting.abort(new Error(`The execution was ${kind}`));
    if (kind === 'lost') this.finish({ kind });
    else void this.settled().then(() => this.finish({ kind }));
  }

  /** @throws UsageFault for a name that was used before, or that is none */
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
    if (this.journal.isFull) {
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

  protected openLane(): void {
    this.lanes++;
  }

  protected closeLane(): void {
    this.lanes--;
    this.suspendIfIdle();
  }

  /** This lane goes on in another turn. */
  protected block<T>(): Promise<T> {
    this.blocked++;
    this.suspendIfIdle();
    return never();
  }

  /** Nobody knows what has become of a step: somebody has to say so. */
  protected halt<T>(): Promise<T> {
    void this.settled().then(() => this.finish({ kind: 'unknown' }));
    return never();
  }

  /** Resolves once no step is under way. */
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

  /** Code between two steps has as long as a step. */
  protected watch(): void {
    clearTimeout(this.idle);
    if (this.isEnded) return;
    this.idle = setTimeout(() => {
      if (this.active > 0 || this.blocked > 0) return;
      const error = new TimedOut('The code between two steps took too long');
      this.aborting.abort(error);
      this.finish({ kind: 'failed', fault: faultOf(error), error, isFinal: false });
    }, this.definition.timeoutMs);
  }

  private suspendIfIdle(): void {
    if (this.blocked === 0) return;
    // What comes of what has just ended may begin a further step first.
    setImmediate(() => {
      if (this.active === 0 && this.blocked >= this.lanes) this.finish({ kind: 'waiting' });
    });
  }
}
