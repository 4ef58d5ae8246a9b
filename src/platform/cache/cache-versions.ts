import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, mongo } from 'mongoose';
import { Coalescer } from './coalescer.js';
import { ChangeFeed } from '../database/change-feed.js';
import { driverCollection } from '../database/driver.js';
import { type LiveCache, LiveCaches } from '../database/live-cache.js';
import { afterwards, type Transaction } from '../database/transactions.js';
import type { UserId } from '../access/caller.js';
import { CacheStamp } from './cache-stamp.schema.js';
import { ALL, type Holder } from './owner.js';

type Known = Pick<CacheStamp, 'stamp'>;

/** The version of a group that was not evicted recently. */
const NONE: Known = { stamp: '' };

/** Evicting for everybody evicts for every owner. */
const EVERYBODY = 'everybody';

/** `UsersService:66f1a0c2e4b0a1b2c3d4e5f6` */
function groupOf(type: string, holder: UserId | typeof EVERYBODY): string {
  return `${type}:${holder}`;
}

/**
 * The versions that are part of every cache key. An eviction changes the version, so that entries from before it are
 * never found again, even those written later by a call that read the old data.
 */
@Injectable()
export class CacheVersions {
  private readonly known: LiveCache<Known>;
  /** While the change feed is down every read is a query: concurrent ones are coalesced. */
  private readonly lookUps = new Coalescer(async (group) => this.known.get(group));

  /** How many evictions this process has seen, by class; and how often it may have missed some. */
  private readonly changesByType = new Map<string, number>();
  private missed = 0;
  private readonly self = randomBytes(12).toString('base64url');

  constructor(
    @InjectModel(CacheStamp.name) private readonly model: Model<CacheStamp>,
    private readonly feed: ChangeFeed,
    caches: LiveCaches,
  ) {
    this.known = caches.of(model, (group) => this.load(group), { includesNew: true });
    feed.watch(model.collection.name, {
      changed: (group) => this.noteEviction(group),
      missed: () => void this.missed++,
    });
  }

  /**
   * The current version of what a class caches for a holder, without a promise where it is known; undefined while it
   * cannot be known.
   */
  read(type: string, holder: Holder): string | undefined | Promise<string> {
    if (holder === ALL) return this.versionOfAll(type);
    const groups = [groupOf(type, holder), groupOf(type, EVERYBODY)];
    const known = groups.map((group) => this.known.peek(group));
    if (known.every((each) => each !== undefined)) return join(known);
    return Promise.all(groups.map((group) => this.lookUps.get(group))).then(join);
  }

  /** Evicts: here once it is written, in other processes within two seconds; in a transaction, when it commits. */
  async renew(type: string, holder: Holder, transaction?: Transaction): Promise<void> {
    const group = groupOf(type, holder === ALL ? EVERYBODY : holder);
    const change = { $set: { stamp: randomBytes(12).toString('base64url'), writtenAt: new Date() } };
    const session = transaction?.session;
    const forget = () => {
      this.known.forget(group);
      this.noteEviction(group);
    };
    try {
      await this.collection.updateOne({ _id: group }, change, {
        upsert: true,
        ...(session && { session }),
      });
    } finally {
      // Even after an error the write may have happened.
      afterwards(transaction, forget);
    }
  }

  /**
   * What is cached for all owners changes with each of them. A version in the database would serialize the changes of
   * all owners, so each process counts the evictions that it sees, and does not share these entries.
   */
  private versionOfAll(type: string): string | undefined {
    if (!this.feed.isFresh) return undefined;
    return [this.self, this.missed, this.changesByType.get(type) ?? 0].join('.');
  }

  private noteEviction(group: string): void {
    const [type = ''] = group.split(':');
    this.changesByType.set(type, (this.changesByType.get(type) ?? 0) + 1);
  }

  private async load(_id: string): Promise<Known> {
    return (await this.collection.findOne({ _id }, { projection: { _id: 0, stamp: 1 } })) ?? NONE;
  }

  private get collection(): mongo.Collection<CacheStamp> {
    return driverCollection(this.model);
  }
}

function join(stamps: readonly (Known | null)[]): string {
  return stamps.map((each) => each?.stamp ?? '').join('.');
}
