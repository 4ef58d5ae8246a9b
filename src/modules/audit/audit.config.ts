import { Env } from '../../platform/config/env.js';
import { integer } from '../../platform/config/kinds.js';

/** Retention of the audit. */
export class AuditConfig {
  /** For how many days audit entries are kept. A change applies to entries that are written from then on. */
  @Env('AUDIT_RETENTION_DAYS', integer(1, 3_650), { default: 365 })
  readonly retentionDays!: number;
}
