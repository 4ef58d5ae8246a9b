import { Again } from './run.js';

/** How often a step, a turn, and an execution that crashes is attempted, unless its executor says otherwise. */
export const DEFAULT_ATTEMPTS = 5;
/** The first pause before a retry, in milliseconds; each further one is twice as long, up to the longest. */
const FIRST_MS = 1_000;
const LONGEST_MS = 3_600_000;
/** The longest that a server may ask for, in milliseconds. */
const LONGEST_ASKED_MS = 24 * 3_600_000;

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
