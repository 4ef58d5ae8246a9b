import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of a request carries. */
export interface RequestContext {
  /** Absent for work that no request started. */
  readonly requestId?: string;
  /** Only if the request is traced. */
  readonly traceId?: string;
  /** The current span; opaque to everything but the tracer. */
  readonly span?: unknown;
}

/** Follows a request through everything that it causes, so that log lines of libraries carry its id, too. */
export const requestContext = new AsyncLocalStorage<RequestContext>();
