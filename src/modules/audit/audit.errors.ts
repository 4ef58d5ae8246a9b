import { define, defineErrors } from '../../platform/errors/errors.js';

export const AuditErrors = defineErrors({
  AUDIT_RECORD_NOT_FOUND: define(404, 'There are no audit entries for this record'),
});
