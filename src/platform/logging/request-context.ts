import { AsyncLocalStorage } from 'node:async_hooks';

/** What every log line of a request carries. */
interface RequestContext {
  readonly requestId: string;
}

/** Follows a request through everything that it causes, so that library lines carry its id too. */
export const requestContext = new AsyncLocalStorage<RequestContext>();
