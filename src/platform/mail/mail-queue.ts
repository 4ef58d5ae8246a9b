import { AsyncLocalStorage } from 'node:async_hooks';

/** Pauses before a further try, in milliseconds. */
const PAUSES_MS = [1_000, 10_000, 60_000, 300_000];
/** Most jobs that wait: a flood of requests must not fill the memory. */
const MAX_JOBS = 1_000;

/** Work of the queue. */
export interface Job {
  /** Rejects when it has to be tried again or given up. */
  run(): Promise<void>;
  /** Whether trying again may help. */
  isTemporary(error: unknown): boolean;
  givenUp(error: unknown): void;
}

interface Entry {
  readonly job: Job;
  /** Calls a function with the request that the job comes from, for log lines. */
  readonly inContext: <R>(work: () => R) => R;
  tries: number;
}

interface Options {
  readonly concurrency: number;
  readonly pausesMs?: readonly number[];
  readonly maxJobs?: number;
}

/** Does jobs one after the other, few at a time, and tries failed ones again after growing pauses. */
export class MailQueue {
  private readonly waiting: Entry[] = [];
  private readonly pausing = new Map<Entry, NodeJS.Timeout>();
  private readonly active = new Set<Entry>();
  private readonly whenEmpty = new Set<() => void>();
  private draining = false;
  private readonly concurrency: number;
  private readonly pausesMs: readonly number[];
  private readonly maxJobs: number;

  constructor({ concurrency, pausesMs = PAUSES_MS, maxJobs = MAX_JOBS }: Options) {
    this.concurrency = concurrency;
    this.pausesMs = pausesMs;
    this.maxJobs = maxJobs;
  }

  /** Takes a job, which starts once what runs now has had its turn; false when there are too many. */
  add(job: Job): boolean {
    if (this.waiting.length + this.pausing.size + this.active.size >= this.maxJobs) return false;
    this.waiting.push({ job, inContext: AsyncLocalStorage.snapshot(), tries: 0 });
    setImmediate(() => this.start());
    return true;
  }

  /** Does what is left without further pauses, and gives up what is not done in time. */
  async drain(withinMs: number): Promise<void> {
    this.draining = true;
    for (const [entry, timer] of this.pausing) {
      clearTimeout(timer);
      this.waiting.push(entry);
    }
    this.pausing.clear();
    this.start();
    await this.idle(withinMs);
    const left = [...this.active, ...this.waiting.splice(0)];
    this.active.clear();
    for (const entry of left) giveUp(entry, noTimeLeft());
  }

  private idle(withinMs: number): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.whenEmpty.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private get isEmpty(): boolean {
    return this.waiting.length + this.active.size + this.pausing.size === 0;
  }

  private start(): void {
    while (this.active.size < this.concurrency) {
      const entry = this.waiting.shift();
      if (!entry) break;
      this.active.add(entry);
      void entry.inContext(() => this.run(entry));
    }
    if (!this.isEmpty) return;
    for (const resolve of this.whenEmpty) resolve();
    this.whenEmpty.clear();
  }

  private async run(entry: Entry): Promise<void> {
    try {
      await entry.job.run();
    } catch (error) {
      // Already given up if the queue was drained in the meantime.
      if (this.active.has(entry)) this.failed(entry, error);
    }
    this.active.delete(entry);
    this.start();
  }

  private failed(entry: Entry, error: unknown): void {
    const pauseMs = this.draining ? undefined : this.pausesMs[entry.tries];
    entry.tries++;
    if (pauseMs === undefined || !entry.job.isTemporary(error)) return giveUp(entry, error);
    const again = (): void => {
      this.pausing.delete(entry);
      this.waiting.push(entry);
      this.start();
    };
    // The end of the process does not wait for it: it drains the queue.
    this.pausing.set(entry, setTimeout(again, pauseMs).unref());
  }
}

function giveUp({ job, inContext }: Entry, error: unknown): void {
  inContext(() => job.givenUp(error));
}

function noTimeLeft(): Error {
  return Object.assign(new Error('The process ended'), { code: 'SHUTDOWN' });
}
