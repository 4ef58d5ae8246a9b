import { Injectable } from '@nestjs/common';
import type { Types } from 'mongoose';
import { DomainEvents } from '../../logging/events.js';
import { ExecutionClock } from '../model/clock.js';
import { Commit } from '../store/commit.js';
import type { StoredExecution } from '../model/execution.js';
import { ExecutionEvents } from '../model/execution.events.js';
import { Failpoints } from '../model/failpoints.js';
import { Lease } from '../store/lease.js';
import { DEFAULT_ATTEMPTS } from '../model/retries.js';
import { ExecutorRegistry } from '../model/registry.js';
import { finishing } from '../model/turn-result.js';
import { ExecutionStore } from '../store/execution-store.js';
import { type Statement, transition } from '../model/transitions.js';

/** Executions taken over at a time. */
const BATCH = 1_000;

type Abandoned = Pick<StoredExecution, '_id' | 'ownerId' | 'type' | 'turn' | 'open' | 'crashes' | 'engine'>;
/** A turn of an execution. */
type TurnKey = `${string} ${number}`;

const keyOf = ({ _id, turn }: Pick<StoredExecution, '_id' | 'turn'>): TurnKey =>
  `${_id.toHexString()} ${turn}`;

const FIELDS = { ownerId: 1, type: 1, turn: 1, open: 1, crashes: 1, engine: 1 } as const;

/** Takes over executions of dead processes, repeatedly, because a dead process's write may arrive late. */
@Injectable()
export class Sweep {
  /** Executions that this process held without running them at the previous sweep. */
  private suspects = new Set<TurnKey>();
  /** Turns that ended here because the database did not answer. */
  private readonly spared = new Set<TurnKey>();

  constructor(
    private readonly store: ExecutionStore,
    private readonly lease: Lease,
    private readonly commit: Commit,
    private readonly clock: ExecutionClock,
    private readonly registry: ExecutorRegistry,
    private readonly events: DomainEvents,
    private readonly failpoints: Failpoints,
  ) {}

  /** Whether it will be known at the next sweep what to take over. */
  get hasSuspects(): boolean {
    return this.suspects.size > 0;
  }

  /** The turn ended because the database did not answer: taking it over does not count as a crash. */
  spare(execution: StoredExecution): void {
    this.spared.add(keyOf(execution));
  }

  /** Returns how many were taken over. `isRunning` tells whether an execution runs in this process. */
  async run(isRunning: (id: string) => boolean): Promise<number> {
    const holders = (await this.store.executions.distinct('engine', {
      engine: { $exists: true },
    })) as Types.ObjectId[];
    if (holders.length === 0) return 0;
    // Leases are read after the executions that name them, and never come back: a process without one is dead.
    const alive = await this.lease.alive(holders);
    const dead = holders.filter((each) => !alive.has(each.toHexString()));
    const abandoned = dead.length > 0 ? await this.heldBy({ $in: dead }) : [];
    const all = [...abandoned, ...(await this.forgotten(isRunning))];
    if (all.length === 0) return 0;
    this.failpoints.reach('takeover:before');
    const done = await Promise.all(all.map((each) => this.commit.write(() => this.takeOver(each))));
    this.failpoints.reach('takeover:after');
    for (const each of all) this.spared.delete(keyOf(each));
    const count = done.filter(Boolean).length;
    if (count > 0) this.events.record(ExecutionEvents.executions_taken_over, { count });
    return count;
  }

  /** Held by this process, but not running in two consecutive sweeps, so not just about to begin. */
  private async forgotten(isRunning: (id: string) => boolean): Promise<Abandoned[]> {
    const { token } = this.lease;
    const held = token ? await this.heldBy(token) : [];
    const idle = held.filter(({ _id }) => !isRunning(_id.toHexString()));
    const before = this.suspects;
    this.suspects = new Set(idle.map(keyOf));
    if (held.length === 0) this.spared.clear();
    return idle.filter((each) => before.has(keyOf(each)));
  }

  private takeOver(abandoned: Abandoned): Statement {
    const { _id, ownerId, turn, engine, open, crashes, type } = abandoned;
    const target = { _id, ownerId, turn, ...(engine && { engine }) };
    const isSpared = this.spared.has(keyOf(abandoned));
    const inc = { crashes: isSpared ? 0 : 1 };
    if (open.length > 0) return transition('takeOver', 'needs-attention', target, { inc });
    const now = this.clock.now();
    if (!isSpared && crashes + 1 >= (this.registry.find(type)?.attempts ?? DEFAULT_ATTEMPTS)) {
      const error = {
        code: 'CRASHED',
        message: `The process ended each of the ${crashes + 1} times that it ran`,
      };
      return transition('takeOver', 'failed', target, { inc, set: { ...finishing('failed', now), error } });
    }
    return transition('takeOver', 'queued', target, { inc, set: { dueAt: now, ready: true } });
  }

  private heldBy(engine: Types.ObjectId | { readonly $in: Types.ObjectId[] }): Promise<Abandoned[]> {
    return this.store.executions.find({ engine }).limit(BATCH).project<Abandoned>(FIELDS).toArray();
  }
}
