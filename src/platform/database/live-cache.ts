import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import { ChangeFeed } from './change-feed.js';

/** Most records of a collection that are cached. */
const MAX_ENTRIES = 10_000;

interface Entry<T> {
  /** A promise only while loading, so that later reads need not await. */
  value: T | null | Promise<T | null>;
}

/**
 * Caches data about records until they change: changes reported by `forget` take effect at once, those of other
 * processes within a second. While the change feed is down, every read is a query.
 */
export class LiveCache<T extends object> {
  /** In the order in which they were looked up. */
  private readonly entries = new Map<string, Entry<T>>();

  constructor(
    private readonly feed: ChangeFeed,
    private readonly load: (id: string) => Promise<T | null>,
  ) {}

  /** The data about a record; null if it does not exist. Concurrent reads share a query. */
  get(id: string): Entry<T>['value'] {
    const known = this.entries.get(id);
    return known && this.feed.isFresh ? known.value : this.look(id);
  }

  /** The cached data about a record; undefined if a query would be needed. */
  peek(id: string): T | null | undefined {
    const value = this.feed.isFresh ? this.entries.get(id)?.value : undefined;
    return value instanceof Promise ? undefined : value;
  }

  /** Drops a record, so that the next request loads it. Call it after a change. */
  forget(id: string): void {
    this.entries.delete(id);
  }

  forgetAll(): void {
    this.entries.clear();
  }

  private look(id: string): Promise<T | null> {
    const loading = this.load(id);
    const entry: Entry<T> = { value: loading };
    this.keep(id, entry);
    loading.then(
      // Absence is not cached, because the feed need not report new records.
      (value) => (value === null ? this.drop(id, entry) : this.settle(entry, value)),
      () => this.drop(id, entry),
    );
    return loading;
  }

  private settle(entry: Entry<T>, value: T): void {
    entry.value = value;
  }

  private drop(id: string, entry: Entry<T>): void {
    if (this.entries.get(id) === entry) this.entries.delete(id);
  }

  private keep(id: string, entry: Entry<T>): void {
    this.entries.delete(id);
    const [oldest] = this.entries.size < MAX_ENTRIES ? [] : this.entries.keys();
    if (oldest !== undefined) this.entries.delete(oldest);
    this.entries.set(id, entry);
  }
}

/** The part of a model that is needed. */
type CollectionOf = Pick<Model<unknown>, 'collection'>;

/** Makes the caches of features: `caches.of(model, (id) => …)`. */
@Injectable()
export class LiveCaches {
  constructor(private readonly feed: ChangeFeed) {}

  /**
   * @param load reads the data to cache about a record; null if it does not exist
   * @param includesNew for a `load` that never returns null: what it returns for absent records is cached until they are
   *   created
   */
  of<T extends object>(
    { collection }: CollectionOf,
    load: (id: string) => Promise<T | null>,
    { includesNew = false } = {},
  ): LiveCache<T> {
    const cache = new LiveCache(this.feed, load);
    this.feed.watch(collection.name, {
      changed: (id) => cache.forget(id),
      missed: () => cache.forgetAll(),
      includesNew,
    });
    return cache;
  }
}
