import { Injectable } from '@nestjs/common';
import type { Types } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { withTimeout } from '../../concurrency/timeout.js';
import { isOutage } from '../../errors/driver-errors.js';
import { DomainEvents } from '../../logging/events.js';
import { requestContext } from '../../logging/request-context.js';
import { ReschedulingTimer } from '../model/rescheduling-timer.js';
import { Bell } from './bell.js';
import { Claim } from './claim.js';
import type { Draft } from '../store/draft.js';
import { isFinished, type StoredExecution } from '../model/execution.js';
import { ExecutionEvents } from '../model/execution.events.js';
import { ExecutionMetrics } from './execution-metrics.js';
import { Load } from './load.js';
import { Lease, LEASE_MS } from '../store/lease.js';
import { Launcher } from './launcher.js';
import { ExecutionServices } from '../turn/execution-services.js';
import type { TurnResult } from '../model/turn-result.js';
import type { Running } from '../turn/running-execution.js';
import { Slots } from './slots.js';
import type { Runner } from '../turn/starter.js';
import { Sweep } from './sweep.js';
import { transition } from '../model/transitions.js';
import { Watchers } from './watchers.js';

/** Executions that run concurrently in a process. */
const MAX_RUNNING = 256;
/** Executions of one owner that run without being claimed; further ones wait for the owner's turn. */
const MAX_DIRECT = 64;
const LOOK_EVERY_MS = 1_000;
/** The pause when nothing is due and nobody rings. */
const REST_MS = LEASE_MS / 2;
/** Shortest time between two polls for due executions, so that several are claimed together. */
const TOGETHER_MS = 25;
/** How long shutdown waits for the database, in milliseconds. */
const GOODBYE_MS = 400;
/** Shortest time between two sweeps for dead processes. */
const SWEEP_EVERY_MS = LEASE_MS / 2 - TOGETHER_MS;
/** The same while executions seem to be held without running, as after an outage of the database. */
const SUSPECTS_MS = 1_900;
/** Every so many sweeps also look for slots that were freed without a notification. */
const SLOTS_EVERY = 3;

/** Runs executions in this process: claims due ones, runs them, and takes over those of dead processes. */
@Injectable()
export class Engine implements Runner {
  private readonly running = new Map<string, { running?: Running }>();
  private readonly load = new Load();
  private readonly tickTimer = new ReschedulingTimer(() => this.tick());
  private sweptAt = -Infinity;
  private sweeps = 0;
  private isActive = false;
  private isLooking = false;
  private isWoken = false;
  /** More executions were due than could be claimed. */
  private hasMore = false;
  private whenEmpty: (() => void) | undefined;

  constructor(
    private readonly services: ExecutionServices,
    private readonly lease: Lease,
    private readonly claim: Claim,
    private readonly slots: Slots,
    private readonly sweep: Sweep,
    private readonly bell: Bell,
    private readonly launcher: Launcher,
    private readonly watchers: Watchers,
    private readonly metrics: ExecutionMetrics,
    private readonly events: DomainEvents,
    private readonly logger: PinoLogger,
  ) {
    lease.onLost(() => this.loseAll());
    services.starter.use(this);
  }

  async start(): Promise<void> {
    await this.services.store.open();
    await this.lease.keep();
    this.isActive = true;
    this.services.clock.onMoved(() => this.wake());
    this.metrics.observeRunning(() => this.running.size);
    void this.bell.listen(() => this.wake());
    this.wake();
  }

  /** Stops claiming, gives running steps time to finish, and releases the rest at once. */
  async stop(graceMs: number): Promise<void> {
    if (!this.isActive) return;
    this.isActive = false;
    this.tickTimer.stop();
    this.bell.stop();
    for (const { running } of this.running.values()) running?.stop('released');
    await this.emptied(graceMs);
    for (const { running } of this.running.values()) running?.stop('lost');
    // A database that does not answer must not keep the process from exiting: the lease runs out anyway.
    await withTimeout(GOODBYE_MS, this.lease.giveUp()).catch(() => undefined);
    // A mail composed just now may be about to be written.
    const written = () => withTimeout(GOODBYE_MS, this.services.commit.started()).catch(() => undefined);
    await withTimeout(2 * GOODBYE_MS, this.services.store.close(written)).catch(() => undefined);
  }

