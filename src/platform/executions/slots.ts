import { Injectable } from '@nestjs/common';
import type { Types } from 'mongoose';
import { Commit } from './commit.js';
import { ExecutionClock } from './clock.js';
import type { StoredExecution } from './execution.js';
import { ExecutorRegistry } from './registry.js';
import { ExecutionStore } from './store.js';
import { transition } from './transitions.js';

/** What of an execution says whether it can be claimed. */
export type Candidate = Pick<
  StoredExecution,
  '_id' | 'ownerId' | 'type' | 'revision' | 'turn' | 'slot' | 'parked'
>;
/** Slots that are looked at in a sweep. */
const MAX_SWEPT = 200;

/**
 * Lets few executions of an executor, or with the same key, run at a time in the cluster. Each that runs has a place,
 * which a unique index gives once; those without one are parked until somebody leaves.
 */
@Injectable()
export class Slots {
  /** The owner who got the last place of a slot. */
  private readonly turns = new Map<string, Types.ObjectId | null>();

  constructor(
    private readonly store: ExecutionStore,
    private readonly registry: ExecutorRegistry,
    private readonly clock: ExecutionClock,
    private readonly commit: Commit,
  ) {}

  /** A place for each candidate that needs one, by its id, or that there is none. */
  async placesFor(candidates: readonly Candidate[]): Promise<ReadonlyMap<string, number | 'full'>> {
    const places = new Map<string, number | 'full'>();
    const slots = new Set(candidates.flatMap(({ slot }) => (slot === undefined ? [] : [slot])));
    if (slots.size === 0) return places;
    const taken = await this.taken([...slots]);
    for (const { _id, slot, type } of candidates) {
      const limit = this.registry.find(type)?.limit;
      if (slot === undefined || limit === undefined) continue;
      const others = taken.get(slot) ?? new Set();
      taken.set(slot, others);
      const place = Array.from({ length: limit }, (_, at) => at).find((at) => !others.has(at));
      places.set(_id.toHexString(), place ?? 'full');
      if (place !== undefined) others.add(place);
    }
    return places;
  }

  /** Somebody has left a slot: whose turn is it? */
  async freed(slot: string): Promise<boolean> {
    const last = this.turns.get(slot) ?? null;
    const next = (last && (await this.firstParked(slot, last))) || (await this.firstParked(slot));
    if (!next) {
      this.turns.delete(slot);
      return false;
    }
    const { _id, ownerId, revision } = next;
    this.turns.set(slot, ownerId);
    const set = { dueAt: this.clock.now(), ready: true };
    return this.commit.write(() =>
      transition('unpark', 'queued', { _id, ownerId, revision }, { set, unset: ['parked'] }),
    );
  }

  /** Those whose turn nobody told: the process that left the slot was killed before. */
  async sweep(): Promise<boolean> {
    const parked = (await this.store.executions.distinct('parked', {
      parked: { $exists: true },
    })) as string[];
    return this.recheck(parked.slice(0, MAX_SWEPT));
  }

  /** Whether there are places now in some slots that had none: who left before others were parked told nobody. */
  async recheck(slots: readonly string[]): Promise<boolean> {
    if (slots.length === 0) return false;
    const taken = await this.taken(slots);
    let isAny = false;
    for (const slot of new Set(slots)) {
      const first = await this.firstParked(slot);
      const limit = first && this.registry.find(first.type)?.limit;
      if (limit !== undefined && limit !== null && (taken.get(slot)?.size ?? 0) < limit) {
        isAny = (await this.freed(slot)) || isAny;
      }
    }
    return isAny;
  }

  private async taken(slots: readonly string[]): Promise<Map<string, Set<number>>> {
    const running = await this.store.executions
      .find({ slot: { $in: [...slots] }, place: { $exists: true } })
      .project<{ slot: string; place: number }>({ _id: 0, slot: 1, place: 1 })
      .toArray();
    const places = Map.groupBy(running, ({ slot }) => slot);
    return new Map([...places].map(([slot, all]) => [slot, new Set(all.map(({ place }) => place))]));
  }

  private async firstParked(slot: string, after?: Types.ObjectId): Promise<Candidate | undefined> {
    const [first] = await this.store.executions
      .find({ parked: slot, ...(after && { ownerId: { $gt: after } }) })
      .sort({ parked: 1, ownerId: 1, createdAt: 1 })
      .limit(1)
      .project<Candidate>({ ownerId: 1, type: 1, revision: 1 })
      .toArray();
    return first;
  }
}
