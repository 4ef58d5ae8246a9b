import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { Types } from 'mongoose';
import { DomainEvents } from '../../logging/events.js';
import { ReschedulingTimer } from '../model/rescheduling-timer.js';
import { ExecutionClock } from '../model/clock.js';
import { ExecutionEvents } from '../model/execution.events.js';
import { ExecutionStore } from './execution-store.js';

/** How long a process may go without renewing before others take over its executions, in milliseconds. */
export const LEASE_MS = 10_000;
/** A process stops trusting its lease this much earlier: the clocks of a replica set agree within a second. */
const MARGIN_MS = 1_000;

interface LeaseDocument {
  readonly _id: Types.ObjectId;
  readonly until: Date;
  readonly at: Date;
}

/** The lease of this process, by the database's clock. Every write of an execution that it runs carries its token. */
@Injectable()
export class Lease {
  private held: Types.ObjectId | undefined;
  /** On the clock of `performance`, so that a process that was stopped no longer trusts its lease. */
  private validUntil = -Infinity;
  private readonly listeners = new Set<() => void>();
  private readonly renewTimer = new ReschedulingTimer(() => this.keep());

  constructor(
    private readonly store: ExecutionStore,
    private readonly clock: ExecutionClock,
    private readonly events: DomainEvents,
    private readonly logger: PinoLogger,
  ) {}

  /** The token, while the lease is trusted. */
  get token(): Types.ObjectId | undefined {
    return performance.now() < this.validUntil ? this.held : undefined;
  }

  /** Whether a token is that of this process. */
  isHeld(token: Types.ObjectId): boolean {
    return this.token?.equals(token) ?? false;
  }

  /** Called when work that was begun under a lease must stop. */
  onLost(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Takes a lease and keeps renewing it. @returns the milliseconds until the first renewal */
  async keep(): Promise<number> {
    const startedAt = performance.now();
    await this.renew();
    const ms = Math.max(0, LEASE_MS / 3 - (performance.now() - startedAt));
    this.renewTimer.schedule(ms);
    return ms;
  }

  /** Stops renewing it. */
  stop(): void {
    this.renewTimer.stop();
  }

  /** Renews the lease, or takes a new one if there is none or it was lost. */
  async renew(): Promise<void> {
    try {
      if (this.held && !(await this.extend(this.held, { $expr: { $gt: ['$until', '$$NOW'] } }))) this.lose();
    } catch (error) {
      // The next attempt comes before the lease runs out.
      this.logger.warn({ event: 'execution_engine', reason: (error as Error).message });
    }
    if (this.held && !this.token) this.lose();
    if (!this.held) await this.take();
  }

  async giveUp(): Promise<void> {
    this.stop();
    const { held } = this;
    this.held = undefined;
    this.validUntil = -Infinity;
    if (held) await this.collection.deleteOne({ _id: held });
  }

  private async take(): Promise<void> {
    const token = new Types.ObjectId();
    if (await this.extend(token, {}, true).catch(() => false)) this.held = token;
  }

  private lose(): void {
    this.held = undefined;
    this.validUntil = -Infinity;
    this.events.record(ExecutionEvents.execution_lease_lost, {});
    for (const listener of this.listeners) listener();
  }

  private async extend(token: Types.ObjectId, where: object, upsert = false): Promise<boolean> {
    const sentAt = performance.now();
    const lease = await this.collection.findOneAndUpdate(
      { _id: token, ...where },
      [{ $set: { until: { $add: ['$$NOW', LEASE_MS] }, at: '$$NOW' } }],
      { upsert, returnDocument: 'after' },
    );
    if (!lease) return false;
    this.validUntil = sentAt + LEASE_MS - MARGIN_MS;
    const drift = this.clock.learn(lease.at, (sentAt + performance.now()) / 2);
    if (!upsert && Math.abs(drift) > MARGIN_MS) {
      this.events.record(ExecutionEvents.execution_clock_jumped, { ms: Math.round(drift) });
    }
    return true;
  }

  /** The tokens whose processes are alive. */
  async alive(tokens: readonly Types.ObjectId[]): Promise<ReadonlySet<string>> {
    const leases = await this.collection
      .find({ _id: { $in: [...tokens] }, $expr: { $gt: ['$until', '$$NOW'] } })
      .project<{ _id: Types.ObjectId }>({ _id: 1 })
      .toArray();
    return new Set(leases.map(({ _id }) => _id.toHexString()));
  }

  private get collection() {
    return this.store.db.collection<LeaseDocument>('execution_engines');
  }
}