  /** Stops like kill -9: nothing more is written, and the lease runs out. For tests. */
  kill(): void {
    this.isActive = false;
    this.tickTimer.stop();
    this.bell.stop();
    this.services.starter.use(undefined);
    this.services.commit.kill();
    this.lease.stop();
    this.loseAll();
  }

  grant(execution: StoredExecution): Types.ObjectId | undefined {
    const isRoom = this.isActive && !this.hasMore && this.load.size < MAX_RUNNING / 2;
    const { token } = this.lease;
    if (!isRoom || !token || this.load.of(execution) >= MAX_DIRECT) return undefined;
    this.load.promise(execution);
    return token;
  }

  started(execution: StoredExecution): void {
    const { engine, ready, dueAt } = execution;
    if (engine) this.begin(execution);
    else if (ready) this.wake();
    else if (dueAt) this.expect(dueAt);
  }

  begin(execution: StoredExecution, draft?: Draft): void {
    const { engine } = execution;
    if (engine && this.isActive && this.lease.isHeld(engine)) this.take(execution, draft);
  }

  /** Looks when an execution is due, if that is sooner than the next look. */
  private expect(dueAt: Date): void {
    const ms = dueAt.getTime() - this.services.clock.now().getTime();
    if (ms > REST_MS) return;
    if (this.isActive) this.tickTimer.schedule(Math.max(0, ms) + 1);
    else this.bell.ring();
  }

  /** Polls for due executions now; without an engine in this process, wakes the others. */
  wake(): void {
    if (!this.isActive) this.bell.ring();
    else if (this.isLooking) this.isWoken = true;
    else {
      this.isLooking = true;
      // What is claimed then is not the work of the request that woke the engine.
      requestContext.exit(() => setImmediate(() => void this.look()));
    }
  }

  /** Cancels an execution that runs in this process; other processes notice a cancellation within a second. */
  cancel(id: string): void {
    this.running.get(id)?.running?.stop('cancelled');
  }

  /** Takes over the executions of dead processes. */
  async sweepNow(): Promise<void> {
    const taken = await this.sweep.run((id) => this.running.has(id));
    this.sweptAt = performance.now();
    const isFreed = (taken > 0 || this.sweeps++ % SLOTS_EVERY === 0) && (await this.slots.sweep());
    if (taken > 0 || isFreed) this.wake();
  }

  /** Checks for cancelled and due executions. @returns the milliseconds until the next check */
  private async tick(): Promise<number> {
    try {
      const { token } = this.lease;
      if (token && this.running.size > 0) {
        const cancelled = { engine: token, cancel: true } as const;
        const found = this.services.store.executions.find(cancelled).limit(MAX_RUNNING).project({ _id: 1 });
        for (const { _id } of await found.toArray()) this.cancel(String(_id));
      }
      if (this.hasMore) this.bell.ring();
      const everyMs = this.sweep.hasSuspects ? SUSPECTS_MS : SWEEP_EVERY_MS;
      if (performance.now() - this.sweptAt > everyMs) await this.sweepNow();
      const dueMs = await this.claim.nextDueMs();
      if (dueMs > 0) {
        const isBusy = this.running.size > 0 || this.sweep.hasSuspects;
        return Math.min(Math.max(dueMs, TOGETHER_MS), isBusy ? LOOK_EVERY_MS : REST_MS);
      }
      this.wake();
      // Others may be due right after it.
      if (!this.hasMore) return TOGETHER_MS;
    } catch (error) {
      this.logger.warn({ event: 'execution_engine', reason: (error as Error).message });
    }
    return LOOK_EVERY_MS;
  }

