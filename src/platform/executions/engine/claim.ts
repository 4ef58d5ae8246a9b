import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import type { mongo } from 'mongoose';
import { Types } from 'mongoose';
import { ExecutionClock } from '../model/clock.js';
import type { StoredExecution } from '../model/execution.js';
import { ExecutorRegistry } from '../model/registry.js';
import { type Candidate, Slots } from './slots.js';
import { ExecutionStore } from '../store/execution-store.js';
import { type Statement, type Target, transition } from '../model/transitions.js';

/** Executions of one owner that are claimed before the next owner's turn. */
const FEW = 4;
/** Owners considered at a time while many executions wait. */
const MAX_OWNERS = 16;
/** After this time an execution of an unknown type, or of a newer version, is claimed again, in milliseconds. */
const UNKNOWN_MS = 30_000;

const FIELDS = { ownerId: 1, type: 1, version: 1, revision: 1, turn: 1, slot: 1, parked: 1 } as const;

const READY_ORDER = { ready: 1, ownerId: 1, dueAt: 1 } as const;

interface Claimed {
  readonly claimed: StoredExecution[];
  /** More may be due. */
  readonly isFull: boolean;
  /** A place of a slot became free meanwhile. */
  readonly isFreed: boolean;
}

/** Claims due executions, with owners taking turns. */
@Injectable()
export class Claim {
  /** The owner who had the last turn. */
  private place: Types.ObjectId | null = null;
  private readonly unknown = new Set<string>();

  constructor(
    private readonly store: ExecutionStore,
    private readonly clock: ExecutionClock,
    private readonly registry: ExecutorRegistry,
    private readonly slots: Slots,
    private readonly logger: PinoLogger,
  ) {}

  /** Claims at most `room` executions. */
  async next(room: number, engine: Types.ObjectId): Promise<Claimed> {
    const now = this.clock.now();
    const oldest = await this.find({ dueAt: { $lte: now } }, { dueAt: 1 }, room);
    const isFull = oldest.length === room;
    const candidates = isFull ? await this.fairly(oldest, now, room) : oldest;
    if (candidates.length === 0) return { claimed: [], isFull, isFreed: false };
    const stamp = new Types.ObjectId();
    const statements = await this.statements(candidates, engine, now);
    await this.store.write(statements, stamp);
    // Not by the stamp, which changes when the execution is rung. Nobody else writes with this lease.
    const turns = new Map(candidates.map(({ _id, turn }) => [_id.toHexString(), turn + 1]));
    const ids = candidates.map(({ _id }) => _id);
    const parked = statements.flatMap(({ u }) => (u.$set['parked'] as string | undefined) ?? []);
    const [held, isFreed] = await Promise.all([this.store.heldBy(engine, ids), this.slots.recheck(parked)]);
    const claimed = held.filter(({ _id, turn }) => turns.get(_id.toHexString()) === turn);
    return { claimed, isFull, isFreed };
  }

  /** The milliseconds until the next one is due; 0 or less if one is. */
  async nextDueMs(): Promise<number> {
    const [next] = await this.store.executions
      .find({ dueAt: { $exists: true } }, { sort: { dueAt: 1 }, limit: 1 })
      .project<{ dueAt: Date }>({ _id: 0, dueAt: 1 })
      .toArray();
    return next ? Math.ceil(next.dueAt.getTime() - this.clock.now().getTime()) : Infinity;
  }

  private async statements(
    candidates: readonly Candidate[],
    engine: Types.ObjectId,
    now: Date,
  ): Promise<Statement[]> {
    const places = await this.slots.placesFor(candidates);
    return candidates.map((each) => {
      const { _id, ownerId, revision, turn, slot } = each;
      const target: Target = { _id, ownerId, revision };
      if (!this.isKnown(each)) return this.defer(target, each);
      const place = places.get(_id.toHexString());
      if (place === 'full') {
        return transition('park', 'queued', target, { set: { parked: slot }, unset: ['dueAt', 'ready'] });
      }
      // A ring in between must not prevent it from running.
      return transition(
        'claim',
        'running',
        { _id, ownerId, turn },
        {
          where: { dueAt: { $lte: now } },
          set: { engine, startedAt: now, ...(place !== undefined && { place }) },
          inc: { turn: 1 },
        },
      );
    });
  }

  /** While a new release is being rolled out, its processes start what those of the old one do not know. */
  private isKnown({ type, version }: Candidate): boolean {
    const definition = this.registry.find(type);
    return definition !== undefined && version <= definition.version;
  }

  /** Leaves it to other processes: a newer one may know its executor. */
  private defer(target: Target, { type, version }: Candidate): Statement {
    const name = `${type} ${version}`;
    if (!this.unknown.has(name)) {
      this.unknown.add(name);
      this.logger.warn({ event: 'execution_type_unknown', type, version });
    }
    return transition('defer', 'same', target, {
      set: { dueAt: this.clock.in(UNKNOWN_MS) },
      unset: ['ready'],
    });
  }

  /** Some executions of further owners first, starting after the last owner served; then the oldest. */
  private async fairly(oldest: readonly Candidate[], now: Date, room: number): Promise<Candidate[]> {
    const chosen = new Map<string, Candidate>();
    for (let owners = 0; owners < MAX_OWNERS && chosen.size < room / 2; owners++) {
      const due = { ready: true as const, dueAt: { $lte: now } };
      const behind = this.place === null ? {} : { ownerId: { $gt: this.place } };
      const found = await this.find({ ...due, ...behind }, READY_ORDER, FEW);
      const [first] = found;
      if (!first) {
        if (this.place === null) break;
        // Wrap around to the first owner.
        this.place = null;
        continue;
      }
      this.place = found.at(-1)?.ownerId ?? new Types.ObjectId('000000000000000000000000');
      const isKnown = chosen.has(first._id.toHexString());
      for (const each of found) chosen.set(each._id.toHexString(), each);
      if (isKnown) break;
    }
    for (const each of oldest) if (chosen.size < room) chosen.set(each._id.toHexString(), each);
    return [...chosen.values()];
  }

  private find(
    filter: mongo.Filter<StoredExecution>,
    sort: Readonly<Record<string, 1>>,
    limit: number,
  ): Promise<Candidate[]> {
    return this.store.executions.find(filter, { sort, limit }).project<Candidate>(FIELDS).toArray();
  }
}
