import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, Types } from 'mongoose';
import type { UserId } from '../security/caller.js';
import { find } from './find.js';

/** Records that are removed at a time: well within what an operation may take. */
const BATCH = 500;

/** The records of an owner in all collections whose schema extends `OwnedRecord`. */
@Injectable()
export class OwnedRecords {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  /** Removes everything that belongs to a user, and answers how many records that were. May be called again. */
  async removeAllOf(owner: UserId): Promise<number> {
    let removed = 0;
    for (const { schema, collection } of Object.values(this.connection.models)) {
      if (schema.path('ownerId')) removed += await this.removeFrom(collection.name, owner);
    }
    return removed;
  }

  private async removeFrom(collection: string, owner: UserId): Promise<number> {
    const { db } = this.connection;
    if (!db) return 0;
    const filter = { ownerId: new Types.ObjectId(owner) };
    for (let removed = 0; ;) {
      const batch = await find<{ _id: Types.ObjectId }>(db, collection, {
        filter,
        limit: BATCH,
        projection: { _id: 1 },
      });
      if (batch.length === 0) return removed;
      const ids = batch.map(({ _id }) => _id);
      removed += (await db.collection(collection).deleteMany({ _id: { $in: ids } })).deletedCount;
    }
  }
}
