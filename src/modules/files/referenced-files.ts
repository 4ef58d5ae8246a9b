import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, Types } from 'mongoose';
import { driverCollection } from '../../platform/database/driver.js';
import { type Scope, SYSTEM, type UserId } from '../../platform/access/caller.js';
import { type Link, References } from '../../platform/database/references.js';
import type { Records } from '../../platform/database/records.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Transaction } from '../../platform/database/transactions.js';
import { type Transfer, Transfers } from '../../platform/database/transfers.js';
import { ApiError } from '../../platform/errors/errors.js';
import { NO_PRECONDITION } from '../../platform/validation/precondition.js';
import { files, StoredFile } from './file.schema.js';
import { isPicture } from './file-types.js';
import { FilesService } from './files.service.js';

/** A file that no record refers to is removed after this time, in milliseconds. */
const KEPT_MS = 24 * 60 * 60_000;
const SWEEP_MS = 10 * 60_000;
/** Files checked at a time. */
const BATCH = 200;

/**
 * Files that records of features refer to, in fields declared as `@Prop({ type: ObjectId, ref: 'StoredFile' })`. They
 * belong to the record's owner and are transferred with the record. If there are such fields, files that none of them
 * refers to are removed after a day.
 */
@Injectable()
export class ReferencedFiles implements OnApplicationBootstrap, OnApplicationShutdown {
  private sweeping: NodeJS.Timeout | undefined;

  constructor(
    @InjectConnection() private readonly connection: Connection,
    @InjectRecords(files) private readonly records: Records<StoredFile>,
    private readonly service: FilesService,
    private readonly references: References,
    transfers: Transfers,
  ) {
    references.attach(StoredFile.name, (owner, link, transaction) => this.faultOf(owner, link, transaction));
    transfers.during((transfer, transaction) => this.follow(transfer, transaction));
  }

  onApplicationBootstrap(): void {
    if (!this.references.leadTo(StoredFile.name)) return;
    const sweep = () => void this.sweep().catch(() => undefined);
    sweep();
    this.sweeping = setInterval(sweep, SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeping);
  }

  /** Removes files that no record has referred to for a day, and checks the rest again in a day. */
  async sweep(): Promise<void> {
    for (;;) {
      const filter = { heldAt: { $lt: new Date(Date.now() - KEPT_MS) } };
      const due = await this.records.find(SYSTEM, { filter, sort: { heldAt: 1 }, limit: BATCH });
      for (const file of due) await this.removeUnlessHeld(file);
      if (due.length < BATCH) return;
    }
  }

  private async removeUnlessHeld({ _id, ownerId }: StoredFile): Promise<void> {
    if (await this.isHeld(_id)) return this.service.noteHeld(_id);
    try {
      await this.service.remove(scopeAt(ownerId.toHexString()), _id.toHexString());
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Files that were removed in the meantime need no note.
      if (error.code === 'IN_USE') await this.service.noteHeld(_id);
      else if (error.status >= 500) throw error;
    }
  }

  /** Includes records in the trash, which may be restored. */
  private async isHeld(id: Types.ObjectId): Promise<boolean> {
    for (const model of Object.values(this.connection.models)) {
      for (const [path, type] of Object.entries(model.schema.paths)) {
        if (type.options['ref'] !== StoredFile.name) continue;
        if (await driverCollection(model).findOne({ [path]: id }, { projection: { _id: 1 } })) return true;
      }
    }
    return false;
  }

  private async faultOf(
    owner: string | null,
    { id, options }: Link,
    transaction: Transaction,
  ): Promise<string | undefined> {
    const noun = options?.['picture'] === true ? 'picture' : 'file';
    const file = await this.records.first(
      SYSTEM,
      { _id: id, ...(owner !== null && { ownerId: new Types.ObjectId(owner) }) },
      transaction,
    );
    if (!file) return `must be the id of a ${noun} of the same owner`;
    if (!file.content) return `must be the id of a ${noun} whose upload is completed`;
    return noun === 'picture' && !isPicture(file.type) ? 'must be the id of a picture' : undefined;
  }

  /** @throws ApiError IN_USE for a file that another record refers to as well, FILE_QUOTA_EXCEEDED */
  private async follow({ attached, before, from, to }: Transfer, transaction: Transaction): Promise<void> {
    const held = new Map(
      attached.filter(({ target }) => target === StoredFile.name).map((link) => [String(link.id), link]),
    );
    for (const [id, link] of held) {
      await this.references.requireUnused(link, transaction, before._id);
      const { size } = await this.records.get(scopeAt(from), id, transaction);
      await this.service.createWithinQuota(to, size, transaction, () =>
        this.records.give(scopeAt(from), id, NO_PRECONDITION, to.owner, transaction),
      );
    }
  }
}

/** A scope of the product itself for the files of an owner. */
function scopeAt(owner: string): Scope {
  return { actor: { kind: 'system' }, owner: { kind: 'user', id: owner as UserId } };
}
