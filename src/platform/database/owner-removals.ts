import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, type mongo, Types } from 'mongoose';
import { DomainEvents } from '../logging/events.js';
import { OwnedRecords } from './owned-records.js';
import { sessionOf, type Transaction } from './transactions.js';

/** What an owner's requests that were under way have written is there by then, whichever process they were in. */
export const LATE_MS = 5_000;
const RETRY_MS = 1_000;

/** What a feature does when an owner goes. */
type Farewell = (owner: string, transaction: Transaction) => Promise<void>;

/**
 * Removes what belongs to an owner who is gone, however much that is and whatever becomes of the process: it is noted
 * with the owner's own removal, and the next start goes on with what a process has left.
 */
@Injectable()
export class OwnerRemovals implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly end = new AbortController();
  private readonly farewells: Farewell[] = [];

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

  /** Has work done in each transaction that removes an owner, which an error prevents. */
  before(farewell: Farewell): void {
    this.farewells.push(farewell);
  }

  /** Notes in the transaction that removes the owner that its records are to follow. */
  async note(owner: string, transaction: Transaction): Promise<void> {
    for (const farewell of this.farewells) await farewell(owner, transaction);
    const note = { _id: new Types.ObjectId(owner) };
    await this.notes.replaceOne(note, {}, { upsert: true, ...sessionOf(transaction) });
  }

  /** Resolves when the records are removed that are there now. What comes late is removed afterwards. */
  async finish(owner: string): Promise<void> {
    const count = await this.remove(owner);
    if (count === undefined) return;
    this.events.record('records_removed', { ownerId: owner, count });
    void this.removeLate(owner);
  }

  /** Removes what has come since, to be called `LATE_MS` later: nothing more comes then. */
  async complete(owner: string): Promise<void> {
    if ((await this.remove(owner)) === undefined) return;
    await this.notes.deleteOne({ _id: new Types.ObjectId(owner) });
  }

  private async removeLate(owner: string): Promise<void> {
    if (await this.pause(LATE_MS)) await this.complete(owner).catch(() => undefined);
  }

  /** How many those were; undefined when the process ends before it is done. */
  private async remove(owner: string): Promise<number | undefined> {
    for (;;) {
      try {
        return await this.owned.removeAllOf(owner);
      } catch {
        // The database is away, which others tell of.
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
