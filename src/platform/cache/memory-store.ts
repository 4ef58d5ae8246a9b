import { LRUCache } from 'lru-cache';

/** What Keyv stores: a text, and when it expires in milliseconds since 1970. */
export interface Entry {
  readonly value: string;
  readonly expires?: number | undefined;
}

/** Overhead of an entry beyond its texts, in bytes. */
const OVERHEAD = 300;

/** A Keyv store in this process, bounded by entries and bytes: the least recently used entries are evicted first. */
export class MemoryStore {
  private readonly entries: LRUCache<string, Entry>;

  constructor(maxEntries = 10_000, maxBytes = 32 * 1024 * 1024) {
    this.entries = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      // Two bytes per code unit: what V8 uses once a text holds a character beyond Latin-1.
      sizeCalculation: ({ value }, key) => 2 * (key.length + value.length) + OVERHEAD,
    });
  }

  get(key: string): Entry | undefined {
    return this.entries.get(key);
  }

  set(key: string, kept: Entry): void {
    this.entries.set(key, kept);
  }

  delete(key: string): boolean {
    return this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
