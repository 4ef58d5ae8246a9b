import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import type { Scope } from '../../platform/access/caller.js';
import { driverDatabase } from '../../platform/database/driver.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import { type ChangeEvent, ChangeEvents } from '../../platform/database/change-events.js';
import type { Transaction } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Page } from '../../platform/validation/page-query.js';
import { audit, AuditEntry } from './audit-entry.schema.js';
import { AuditConfig } from './audit.config.js';
import type { AuditQuery } from './audit.dto.js';
import { AuditErrors } from './audit.errors.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Records who changed what, and shows it to the owner and to readers with audit:read. */
@Injectable()
export class AuditService {
  constructor(
    @InjectModel(AuditEntry.name) private readonly model: Model<AuditEntry>,
    @InjectRecords(audit) private readonly records: Records<AuditEntry>,
    private readonly config: AuditConfig,
    changeEvents: ChangeEvents,
  ) {
    changeEvents.listen('audit', (events, transaction) => this.write(events, transaction));
  }

  /**
   * Newest first.
   * @throws ApiError FORBIDDEN for records of others, AUDIT_RECORD_NOT_FOUND
   */
  async list(scope: Scope, query: AuditQuery): Promise<Page<AuditEntry>> {
    const { actor, from, to, owner } = query;
    const record = query.record?.toLowerCase();
    if (!scope.all && owner !== undefined && owner.toLowerCase() !== scope.owner.id) {
      throw apiError('FORBIDDEN');
    }
    const page = await this.records.page(scope, query, {
      ...(record !== undefined && { record }),
      ...(actor !== undefined && { actorId: actor.toLowerCase() }),
      ...((from ?? to) && { createdAt: { ...(from && { $gte: from }), ...(to && { $lt: to }) } }),
      ...(owner !== undefined && owner !== 'all' && { ownerId: new Types.ObjectId(owner) }),
    });
    const isUnknown = record !== undefined && page.items.length === 0;
    if (isUnknown && !(await this.records.first(scope, { record }))) {
      throw apiError(AuditErrors.AUDIT_RECORD_NOT_FOUND);
    }
    return page;
  }

  private async write(events: readonly ChangeEvent[], { session }: Transaction): Promise<void> {
    const entries = events.map(({ actor, ownerId, action, record, at, changes, requestId }) => ({
      _id: new Types.ObjectId(),
      ...(ownerId && { ownerId }),
      actorKind: actor.kind,
      ...('id' in actor && { actorId: actor.id }),
      action,
      record,
      changes,
      ...(requestId !== undefined && { requestId }),
      version: 1,
      createdAt: at,
      updatedAt: at,
      expiresAt: new Date(at.getTime() + this.config.retentionDays * DAY_MS),
    }));
    // The driver's bulk insert costs more than the rest of the entry, and retries nothing in a transaction.
    const command = { insert: this.model.collection.name, documents: entries };
    const { writeErrors } = await driverDatabase(this.model).command(command, { session });
    if (writeErrors) throw new Error(`The audit cannot be written: ${JSON.stringify(writeErrors)}`);
  }
}
