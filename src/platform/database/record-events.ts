import type { Types } from 'mongoose';
import type { DomainEvents } from '../logging/events.js';
import { type Scope, userOf } from '../access/caller.js';
import type { Filter } from './filter.js';
import type { Ownership } from './ownership.js';
import type { StoredRecord } from './record.js';

type Happened = 'record_created' | 'record_updated' | 'record_deleted' | 'record_restored';

/** Logs changes of the records of one collection, and reads of other people's records. */
export class RecordEvents {
  constructor(
    private readonly resource: string,
    private readonly ownership: Ownership,
    private readonly events: DomainEvents,
  ) {}

  note(happened: Happened, id: Types.ObjectId): void {
    this.events.record(happened, { resource: this.resource, recordId: String(id) });
  }

  noteAll(happened: Happened, count: number): void {
    this.events.record(happened, { resource: this.resource, count });
  }

  /** Logs that a scope has read a record. */
  noteRead(scope: Scope, record: StoredRecord): void {
    if (!this.ownership.isForeign(scope, record)) return;
    this.events.record('foreign_access', { ...this.access(scope), recordId: String(record._id) });
  }

  /** Logs that a scope has read a page of records with a filter. */
  notePage(scope: Scope, filter: Filter, count: number): void {
    if (!this.ownership.isForeign(scope, filter)) return;
    this.events.record('foreign_access', { ...this.access(scope), count });
  }

  private access(scope: Scope & { all: true }): object {
    const { permission, actor } = scope;
    const userId = userOf(scope);
    return {
      resource: this.resource,
      permission,
      userId,
      ...(actor.kind === 'apiKey' && { apiKey: actor.id }),
    };
  }
}
