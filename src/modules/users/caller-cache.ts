import { Injectable } from '@nestjs/common';
import type { Caller } from '../../platform/security/caller.js';

/** How long what is known of a caller may be used, in milliseconds: a change elsewhere acts no later. */
const LIFETIME_MS = 1_000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly caller: Promise<Caller | null>;
  readonly until: number;
}

/** Remembers for a second who a user is, so that each request need not ask the database. */
@Injectable()
export class CallerCache {
  private readonly entries = new Map<string, Entry>();

  /** The caller with this id; requests that arrive together share one look-up. A failed one is not kept. */
  get(id: string, load: () => Promise<Caller | null>): Promise<Caller | null> {
    const now = Date.now();
    const known = this.entries.get(id);
    if (known && known.until > now) return known.caller;
    const caller = load();
    const entry = { caller, until: now + LIFETIME_MS };
    if (this.entries.size >= MAX_ENTRIES) this.entries.clear();
    this.entries.set(id, entry);
    caller.catch(() => {
      if (this.entries.get(id) === entry) this.entries.delete(id);
    });
    return caller;
  }
}
