import { ApiError } from '../errors/errors.js';
import { ofHttpError } from '../errors/http-errors.js';
import type { Fault } from './execution.js';
import { JsonFault } from './json.js';
import { Again, Failure, StepError } from './run.js';

/** The first pause before a retry, in milliseconds; each further one is twice as long, up to the longest. */
const FIRST_MS = 1_000;
const LONGEST_MS = 3_600_000;

/** A step exceeded its timeout. */
export class TimedOut extends Error {}

/** A programming error in an executor, which a retry cannot fix. The message is for the developer. */
export class UsageFault extends Error {}

/** Whether a retry would be useless. */
export function isFinal(error: unknown): boolean {
  return (
    error instanceof Failure ||
    error instanceof StepError ||
    error instanceof JsonFault ||
    error instanceof UsageFault
  );
}

/** What may be shown of an error: messages meant for people, never those of the database or stacks. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Failure || error instanceof StepError)
    return { code: error.code, message: error.message };
  if (error instanceof Again) return { code: 'AGAIN', message: error.message };
  if (error instanceof JsonFault || error instanceof UsageFault) {
    return { code: 'EXECUTOR_FAULT', message: error.message };
  }
  if (error instanceof TimedOut) return { code: 'TIMEOUT', message: 'It took longer than it may' };
  const known = error instanceof ApiError ? error : ofHttpError(error);
  if (known && known.status < 500) return { code: known.code, message: known.message };
  return {
    code: known?.code ?? 'INTERNAL_ERROR',
    message: 'It failed with an unexpected error; the log has it',
  };
}

interface RetryHint {
  readonly retryAfter?: unknown;
  readonly headers?: unknown;
  readonly response?: { readonly headers?: unknown };
}

function headerOf(headers: unknown): unknown {
  if (headers instanceof Headers) return headers.get('retry-after');
  return (headers as Record<string, unknown> | null | undefined)?.['retry-after'];
}

/** Retry-After of the error or of the response in it, in milliseconds. */
function askedMs(error: unknown, now: Date): number | undefined {
  if (error instanceof Again) return error.afterMs;
  const { retryAfter, headers, response } = (error ?? {}) as RetryHint;
  const hint = retryAfter ?? headerOf(headers) ?? headerOf(response?.headers);
  if (hint === undefined || hint === null) return undefined;
  const seconds = Number(hint);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(String(hint)) - now.getTime();
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** The pause before the next attempt, in milliseconds: exponential with full jitter, and at least Retry-After. */
export function pauseAfter(error: unknown, attempt: number, now: Date): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 30));
  return Math.max(Math.random() * most, askedMs(error, now) ?? 0);
}
