import { setImmediate as setImmediatePromise } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { Types } from 'mongoose';
import { TimedOut } from '../../concurrency/timeout.js';
import { duplicateKeyOf, isOutage } from '../../errors/driver-errors.js';
import { Draft } from './draft.js';
import type { StoredExecution } from '../model/execution.js';
import { Lease } from './lease.js';
import { ExecutionStore, type Standing } from './execution-store.js';
import type { Statement } from '../model/transitions.js';

/** Writes per command. */
const MAX_BATCH = 1_000;
const PAUSE_MS = 100;

interface Entry<T, R> {
  readonly item: T;
  readonly settle: (result: R) => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * Batches entries that arrive in the same turn of the event loop or while the previous batch is being sent, without
 * timers. Batches are sent one after the other, so that the entries of an execution keep their order.
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

  /** Resolves once nothing is waiting or being sent. */
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

/** Called when its batch is sent, so that it includes later changes; undefined when nothing is left to write. */
type Build = () => Statement | undefined;

/**
 * Whether a write was applied, judging by the current state of its execution. A write after which the process still
 * holds the execution was applied if it holds it now, in the same turn: a ring may have changed the stamp since. All
 * others are recognised by their stamp.
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

/** Writes the changes of many executions in one command. */
@Injectable()
export class Commit {
  private readonly writes = new Grouped<Build, boolean>((builds) => this.send(builds));
  private readonly starts = new Grouped<() => StoredExecution, unknown>((builds) =>
    this.insertEach(builds.map((build) => build())),
  );

  constructor(
    private readonly store: ExecutionStore,
    private readonly lease: Lease,
    private readonly logger: PinoLogger,
  ) {}

  /** Whether the write was applied; false if the process has lost its lease or the execution. */
  write(build: Build): Promise<boolean> {
    return this.writes.add(build);
  }

  /** The same in a separate command, whose result says whether it was applied even if others write right after it. */
  async writeAlone(statement: Statement): Promise<boolean> {
    return (await this.store.write([statement], new Types.ObjectId())) === 1;
  }

  insert(execution: StoredExecution): Promise<void> {
    return this.begin(() => execution);
  }

  /** Stores an execution that this process has begun to run. */
  insertRunning(execution: StoredExecution, engine: Types.ObjectId): Draft {
    return new Draft(
      execution,
      (send) => this.begin(send),
      () => this.lease.isHeld(engine),
    );
  }

  private async begin(send: () => StoredExecution): Promise<void> {
    const fault = await this.starts.add(send);
    if (fault !== undefined) throw fault as Error;
  }

  /** Why each is not stored; undefined where it is. One that the database refuses takes no other with it. */
  private async insertEach(executions: readonly StoredExecution[]): Promise<unknown[]> {
    const faultOf = (some: readonly StoredExecution[]): Promise<unknown> =>
      this.store.insert(some).then(
        () => undefined,
        (error: unknown) => error,
      );
    const fault = await faultOf(executions);
    const isOfOne = fault !== undefined && !isOutage(fault) && !(fault instanceof TimedOut);
    if (!isOfOne || executions.length === 1) return executions.map(() => fault);
    return Promise.all(
      executions.map(async (each) => {
        const own = await faultOf([each]);
        // It was stored the first time.
        return duplicateKeyOf(own) ? undefined : own;
      }),
    );
  }

  /** Resolves once all started executions are written. */
  started(): Promise<void> {
    return this.starts.idle();
  }

  /** Stops writing, as if the process had been killed; for tests. */
  kill(): void {
    this.writes.isStopped = true;
    this.starts.isStopped = true;
  }

  private async send(builds: readonly Build[]): Promise<readonly boolean[]> {
    const statements = builds.map((build) => build());
    const sent = statements.filter((each) => each !== undefined && !this.isFenced(each)) as Statement[];
    const done = sent.length > 0 ? await this.apply(sent) : new Set();
    // After the lease has run out, even an acknowledged execution may belong to another process.
    return statements.map((each) => each === undefined || (done.has(each) && !this.isFenced(each)));
  }

  private isFenced({ isHeld, q }: Statement): boolean {
    return isHeld && !this.lease.isHeld(q['engine'] as Types.ObjectId);
  }

  /** The statements that were applied. */
  private async apply(
    statements: readonly Statement[],
    stamp = new Types.ObjectId(),
  ): Promise<ReadonlySet<Statement>> {
    for (let left = statements; ;) {
      try {
        if ((await this.store.write(left, stamp)) === statements.length) return new Set(statements);
        const standing = await this.store.standing(statements.map(({ q }) => q['_id'] as Types.ObjectId));
        const byId = new Map(standing.map((each) => [each._id.toHexString(), each]));
        return new Set(statements.filter((each) => hasHappened(each, byId.get(idOf(each)), stamp)));
      } catch (error) {
        // Sent again: a write that was applied before matches nothing now, and is recognised by its stamp.
        left = left.filter((each) => each.isHeld && !this.isFenced(each));
        const mayPass = isOutage(error) || error instanceof TimedOut;
        // One that cannot be written takes no other with it.
        if (!mayPass && statements.length > 1 && !this.writes.isStopped) {
          const each = await Promise.all(statements.map((one) => this.apply([one], stamp)));
          return new Set(each.flatMap((done) => [...done]));
        }
        if (!mayPass || left.length === 0 || this.writes.isStopped) {
          this.logger.error({ event: 'execution_engine', err: error });
          return new Set();
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }
}
