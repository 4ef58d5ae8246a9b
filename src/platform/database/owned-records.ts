import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, type Model, type Schema, Types } from 'mongoose';
import { DomainEvents } from '../logging/events.js';
import type { UserId } from '../access/caller.js';
import { ChangeFeed } from './change-feed.js';
import type { Filter } from './filter.js';
import { find } from './find.js';
import type { CredentialKind } from './record.js';
import type { Transaction } from './transactions.js';

/** Records removed at a time: well within the time limit of an operation. */
const BATCH = 500;

/** A feature's part in a removal. It may be called again for the same records. */
type Part = (ids: readonly Types.ObjectId[]) => Promise<void>;

/** The records of an owner in all collections whose schema extends `OwnedRecord`. */
@Injectable()
export class OwnedRecords {
  private readonly parts = new Map<string, Part>();

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly feed: ChangeFeed,
    private readonly events: DomainEvents,
  ) {}

  /** Calls `act` before records of a collection are removed, to remove what goes with them. */
  beforeRemoval(collection: string, act: Part): void {
    this.parts.set(collection, act);
  }

  /** Removes all records of a user or an organization, and returns their number. May be called again. */
  async removeAllOf(owner: string): Promise<number> {
    let removed = 0;
    for (const { schema, collection } of Object.values(this.connection.models)) {
      if (schema.path('ownerId')) removed += await this.removeFrom(collection.name, owner);
    }
    return removed;
  }

  /**
   * Removes the credentials of a user, including those created for organizations, and returns their number.
   * @param except models whose records stay
   */
  removeCredentials(
    user: UserId,
    transaction: Transaction,
    kinds: readonly CredentialKind[] = ['token', 'entrance'],
    except: readonly string[] = [],
  ): Promise<number> {
    const id = new Types.ObjectId(user);
    return this.removeActing(user, transaction, ({ schema, modelName }) => {
      const isOne = (field: string) => kinds.some((kind) => kind === credentialOf(schema, field));
      return except.includes(modelName)
        ? []
        : Object.keys(schema.paths)
            .filter(isOne)
            .map((by) => ({ [by]: id }));
    });
  }

  /** Removes the credentials that a user has created in an organization. */
  async removeMadeIn(organization: string, user: UserId, transaction: Transaction): Promise<void> {
    const filter = { ownerId: new Types.ObjectId(organization), createdBy: new Types.ObjectId(user) };
    await this.removeActing(user, transaction, ({ schema }) =>
      credentialOf(schema, 'createdBy') ? [filter] : [],
    );
  }

  private async removeActing(
    user: UserId,
    transaction: Transaction,
    filtersFor: (model: Model<unknown>) => readonly Filter[],
  ): Promise<number> {
    const { session } = transaction;
    let removed = 0;
    for (const model of Object.values(this.connection.models)) {
      const { collection } = model;
      for (const filter of filtersFor(model)) {
        const ids = await collection.find(filter, { session, projection: { _id: 1 } }).toArray();
        if (ids.length === 0) continue;
        removed += (await collection.deleteMany(filter, { session })).deletedCount;
        transaction.afterwards(() => {
          for (const { _id } of ids) this.feed.note(collection.name, String(_id));
        });
      }
    }
    if (removed > 0) {
      const event = { userId: user, count: removed };
      transaction.afterwards(() => this.events.record('credentials_removed', event));
    }
    return removed;
  }

  private async removeFrom(collection: string, owner: string): Promise<number> {
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
      await this.parts.get(collection)?.(ids);
      removed += (await db.collection(collection).deleteMany({ _id: { $in: ids } })).deletedCount;
    }
  }
}

function credentialOf(schema: Schema, field: string): CredentialKind | undefined {
  return schema.path(field)?.options['credential'] as CredentialKind | undefined;
}
