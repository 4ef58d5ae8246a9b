import type { mongo } from 'mongoose';
import type { Progress, Step, StepBeside, StoredExecution } from '../model/execution.js';
import { idOf } from '../model/execution.js';
import { decode } from '../model/json.js';
import type { Pending } from '../store/draft.js';
import type { Sealed, Sealing } from '../store/sealing.js';

/** Steps kept in the document of an execution; others are stored in `execution_steps`. */
const MAX_HERE = 256;
const LEFT_HERE = 128;
/** Larger results, in bytes, are stored in `execution_steps`, because each write rewrites the whole document. */
const LARGE = 16 * 1024;
const MAX_STEPS = 10_000;

/** The steps of an execution, and which changes of them are not written yet. */
export class Journal {
  private readonly steps = new Map<string, Step>();
  private readonly texts = new Map<string, string>();
  /** Succeeded steps in the document, oldest first. */
  private readonly here = new Set<string>();
  private readonly changed = new Set<string>();
  private moved: string[] = [];
  /** Large results that `execution_steps` has. */
  private readonly kept = new Set<string>();
  private progress: Progress | undefined;
  private next: number;
  private readonly sealed: Sealed;

  constructor(
    private readonly execution: StoredExecution,
    beside: readonly StepBeside[],
    private readonly sealing: Sealing | undefined,
  ) {
    this.sealed = sealing?.open(execution._id, execution.sealed) ?? { results: {} };
    for (const { name, step } of beside) this.know(name, step);
    const own = Object.entries(execution.steps).toSorted(([, a], [, b]) => a.n - b.n);
    for (const [name, step] of own) {
      // `execution_steps` may have results of a turn that was lost before it recorded them here.
      if (!step.beside) this.texts.delete(name);
      this.know(name, step);
      if (step.status === 'succeeded') this.here.add(name);
    }
    for (const [name, text] of Object.entries(this.sealed.results)) this.texts.set(name, text);
    this.next = Math.max(0, ...[...this.steps.values()].map(({ n }) => n)) + 1;
  }

  get(name: string): Step | undefined {
    return this.steps.get(name);
  }

  /** The result of a step. */
  valueOf(name: string): unknown {
    return decode(this.texts.get(name));
  }

  get number(): number {
    return this.next++;
  }

  /** The input, as it was started. */
  get input(): unknown {
    return decode(this.sealed.input ?? this.execution.input);
  }

  get isFull(): boolean {
    return this.next > MAX_STEPS;
  }

  /** `once` steps that have begun and whose outcome is not known yet. */
  get open(): string[] {
    const isOpen = ({ kind, status }: Step) =>
      kind === 'once' && (status === 'running' || status === 'unknown');
    const isUnwritten = (name: string, { kind }: Step) =>
      kind === 'once' && this.changed.has(name) && this.isUnkept(name);
    return [...this.steps]
      .filter(([name, step]) => isOpen(step) || isUnwritten(name, step))
      .map(([name]) => name);
  }

  /** The earliest known time among the waiting steps. */
  get dueAt(): Date | undefined {
    const waiting = [...this.steps.values()].filter(({ status }) => status === 'waiting');
    const times = waiting.flatMap(({ dueAt }) => (dueAt ? [dueAt.getTime()] : []));
    return times.length > 0 ? new Date(Math.min(...times)) : undefined;
  }

  get waiting(): readonly (readonly [string, Step])[] {
    return [...this.steps].filter(([, { status }]) => status === 'waiting');
  }

  put(name: string, step: Step, text?: string): void {
    this.steps.set(name, step);
    if (text === undefined) this.texts.delete(name);
    else this.texts.set(name, text);
    if (step.status === 'succeeded') this.here.add(name);
    this.changed.add(name);
    this.kept.delete(name);
  }

  note(progress: Progress): void {
    this.progress = progress;
  }

  /** The steps to store in `execution_steps` before the next write, because they are large or the document is full. */
  takeOverflow(): StepBeside[] {
    if (this.sealing) return [];
    const large = [...this.changed].filter((name) => this.isUnkept(name));
    const isFull = this.here.size > MAX_HERE;
    const oldest = isFull ? [...this.here].slice(0, -LEFT_HERE) : [];
    return [...new Set([...large, ...oldest])].map((name) => this.besideOf(name));
  }

  /** They are in `execution_steps`: the document may refer to them. */
  keptBeside(steps: readonly StepBeside[]): void {
    const count = this.here.size - LEFT_HERE;
    for (const { name } of steps) this.kept.add(name);
    if (this.here.size <= MAX_HERE) return;
    for (const name of [...this.here].slice(0, count)) {
      if (!this.kept.has(name)) continue;
      this.here.delete(name);
      this.moved.push(name);
    }
  }

  get hasOverflow(): boolean {
    if (this.sealing) return false;
    if (this.here.size > MAX_HERE) return true;
    for (const name of this.changed) if (this.isUnkept(name)) return true;
    return false;
  }

  get hasChanges(): boolean {
    return this.changed.size > 0 || this.progress !== undefined || this.moved.length > 0;
  }

  /** All changes that are not written yet; the next call returns those made since. */
  take(result?: string): Pending {
    const set: mongo.Document = {};
    const gone = new Set(this.moved);
    // What the document refers to must be there first: the others come with a later write.
    const ready = [...this.changed].filter((name) => !this.isUnkept(name));
    for (const name of ready) if (!gone.has(name)) set[`steps.${name}`] = this.storedForm(name);
    const isMoved = gone.size > 0 || ready.some((name) => this.isLarge(name));
    if (isMoved) set['beside'] = true;
    if (this.changed.size > 0) set['open'] = this.open;
    if (this.progress) set['progress'] = this.progress;
    if (this.sealing && (this.changed.size > 0 || result !== undefined)) set['sealed'] = this.seal(result);
    else if (!this.sealing && result !== undefined) set['result'] = result;
    for (const name of ready) this.changed.delete(name);
    this.moved = [];
    this.progress = undefined;
    return { set, unset: [...gone].map((name) => `steps.${name}`) };
  }

  private know(name: string, { result, ...step }: Step): void {
    this.steps.set(name, step);
    if (result !== undefined) this.texts.set(name, result);
  }

  private textOf(name: string): Pick<Step, 'result'> {
    const text = this.texts.get(name);
    return text === undefined ? {} : { result: text };
  }

  private isUnkept(name: string): boolean {
    return this.isLarge(name) && !this.kept.has(name);
  }

  private isLarge(name: string): boolean {
    return !this.sealing && (this.texts.get(name)?.length ?? 0) > LARGE;
  }

  private storedForm(name: string): Step {
    const { beside: _, ...step } = this.steps.get(name) as Step;
    if (this.sealing) return step;
    return this.isLarge(name) ? { ...step, beside: true } : { ...step, ...this.textOf(name) };
  }

  private besideOf(name: string): StepBeside {
    const { _id, ownerId } = this.execution;
    const { beside: _, ...step } = this.steps.get(name) as Step;
    return {
      _id: idOf(_id.toHexString(), name),
      ownerId,
      executionId: _id,
      name,
      step: { ...step, ...this.textOf(name) },
    };
  }

  private seal(result: string | undefined): string | undefined {
    const results = Object.fromEntries(this.texts);
    const sealed = { ...this.sealed, ...(result !== undefined && { result }), results };
    return this.sealing?.seal(this.execution._id, sealed);
  }
}