  private async look(): Promise<void> {
    try {
      do {
        this.isWoken = false;
        const room = MAX_RUNNING - this.running.size;
        const { token } = this.lease;
        this.hasMore = room <= 0;
        if (room <= 0 || !token) break;
        this.services.failpoints.reach('claim:before');
        const { claimed, isFull, isFreed } = await this.claim.next(room, token);
        this.services.failpoints.reach('claim:after');
        this.hasMore = isFull;
        this.isWoken ||= isFreed;
        if (this.lease.isHeld(token)) for (const each of claimed) this.take(each);
      } while (this.isActive && (this.isWoken || this.hasMore) && this.running.size < MAX_RUNNING);
    } catch (error) {
      this.logger.warn({ event: 'execution_engine', reason: (error as Error).message });
    } finally {
      this.isLooking = false;
      this.tickTimer.schedule(LOOK_EVERY_MS);
    }
  }

  private take(execution: StoredExecution, draft?: Draft): void {
    const id = execution._id.toHexString();
    const entry: { running?: Running } = {};
    this.running.set(id, entry);
    this.load.begin(execution);
    this.tickTimer.schedule(LOOK_EVERY_MS);
    const lost = (): void => entry.running?.stop('lost');
    const begun = (running: Running): void => {
      entry.running = running;
      if (execution.cancel) running.stop('cancelled');
    };
    this.launcher
      .run(execution, draft, begun, lost)
      .catch((error: unknown): undefined => {
        if (isOutage(error)) this.sweep.spare(execution);
        this.logger.error({ event: 'execution_engine', err: error });
      })
      .then((ended) => {
        // Its next turn may be running already.
        if (this.running.get(id) === entry) this.running.delete(id);
        return this.left(execution, ended);
      })
      .catch((error: unknown) => this.logger.error({ event: 'execution_engine', err: error }));
  }

  private async left(execution: StoredExecution, ended: TurnResult | undefined): Promise<void> {
    this.load.end(execution);
    if (this.running.size === 0) this.whenEmpty?.();
    if (!ended) return;
    this.report(execution, ended);
    if (ended.dueAt) this.expect(ended.dueAt);
    const isParentNotified =
      isFinished(ended.status) && execution.parent ? await this.notifyParent(execution.parent) : false;
    const isFreed = execution.slot !== undefined && (await this.slots.freed(execution.slot));
    const isDueSoon = ended.status === 'queued' && ended.fault === undefined;
    if (isParentNotified || isFreed || isDueSoon || this.hasMore) this.wake();
  }

  /** Notifies the parent execution that one which it waits for is over. */
  async notifyParent({ _id, ownerId }: NonNullable<StoredExecution['parent']>): Promise<boolean> {
    const inc = { bell: 1 };
    const set = { dueAt: this.services.clock.now(), ready: true };
    const target = { _id, ownerId };
    // In this order: a parent that starts to wait in between gets the second.
    const notified = await Promise.all([
      this.services.commit.write(() => transition('ringBusy', 'same', target, { inc })),
      this.services.commit.write(() => transition('ring', 'queued', target, { inc, set })),
    ]);
    return notified.some(Boolean);
  }

  private report({ _id, type }: StoredExecution, { status, fault, error }: TurnResult): void {
    const executionId = _id.toHexString();
    this.metrics.count(type, status);
    this.watchers.changed(executionId);
    if (error !== undefined) this.logger.warn({ event: 'execution_error', executionId, type, err: error });
    if (status === 'failed') {
      this.events.record(ExecutionEvents.execution_failed, { executionId, type, code: fault?.code });
    } else if (status === 'needs-attention') {
      this.events.record(ExecutionEvents.execution_needs_attention, { executionId, type });
    }
  }

  private loseAll(): void {
    for (const { running } of this.running.values()) running?.stop('lost');
  }

  private emptied(graceMs: number): Promise<void> {
    if (this.running.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.whenEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
