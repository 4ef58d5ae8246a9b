import { setTimeout } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, type mongo, Types } from 'mongoose';
import { sessionOf, type Transaction } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { FileEvents } from './file.events.js';
import { FileStore, FileStoreError } from './file-store.js';

/** How often to look for abandoned bytes, in milliseconds. */
const SWEEP_MS = 60_000;
/** How often an upload renews its note, in milliseconds. */
const RENEW_MS = 20_000;
/** How long a request waits for the removal of bytes, in milliseconds. */
const PATIENCE_MS = 1_000;
/** The process of an upload that has not renewed its note for this long is dead, in milliseconds. */
const SILENT_MS = 90_000;

/** A note about bytes that do not belong to a file, yet or any more. */
interface LooseContent {
  /** The key of the content. */
  readonly _id: Types.ObjectId;
  readonly state: 'arriving' | 'leaving';
  /** While arriving: the last renewal. When to be removed: the earliest time for that. */
  readonly at: Date;
}

/**
 * Keeps bytes and records consistent even after crashes. The key of every content in the store is either in a file's
 * record or noted here: the note is written before the first byte, removed in the transaction that creates the record,
 * and written again in the one that deletes it. So the store never has to be listed.
 */
@Injectable()
export class OrphanedContents implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly arriving = new Map<string, Types.ObjectId>();
  private sweeping: NodeJS.Timeout | undefined;
  private renewing: NodeJS.Timeout | undefined;
  private current: Promise<void> | undefined;

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly store: FileStore,
    private readonly events: DomainEvents,
  ) {}

  onApplicationBootstrap(): void {
    this.sweepSoon();
    this.sweeping = setInterval(() => this.sweepSoon(), SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeping);
    clearInterval(this.renewing);
  }

  /** Notes a content that is about to be written, and returns its key. */
  async begin(): Promise<string> {
    const _id = new Types.ObjectId();
    await this.notes.insertOne({ _id, state: 'arriving', at: new Date() });
    const key = _id.toHexString();
    this.arriving.set(key, _id);
    this.renewing ??= setInterval(() => void this.renew().catch(() => undefined), RENEW_MS).unref();
    return key;
  }

  /** Notes a key under which clients may write until a time. The bytes are removed afterwards. */
  async lend(key: string, until: Date, transaction: Transaction): Promise<void> {
    const note = { _id: new Types.ObjectId(key), state: 'leaving', at: until } as const;
    await this.notes.insertOne(note, sessionOf(transaction));
  }

  /**
   * Assigns the content to a file, in the transaction that creates its record.
   * @throws ApiError REQUEST_TIMEOUT if it has been given up in the meantime
   */
  async take(key: string, { session }: Transaction): Promise<void> {
    const mine = { _id: new Types.ObjectId(key), state: 'arriving' } as const;
    const { deletedCount } = await this.notes.deleteOne(mine, { session });
    if (deletedCount === 0) throw apiError('REQUEST_TIMEOUT');
  }

  /** Call it once `take` has been committed. */
  settle(key: string): void {
    this.arriving.delete(key);
    if (this.arriving.size > 0) return;
    clearInterval(this.renewing);
    this.renewing = undefined;
  }

  /**
   * Removes a content unless it has been assigned to a file. If that fails, a sweep will do it; if the store is slow, it
   * goes on in the background.
   */
  async discard(key: string): Promise<void> {
    this.settle(key);
    await Promise.race([this.removeUnlessTaken(key), setTimeout(PATIENCE_MS, undefined, { ref: false })]);
  }

  private async removeUnlessTaken(key: string): Promise<void> {
    try {
      const _id = new Types.ObjectId(key);
      // Waits for a transaction that may still assign it.
      const { matchedCount } = await this.notes.updateOne({ _id }, { $set: { state: 'leaving' } });
      if (matchedCount > 0) await this.remove(_id);
    } catch (error) {
      this.logFailure(error);
    }
  }

  /** Notes contents whose records are about to be deleted. Idempotent. */
  async release(keys: readonly string[], transaction?: Transaction): Promise<void> {
    if (keys.length === 0) return;
    const at = new Date();
    const notes = keys.map((key) => ({
      replaceOne: {
        filter: { _id: new Types.ObjectId(key) },
        replacement: { state: 'leaving', at } as const,
        upsert: true,
      },
    }));
    await this.notes.bulkWrite(notes, { ordered: true, ...sessionOf(transaction) });
  }

  /** One sweep at a time: those of a slow store would pile up. */
  sweepSoon(): void {
    this.current ??= this.sweep()
      .catch((error: unknown) => this.logFailure(error))
      .finally(() => (this.current = undefined));
  }

  /**
   * Removes bytes that belong to no file and that no process is receiving.
   * @throws FileStoreError after the rest, if the store does not remove some of them
   */
  async sweep(): Promise<void> {
    const silent = new Date(Date.now() - SILENT_MS);
    const failed: unknown[] = [];
    let count = 0;
    for await (const { _id, state, at } of this.notes.find({}).sort({ _id: 1 })) {
      if (state === 'arriving') {
        if (at > silent) continue;
        // Either this or the upload, if it is still running, gets the note first.
        const { matchedCount } = await this.notes.updateOne({ _id, at }, { $set: { state: 'leaving' } });
        if (matchedCount === 0) continue;
      } else if (at > new Date()) {
        continue;
      }
      try {
        await this.remove(_id);
        count += 1;
      } catch (error) {
        failed.push(error);
      }
    }
    if (count > 0) this.events.record(FileEvents.loose_contents_removed, { count });
    if (failed.length > 0) throw failed[0];
  }

  /** Logs why an operation of the store failed. */
  logFailure(error: unknown): void {
    if (!(error instanceof FileStoreError)) return;
    this.events.record(FileEvents.file_storage_failed, { reason: error.reason });
  }

  /** The note is removed last, so that the removal is repeated until it succeeds. */
  private async remove(_id: Types.ObjectId): Promise<void> {
    await this.store.remove(_id.toHexString());
    await this.notes.deleteOne({ _id });
  }

  private async renew(): Promise<void> {
    const ids = [...this.arriving.values()];
    await this.notes.updateMany({ _id: { $in: ids }, state: 'arriving' }, { $set: { at: new Date() } });
  }

  private get notes(): mongo.Collection<LooseContent> {
    return this.connection.collection<LooseContent>('loose_contents');
  }
}
