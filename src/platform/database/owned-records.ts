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

/** Records that are removed at a time: well within what an operation may take. */
const BATCH = 500;

/** A feature's part in a removal. It may be asked again about the same records. */
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

  /** Has `act` do what else goes with the records of a collection, each time before some of them are removed. */
  beforeRemoval(collection: string, act: Part): void {
    this.parts.set(collection, act);
  }

  /** Removes everything that belongs to a user or an organization, and answers how many records that were. May be called again. */
  async removeAllOf(owner: string): Promise<number> {
    let removed = 0;
    for (const { schema, collection } of Object.values(this.connection.models)) {
      if (schema.path('ownerId')) removed += await this.removeFrom(collection.name, owner);
    }
    return removed;
  }

  /**
   * Removes what lets anybody act as a user, also what it has made for organizations, and answers how many records
   * that were.
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
        : ['ownerId', 'createdBy'].filter(isOne).map((by) => ({ [by]: id }));
    });
  }

  /** Removes what acts in an organization as a user who has made it. */
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
