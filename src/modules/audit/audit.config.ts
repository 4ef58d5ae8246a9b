import { Env } from '../../platform/config/env.js';
import { integer } from '../../platform/config/kinds.js';

/** What the audit keeps. */
export class AuditConfig {
  /** For how many days the audit keeps who changed what. It counts for entries that are written from then on. */
  @Env('AUDIT_RETENTION_DAYS', integer(1, 3_650), { default: 365 })
  readonly retentionDays!: number;
}
