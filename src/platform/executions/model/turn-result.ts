import type { Fault, Status } from './execution.js';

/** How long a finished execution is kept, in milliseconds. */
const KEPT_MS = { failed: 90 * 86_400_000, others: 30 * 86_400_000 };

/** The status of an execution after a turn; undefined if that is up to another process. */
export interface TurnResult {
  readonly status: Status;
  readonly fault?: Fault;
  readonly error?: unknown;
  /** When its next turn is due, if it waits for that. */
  readonly dueAt?: Date;
}

/** The dates of an execution that is over. */
export function finishing(status: Status, now: Date): { finishedAt: Date; expiresAt: Date } {
  const keptMs = status === 'failed' ? KEPT_MS.failed : KEPT_MS.others;
  return { finishedAt: now, expiresAt: new Date(now.getTime() + keptMs) };
}
