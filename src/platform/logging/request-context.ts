import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of a request carries. */
export interface RequestContext {
  /** Absent for work that no request has asked for. */
  readonly requestId?: string;
  /** Where traces are made. */
  readonly traceId?: string;
  /** What happens belongs to it. Only who makes the traces looks into it. */
  readonly span?: unknown;
}

/** Follows a request through everything that it causes, so that library lines carry its id too. */
export const requestContext = new AsyncLocalStorage<RequestContext>();
