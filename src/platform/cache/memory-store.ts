import { LRUCache } from 'lru-cache';

/** What Keyv keeps: a text, and when it is over in milliseconds since 1970. */
export interface Kept {
  readonly value: string;
  readonly expires?: number | undefined;
}

/** What an entry costs beside its texts, in bytes. */
const OVERHEAD = 300;

/** A store of Keyv in this process, bounded by entries and bytes: what was not asked for for longest goes first. */
export class MemoryStore {
  private readonly entries: LRUCache<string, Kept>;

  constructor(maxEntries = 10_000, maxBytes = 32 * 1024 * 1024) {
    this.entries = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      // Two bytes for each unit: a text with one character beyond Latin-1 takes so much.
      sizeCalculation: ({ value }, key) => 2 * (key.length + value.length) + OVERHEAD,
    });
  }

  get(key: string): Kept | undefined {
    return this.entries.get(key);
  }

  set(key: string, kept: Kept): void {
    this.entries.set(key, kept);
  }

  delete(key: string): boolean {
    return this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
