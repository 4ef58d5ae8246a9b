import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, type mongo, Types } from 'mongoose';
import { sessionOf, type Transaction } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { FileEvents } from './file.events.js';
import { FileStore, FileStoreError } from './file-store.js';

/** How often what was left behind is looked for. */
const SWEEP_MS = 60_000;
/** How often an upload says that it is still arriving. */
const RENEW_MS = 20_000;
/** An upload that has said nothing for so long has no process any more. */
const SILENT_MS = 90_000;

/** Bytes that no file holds: yet, or any more. */
interface LooseContent {
  /** The key of the content. */
  readonly _id: Types.ObjectId;
  readonly state: 'arriving' | 'leaving';
  /** Of an arriving one: when its process said so last. Of one that leaves: from when on it may be removed. */
  readonly at: Date;
}

/**
 * Keeps bytes and records in agreement whatever becomes of the process. The key of every content in the store is in a
 * file's record or noted here: noted before the first byte is written, taken off in the transaction that makes the
 * record, noted again in the one that deletes it. So the store never has to be listed.
 */
@Injectable()
export class LooseContents implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly arriving = new Map<string, Types.ObjectId>();
  private sweeping: NodeJS.Timeout | undefined;
  private renewing: NodeJS.Timeout | undefined;

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

  /** Notes a content that is about to be written, and answers its key. */
  async begin(): Promise<string> {
    const _id = new Types.ObjectId();
    await this.notes.insertOne({ _id, state: 'arriving', at: new Date() });
    const key = _id.toHexString();
    this.arriving.set(key, _id);
    this.renewing ??= setInterval(() => void this.renew().catch(() => undefined), RENEW_MS).unref();
    return key;
  }

  /** Notes a key below which others may write until then: whatever they write is removed afterwards. */
  async lend(key: string, until: Date, transaction: Transaction): Promise<void> {
    const note = { _id: new Types.ObjectId(key), state: 'leaving', at: until } as const;
    await this.notes.insertOne(note, sessionOf(transaction));
  }

  /**
   * A file takes the content, in the transaction that makes its record.
   * @throws ApiError REQUEST_TIMEOUT when it was given up meanwhile
   */
  async take(key: string, { session }: Transaction): Promise<void> {
    const mine = { _id: new Types.ObjectId(key), state: 'arriving' } as const;
    const { deletedCount } = await this.notes.deleteOne(mine, { session });
    if (deletedCount === 0) throw apiError('REQUEST_TIMEOUT');
  }

  /** The content was taken: `take` was committed. */
  settle(key: string): void {
    this.arriving.delete(key);
    if (this.arriving.size > 0) return;
    clearInterval(this.renewing);
    this.renewing = undefined;
  }

  /** Removes a content unless a file has taken it. What fails is done by a sweep. */
  async discard(key: string): Promise<void> {
    this.settle(key);
    try {
      const _id = new Types.ObjectId(key);
      // Waits for a transaction that may still take it.
      const { matchedCount } = await this.notes.updateOne({ _id }, { $set: { state: 'leaving' } });
      if (matchedCount > 0) await this.remove(_id);
    } catch (error) {
      this.tell(error);
    }
  }

  /** Notes contents whose records are about to be deleted. May be done again. */
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

  sweepSoon(): void {
    void this.sweep().catch((error: unknown) => this.tell(error));
  }

  /** Removes the bytes that no file holds, and that no process is receiving. */
  async sweep(): Promise<void> {
    const silent = new Date(Date.now() - SILENT_MS);
    let count = 0;
    for await (const { _id, state, at } of this.notes.find({}).sort({ _id: 1 })) {
      if (state === 'arriving') {
        if (at > silent) continue;
        // Whoever is first has it: the upload, if it goes on, or this.
        const { matchedCount } = await this.notes.updateOne({ _id, at }, { $set: { state: 'leaving' } });
        if (matchedCount === 0) continue;
      } else if (at > new Date()) {
        continue;
      }
      await this.remove(_id);
      count += 1;
    }
    if (count > 0) this.events.record(FileEvents.loose_contents_removed, { count });
  }

  /** Tells the log why the store could not do something. */
  tell(error: unknown): void {
    if (!(error instanceof FileStoreError)) return;
    this.events.record(FileEvents.file_storage_failed, { reason: error.reason });
  }

  /** The note goes last: as long as it is there, this is done again. */
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
