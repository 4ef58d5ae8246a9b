import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import { ChangeFeed } from './change-feed.js';

/** Most records of a collection that are remembered. */
const MAX_ENTRIES = 10_000;

interface Entry<T> {
  /** A promise until the look-up has answered, so that those who know the answer need not wait for one. */
  value: T | null | Promise<T | null>;
}

/**
 * Remembers what is known of records, until they change: at once for changes that are told by `forget`, and within
 * a second for those of other processes. While the change feed is silent, every question is a look-up.
 */
export class LiveCache<T extends object> {
  /** In the order in which they were looked up. */
  private readonly entries = new Map<string, Entry<T>>();

  constructor(
    private readonly feed: ChangeFeed,
    private readonly load: (id: string) => Promise<T | null>,
  ) {}

  /** What is known of the record with this id; null when there is none. Requests at the same time share a look-up. */
  get(id: string): Entry<T>['value'] {
    const known = this.entries.get(id);
    return known && this.feed.isFresh ? known.value : this.look(id);
  }

  /** What is known of the record now; undefined where that takes a look-up. */
  peek(id: string): T | null | undefined {
    const value = this.feed.isFresh ? this.entries.get(id)?.value : undefined;
    return value instanceof Promise ? undefined : value;
  }

  /** Looks this record up again for the next request. For everybody who changes it, once that is done. */
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
      // What is not there may be there the next time: the feed need not tell of new records.
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

/** A model, as far as it matters here. */
type CollectionOf = Pick<Model<unknown>, 'collection'>;

/** Makes the caches of features: `caches.of(model, (id) => …)`. */
@Injectable()
export class LiveCaches {
  constructor(private readonly feed: ChangeFeed) {}

  /**
   * @param load reads what is to be remembered of a record; null when there is none
   * @param hearsOfNew for a `load` that never answers null: what it says of absent records is remembered until they
   *   are there
   */
  of<T extends object>(
    { collection }: CollectionOf,
    load: (id: string) => Promise<T | null>,
    { hearsOfNew = false } = {},
  ): LiveCache<T> {
    const cache = new LiveCache(this.feed, load);
    this.feed.watch(collection.name, {
      changed: (id) => cache.forget(id),
      missed: () => cache.forgetAll(),
      hearsOfNew,
    });
    return cache;
  }
}
