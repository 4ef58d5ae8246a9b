import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, mongo } from 'mongoose';
import { Turns } from '../concurrency/turns.js';
import { type LiveCache, LiveCaches } from '../database/live-cache.js';
import { afterwards, type Transaction } from '../database/transactions.js';
import { apiError } from '../errors/errors.js';
import { CacheStamp } from './cache-stamp.schema.js';
import { ALL, type Holder } from './owner.js';

type Known = Pick<CacheStamp, 'stamp'>;

/** What is known of a group that nobody has evicted of late. */
const NONE: Known = { stamp: '' };

/** What is kept for `all` changes with each owner's; what is kept for an owner changes with everybody's, too. */
const groupsReadFor = (type: string, holder: Holder) =>
  holder === ALL ? [`${type}:${ALL}`] : [`${type}:${holder}`, `${type}:everybody`];
const groupsEvictedFor = (type: string, holder: Holder) => [
  `${type}:${holder === ALL ? 'everybody' : holder}`,
  `${type}:${ALL}`,
];

/**
 * The stamps that lead past what was kept before an eviction. Who has read old data before it, and keeps it after
 * it, keeps it under the old stamp, where nobody looks any more.
 */
@Injectable()
export class Stamps {
  private readonly known: LiveCache<Known>;
  /** While the change feed is silent, each question is a look-up: not for each of a thousand requests. */
  private readonly lookUps = new Turns(async (group) => this.known.get(group));

  constructor(
    @InjectModel(CacheStamp.name) private readonly model: Model<CacheStamp>,
    caches: LiveCaches,
  ) {
    this.known = caches.of(model, (group) => this.load(group), { hearsOfNew: true });
  }

  /** The stamp of what a class keeps for a holder, without a promise where it is known already. */
  read(type: string, holder: Holder): string | Promise<string> {
    const groups = groupsReadFor(type, holder);
    const known = groups.map((group) => this.known.peek(group));
    if (known.every((each) => each !== undefined)) return join(known);
    return Promise.all(groups.map((group) => this.lookUps.get(group))).then(join);
  }

  /** Evicts: for this process once it is done, for others within two seconds; with a transaction, when that is done. */
  async renew(type: string, holder: Holder, transaction?: Transaction): Promise<void> {
    const groups = groupsEvictedFor(type, holder);
    const change = { $set: { stamp: randomBytes(12).toString('base64url'), writtenAt: new Date() } };
    const session = transaction?.session;
    const forget = () => groups.forEach((group) => this.known.forget(group));
    try {
      await this.collection.bulkWrite(
        groups.map((_id) => ({ updateOne: { filter: { _id }, update: change, upsert: true } })),
        { ...(session && { session }) },
      );
    } finally {
      // A write whose answer was lost may have happened.
      afterwards(transaction, forget);
    }
  }

  private async load(_id: string): Promise<Known> {
    return (await this.collection.findOne({ _id }, { projection: { _id: 0, stamp: 1 } })) ?? NONE;
  }

  private get collection(): mongo.Collection<CacheStamp> {
    const { db } = this.model.db;
    if (!db) throw apiError('DATABASE_UNAVAILABLE');
    return db.collection<CacheStamp>(this.model.collection.name);
  }
}

function join(stamps: readonly (Known | null)[]): string {
  return stamps.map((each) => each?.stamp ?? '').join('.');
}
