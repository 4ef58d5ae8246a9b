import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import type { Readable } from 'node:stream';
import { ownerIn, type Scope, SYSTEM } from '../../platform/access/caller.js';
import { driverCollection } from '../../platform/database/driver.js';
import { References } from '../../platform/database/references.js';
import { OwnedRecords } from '../../platform/database/owned-records.js';
import type { Records } from '../../platform/database/records.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { ApiError, apiError } from '../../platform/errors/errors.js';
import type { Once } from '../../platform/idempotency/once.js';
import type { Page } from '../../platform/validation/page-query.js';
import { NO_PRECONDITION } from '../../platform/validation/precondition.js';
import type { ListFilesQuery } from './file.dto.js';
import { FileErrors } from './file.errors.js';
import { FileRights } from './file-rights.js';
import { files, type ReadyFile, StoredFile, type StoredPicture } from './file.schema.js';
import { type ByteRange, FileStore } from './file-store.js';
import { FilesConfig } from './files.config.js';
import { OrphanedContents } from './orphaned-contents.js';
import { answerable } from './store-faults.js';
import type { Upload } from './uploads.js';

/** Maximum number of files per owner: each upload counts them and adds up their sizes. */
const MAX_FILES = 10_000;

@Injectable()
export class FilesService implements OnModuleInit {
  constructor(
    @InjectModel(StoredFile.name) private readonly model: Model<StoredFile>,
    @InjectRecords(files) private readonly records: Records<StoredFile>,
    private readonly transactions: Transactions,
    private readonly store: FileStore,
    private readonly orphans: OrphanedContents,
    private readonly owned: OwnedRecords,
    private readonly references: References,
    private readonly rights: FileRights,
    private readonly config: FilesConfig,
  ) {}

  onModuleInit(): void {
    // Deleting an owner also removes the bytes.
    this.owned.beforeRemoval(this.model.collection.name, (ids) => this.releaseOf(ids));
  }

  /**
   * Creates the record of an upload, and removes the bytes if that fails.
   * @throws ApiError FILE_QUOTA_EXCEEDED; UNAUTHENTICATED and others if the user may no longer upload
   */
  async create(scope: Scope, upload: Upload, once: Once): Promise<StoredFile> {
    const { content, name, type, sha256 } = upload;
    try {
      await this.rights.requireStill(scope);
      const record = await once.about({ name, type, sha256 }).run(
        (transaction) => this.add(scope, upload, transaction),
        (id) => this.records.get(scope, id),
      );
      if (record.content === content) this.orphans.settle(content);
      else await this.orphans.discard(content);
      return record;
    } catch (error) {
      await this.orphans.discard(content);
      throw error;
    }
  }

  /** @throws ApiError FILE_QUOTA_EXCEEDED for an upload whose announced size exceeds the quota */
  async requireRoom(scope: Scope, size: number, transaction?: Transaction): Promise<void> {
    const { count, used } = await this.usageOf(scope, transaction);
    if (count < MAX_FILES && used + size <= this.config.quotaBytes) return;
    throw apiError(FileErrors.FILE_QUOTA_EXCEEDED);
  }

  /**
   * A file in the scope, or one that a record refers to which the caller may read.
   * @throws ApiError FILE_NOT_FOUND
   */
  async get(scope: Scope, id: string): Promise<StoredFile> {
    try {
      return await this.records.get(scope, id);
    } catch (error) {
      const isMissing = error instanceof ApiError && error.code === files.notFound.code;
      const link = { target: StoredFile.name, id: new Types.ObjectId(id) };
      if (!isMissing || !(await this.references.isReadThrough(scope, link))) throw error;
      return this.records.get(SYSTEM, id);
    }
  }

  /** @throws ApiError FILE_NOT_FOUND, FILE_NOT_READY */
  async ready(scope: Scope, id: string): Promise<ReadyFile> {
    const file = await this.get(scope, id);
    if (!isReady(file)) throw apiError(FileErrors.FILE_NOT_READY);
    return file;
  }

  list(scope: Scope, query: ListFilesQuery): Promise<Page<StoredFile>> {
    const { owner } = query;
    const filter = owner && owner !== 'all' ? { ownerId: new Types.ObjectId(owner) } : {};
    return this.records.page(scope, query, filter);
  }

  /** @throws ApiError FILE_NOT_FOUND if it was deleted in the meantime, STORAGE_UNAVAILABLE */
  async read(scope: Scope, file: ReadyFile, range?: ByteRange): Promise<Readable> {
    try {
      return await this.store.read(file.content, file.size, range);
    } catch (error) {
      await this.get(scope, file._id.toHexString());
      this.orphans.logFailure(error);
      throw answerable(error);
    }
  }

