import { ApiError } from '../errors/errors.js';
import { ofHttpError } from '../errors/http-errors.js';
import type { Fault } from './execution.js';
import { JsonFault } from './json.js';
import { Again, Failure, StepError } from './run.js';

/** The first pause before a retry, in milliseconds; each further one is twice as long, up to the longest. */
const FIRST_MS = 1_000;
const LONGEST_MS = 3_600_000;
const LONGEST_ASKED_MS = 24 * 3_600_000;

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
  // Declared for people, as in answers; what Nest's own exceptions say may be meant for developers.
  if (error instanceof ApiError && error.code !== 'INTERNAL_ERROR')
    return { code: error.code, message: error.message };
  const known = ofHttpError(error);
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

/** Retry-After, which is in seconds or a date, in milliseconds: a day at most, whatever the server asks for. */
export function retryAfterMs(hint: unknown, now: Date): number {
  const seconds = Number(hint);
  const ms = Number.isNaN(seconds) ? Date.parse(String(hint)) - now.getTime() : seconds * 1_000;
  return ms > 0 ? Math.min(ms, LONGEST_ASKED_MS) : 0;
}

/** What the error or the response in it asks for, in milliseconds. */
function askedMs(error: unknown, now: Date): number {
  if (error instanceof Again) return error.afterMs ?? 0;
  const { retryAfter, headers, response } = (error ?? {}) as RetryHint;
  return retryAfterMs(retryAfter ?? headerOf(headers) ?? headerOf(response?.headers), now);
}

/** The pause before the next attempt, in milliseconds: exponential with full jitter, and at least Retry-After. */
export function pauseAfter(error: unknown, attempt: number, now: Date): number {
  const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 30));
  return Math.max(Math.random() * most, askedMs(error, now));
}
