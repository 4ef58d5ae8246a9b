import { Injectable } from '@nestjs/common';
import type { Caller } from '../../platform/security/caller.js';

/** How long what is known of a caller may be used, in milliseconds: a change elsewhere acts no later. */
const LIFETIME_MS = 1_000;
const MAX_ENTRIES = 10_000;

interface Entry {
  /** A promise until the look-up has answered, so that those who know the answer need not wait for one. */
  caller: Caller | null | Promise<Caller | null>;
  readonly until: number;
}

/** Remembers for a second who a user is, so that each request need not ask the database. */
@Injectable()
export class CallerCache {
  private readonly entries = new Map<string, Entry>();

  /** The caller with this id; requests that arrive together share one look-up. A failed one is not kept. */
  get(id: string, load: () => Promise<Caller | null>): Entry['caller'] {
    const now = Date.now();
    const known = this.entries.get(id);
    return known && known.until > now ? known.caller : this.look(id, now, load());
  }

  /** Looks this caller up again for the next request. For everybody who changes what a caller may. */
  forget(id: string): void {
    this.entries.delete(id);
  }

  private look(id: string, now: number, loading: Promise<Caller | null>): Promise<Caller | null> {
    const entry: Entry = { caller: loading, until: now + LIFETIME_MS };
    if (this.entries.size >= MAX_ENTRIES) this.entries.clear();
    this.entries.set(id, entry);
    loading.then(
      (caller) => (entry.caller = caller),
      () => this.entries.get(id) === entry && this.entries.delete(id),
    );
    return loading;
  }
}
