import { setImmediate as setImmediatePromise } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { Types } from 'mongoose';
import { isOutage } from '../errors/driver-errors.js';
import type { StoredExecution } from './execution.js';
import { Lease } from './lease.js';
import { ExecutionStore, type Standing } from './store.js';
import type { Statement } from './transitions.js';

/** Writes that go in one command. */
const MAX_BATCH = 1_000;
const PAUSE_MS = 100;

interface Entry<T, R> {
  readonly item: T;
  readonly settle: (result: R) => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * Sends what comes at the same time together: at the end of a turn of the event loop, and then while a batch is under
 * way, never by a timer. Batches follow one another, so that what concerns one execution keeps its order.
 */
class Grouped<T, R> {
  private waiting: Entry<T, R>[] = [];
  private isBusy = false;
  private drained: Promise<void> | undefined;
  isStopped = false;

  constructor(private readonly send: (items: readonly T[]) => Promise<readonly R[]>) {}

  add(item: T): Promise<R> {
    return new Promise((settle, refuse) => {
      this.waiting.push({ item, settle, refuse });
      if (this.waiting.length === 1 && !this.isBusy) setImmediate(() => (this.drained = this.drain()));
    });
  }

  /** Resolves once nothing waits to be sent or for its answer. */
  async idle(): Promise<void> {
    while (!this.isStopped && (this.isBusy || this.waiting.length > 0)) {
      await setImmediatePromise();
      await this.drained;
    }
  }

  private async drain(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.waiting.length > 0 && !this.isStopped) {
      const entries = this.waiting.splice(0, MAX_BATCH);
      try {
        const results = await this.send(entries.map(({ item }) => item));
        if (!this.isStopped) for (const [at, { settle }] of entries.entries()) settle(results[at] as R);
      } catch (error) {
        for (const { refuse } of entries) refuse(error);
      }
    }
    this.isBusy = false;
  }
}

/** Made when its batch leaves, so that what has been added meanwhile goes with it; undefined when nothing is left. */
type Build = () => Statement | undefined;

/**
 * Whether a write has found what it is about, as the execution stands now. One that leaves an execution with its process
 * has, if that still holds it in the same turn: others may have rung since. Others are known by their stamp.
 */
function hasHappened({ q, u, isHeld }: Statement, now: Standing | undefined, stamp: Types.ObjectId): boolean {
  if (!now) return false;
  const { status, engine, turn } = now;
  if (isHeld && u.$set['status'] === undefined) {
    return (
      status === 'running' && turn === q['turn'] && engine?.equals(q['engine'] as Types.ObjectId) === true
    );
  }
  return now.stamp.equals(stamp) && (!isHeld || status === u.$set['status']);
}

const idOf = ({ q }: Statement): string => (q['_id'] as Types.ObjectId).toHexString();

/** Writes what many executions have to say in one command. */
@Injectable()
export class Commit {
  private readonly writes = new Grouped<Build, boolean>((builds) => this.send(builds));
  private readonly starts = new Grouped<StoredExecution, void>(async (documents) => {
    await this.store.insert(documents);
    return [];
  });

  constructor(
    private readonly store: ExecutionStore,
    private readonly lease: Lease,
    private readonly logger: PinoLogger,
  ) {}

  /** Whether the write happened. Not so for one of a process that has lost its lease, or its execution. */
  write(build: Build): Promise<boolean> {
    return this.writes.add(build);
  }

  /** The same in a command of its own, which says by itself whether it happened, whoever writes next. */
  async writeAlone(statement: Statement): Promise<boolean> {
    return (await this.store.write([statement], new Types.ObjectId())) === 1;
  }

  insert(execution: StoredExecution): Promise<void> {
    return this.starts.add(execution);
  }

  /** Resolves once every execution that was to be started is written. */
  started(): Promise<void> {
    return this.starts.idle();
  }

  /** Does nothing more, as if the process had been killed; for tests. */
  kill(): void {
    this.writes.isStopped = true;
    this.starts.isStopped = true;
  }

  private async send(builds: readonly Build[]): Promise<readonly boolean[]> {
    const statements = builds.map((build) => build());
    const sent = statements.filter((each) => each !== undefined && !this.isFenced(each)) as Statement[];
    const done = sent.length > 0 ? await this.apply(sent) : new Set();
    // What was acknowledged after the lease had run out may be another process's by now.
    return statements.map((each) => each === undefined || (done.has(each) && !this.isFenced(each)));
  }

  private isFenced({ isHeld, q }: Statement): boolean {
    return isHeld && !this.lease.isHeld(q['engine'] as Types.ObjectId);
  }

  /** Those of the statements that happened. */
  private async apply(statements: readonly Statement[]): Promise<ReadonlySet<Statement>> {
    const stamp = new Types.ObjectId();
    for (let left = statements; ;) {
      try {
        if ((await this.store.write(left, stamp)) === statements.length) return new Set(statements);
        const standing = await this.store.standing(statements.map(({ q }) => q['_id'] as Types.ObjectId));
        const byId = new Map(standing.map((each) => [each._id.toHexString(), each]));
        return new Set(statements.filter((each) => hasHappened(each, byId.get(idOf(each)), stamp)));
      } catch (error) {
        // Sent again: a write that has happened finds nothing to change, and is known by its stamp.
        left = left.filter((each) => each.isHeld && !this.isFenced(each));
        if (!isOutage(error) || left.length === 0 || this.writes.isStopped) {
          this.logger.error({ event: 'execution_engine', err: error });
          return new Set();
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}
