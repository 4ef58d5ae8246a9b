import { Injectable } from '@nestjs/common';
import type { Types } from 'mongoose';
import { Commit } from '../store/commit.js';
import { ExecutionClock } from '../model/clock.js';
import type { StoredExecution } from '../model/execution.js';
import { ExecutorRegistry } from '../model/registry.js';
import { ExecutionStore } from '../store/execution-store.js';
import { transition } from '../model/transitions.js';

/** The fields of an execution that decide whether it can be claimed. */
export type Candidate = Pick<
  StoredExecution,
  '_id' | 'ownerId' | 'type' | 'version' | 'revision' | 'turn' | 'slot' | 'parked'
>;
/** Slots checked in a sweep. */
const MAX_SWEPT = 200;

/**
 * Enforces `concurrency` in the cluster. A slot is an executor, or an executor and a key; each running execution has a
 * place in it, which a unique index gives out once. Those without a place are parked until one is freed.
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

  /** A free place for each candidate that needs one, by its id; `full` if there is none. */
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

  /** Unparks the next execution after a place was freed. */
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

  /** Unparks executions that were not told, because the process that freed the place was killed. */
  async sweep(): Promise<boolean> {
    const parked = (await this.store.executions.distinct('parked', {
      parked: { $exists: true },
    })) as string[];
    return this.recheck(parked.slice(0, MAX_SWEPT));
  }

  /** Unparks executions of slots that have places again: one may have been freed just before they were parked. */
  async recheck(slots: readonly string[]): Promise<boolean> {
    if (slots.length === 0) return false;
    const taken = await this.taken(slots);
    // One query for all of them: claims wait for it, and most slots are still full.
    const open = [...new Set(slots)].filter((slot) => (taken.get(slot)?.size ?? 0) < this.limitOf(slot));
    const freed = await Promise.all(open.map((slot) => this.freed(slot)));
    return freed.some(Boolean);
  }

  /** The number of places in a slot; 0 if this process does not know its executor. */
  private limitOf(slot: string): number {
    const [type = ''] = slot.split(':', 1);
    return this.registry.find(type)?.limit ?? 0;
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
