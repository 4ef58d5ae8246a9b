import { type Operation, parametersOf } from './operation.js';

const REPLAYED = {
  description: '`true` when the record was created by an earlier request with the same Idempotency-Key.',
  schema: { type: 'string', example: 'true' },
} as const;

/** Whether an operation creates once for each Idempotency-Key. */
export function createsOnce(operation: Operation): boolean {
  return parametersOf(operation).some(({ name }) => name === 'Idempotency-Key');
}

/** An answer that is given again says so. */
export function describeReplays(operation: Operation): void {
  const created = operation.responses['201'];
  if (!createsOnce(operation) || !created || '$ref' in created) return;
  created.headers = { ...created.headers, 'Idempotency-Replayed': REPLAYED };
}