  /** @throws ApiError FILE_NOT_FOUND, IN_USE */
  async remove(scope: Scope, id: string): Promise<void> {
    const contents = await this.transactions.run(async (transaction) => {
      const released = contentsOf([await this.records.remove(scope, id, NO_PRECONDITION, transaction)]);
      await this.orphans.release(released, transaction);
      return released;
    });
    await Promise.all(contents.map((content) => this.orphans.discard(content)));
  }

  private add(scope: Scope, upload: Upload, transaction: Transaction | undefined): Promise<StoredFile> {
    return this.createWithinQuota(scope, upload.size, transaction, async (joined) => {
      await this.orphans.take(upload.content, joined);
      return this.records.create(scope, { ...upload, ...this.held() }, joined);
    });
  }

  /**
   * Creates the record of a file of this size.
   * @throws ApiError FILE_QUOTA_EXCEEDED
   */
  createWithinQuota(
    scope: Scope,
    size: number,
    transaction: Transaction | undefined,
    make: (joined: Transaction) => Promise<StoredFile>,
  ): Promise<StoredFile> {
    return this.transactions.join(transaction, async (joined) => {
      const id = ownerIn(scope);
      // Serializes uploads of the owner, so that the count still holds at commit.
      await this.transactions.lock(`files of ${id}`, joined);
      await this.requireRoom(scope, size, joined);
      return make(joined);
    });
  }

  /** The initial fields of a file that records could refer to. */
  held(): { readonly heldAt?: Date } {
    return this.references.leadTo(StoredFile.name) ? { heldAt: new Date() } : {};
  }

  async noteHeld(_id: Types.ObjectId): Promise<void> {
    await driverCollection(this.model).updateOne({ _id }, { $set: this.held() });
  }

  /**
   * Sets the key of the bytes of an announced file, and returns the previous one.
   * @throws ApiError UPLOAD_ENDED
   */
  async noteArrival(
    _id: Types.ObjectId,
    arrival: string,
    { session }: Transaction,
  ): Promise<string | null | undefined> {
    const pending = { _id, status: 'pending' } as const;
    const before = await driverCollection(this.model).findOneAndUpdate(
      pending,
      { $set: { arrival } },
      { session },
    );
    if (!before) throw apiError(FileErrors.UPLOAD_ENDED);
    return before.arrival;
  }

  /** Records a smaller picture of a file, unless there is one already. */
  async addPicture(
    { _id, content }: ReadyFile,
    side: number,
    picture: StoredPicture,
    { session }: Transaction,
  ): Promise<boolean> {
    const place = `pictures.${side}`;
    const { matchedCount } = await driverCollection(this.model).updateOne(
      { _id, content, [place]: { $exists: false } },
      { $set: { [place]: picture } },
      { session },
    );
    return matchedCount > 0;
  }

  /** Removes the records of files whose bytes should have arrived before a time, and that were never completed. */
  async removeUnfinished(before: Date): Promise<void> {
    await this.model.deleteMany({ arrivesUntil: { $lt: before } });
  }

  private async usageOf(
    scope: Scope,
    transaction?: Transaction,
  ): Promise<{ readonly count: number; readonly used: number }> {
    const ownerId = new Types.ObjectId(ownerIn(scope));
    const stages = [
      { $match: { ownerId } },
      { $group: { _id: null, count: { $sum: 1 }, used: { $sum: '$size' } } },
    ];
    const session = transaction && { session: transaction.session };
    const [usage] = await driverCollection(this.model)
      .aggregate<{ count: number; used: number }>(stages, { hint: { ownerId: 1, size: 1 }, ...session })
      .toArray();
    return usage ?? { count: 0, used: 0 };
  }

  private async releaseOf(ids: readonly Types.ObjectId[]): Promise<void> {
    const records = await this.model.find({ _id: { $in: ids } }, { content: 1, pictures: 1 }).lean();
    await this.orphans.release(contentsOf(records));
    this.orphans.sweepSoon();
  }
}

function isReady(file: StoredFile): file is ReadyFile {
  return Boolean(file.content);
}

function contentsOf(all: readonly Pick<StoredFile, 'content' | 'pictures'>[]): string[] {
  return all.flatMap(({ content, pictures }) => [
    ...(content ? [content] : []),
    ...Object.values(pictures ?? {}).map((picture) => picture.content),
  ]);
}
