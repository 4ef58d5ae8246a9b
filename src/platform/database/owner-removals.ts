import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, type mongo, Types } from 'mongoose';
import { DomainEvents } from '../logging/events.js';
import { OwnedRecords } from './owned-records.js';
import { sessionOf, type Transaction } from './transactions.js';

/** After this time, in milliseconds, requests of the owner that were in progress have finished in every process. */
export const LATE_MS = 5_000;
const RETRY_MS = 1_000;

/** What a feature does when an owner is removed. */
type RemovalHook = (owner: string, transaction: Transaction) => Promise<void>;

/**
 * Removes the records of a deleted owner, however many there are. A note is written in the transaction that deletes the
 * owner, so that the next start continues if the process is killed.
 */
@Injectable()
export class OwnerRemovals implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly end = new AbortController();
  private readonly hooks: RemovalHook[] = [];

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly owned: OwnedRecords,
    private readonly events: DomainEvents,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const left = await this.notes.find({}).sort({ _id: 1 }).toArray();
    for (const { _id } of left) void this.finish(_id.toHexString());
  }

  onApplicationShutdown(): void {
    this.end.abort();
  }

  /** Registers work for each transaction that removes an owner. An error prevents the removal. */
  before(hook: RemovalHook): void {
    this.hooks.push(hook);
  }

  /** Notes, in the transaction that removes the owner, that its records must be removed. */
  async note(owner: string, transaction: Transaction): Promise<void> {
    for (const hook of this.hooks) await hook(owner, transaction);
    const note = { _id: new Types.ObjectId(owner) };
    await this.notes.replaceOne(note, {}, { upsert: true, ...sessionOf(transaction) });
  }

  /** Resolves once all current records are removed. Late ones are removed afterwards. */
  async finish(owner: string): Promise<void> {
    const count = await this.remove(owner);
    if (count === undefined) return;
    this.events.record('records_removed', { ownerId: owner, count });
    void this.removeLate(owner);
  }

  /** Removes records written since. Call it `LATE_MS` later, when no more can arrive. */
  async complete(owner: string): Promise<void> {
    if ((await this.remove(owner)) === undefined) return;
    await this.notes.deleteOne({ _id: new Types.ObjectId(owner) });
  }

  private async removeLate(owner: string): Promise<void> {
    if (await this.pause(LATE_MS)) await this.complete(owner).catch(() => undefined);
  }

  /** The number of removed records; undefined if the process ends first. */
  private async remove(owner: string): Promise<number | undefined> {
    for (;;) {
      try {
        return await this.owned.removeAllOf(owner);
      } catch {
        // The database is unavailable, which is logged elsewhere.
        if (!(await this.pause(RETRY_MS))) return undefined;
      }
    }
  }

  private pause(ms: number): Promise<boolean> {
    const { signal } = this.end;
    return sleep(ms, true, { ref: false, signal }).catch(() => false);
  }

  private get notes(): mongo.Collection<{ _id: Types.ObjectId }> {
    return this.connection.collection<{ _id: Types.ObjectId }>('owner_removals');
  }
}
