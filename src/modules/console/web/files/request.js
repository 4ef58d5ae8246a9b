import { at } from './root.js';

/** After so long people are told that the answer is still awaited. */
const PATIENCE_MS = 8000;

/** What the server, or the way to it, refused. */
export class Failure extends Error {
  constructor({ status = 0, code = 'NETWORK', error = '', details = [], requestId = '', retryAfter = 0 }) {
    super(error || code);
    Object.assign(this, { status, code, details, requestId, retryAfter });
  }
}

let awaited = 0;

/** Tells the page how many answers are overdue. */
function overdue(change) {
  awaited += change;
  document.dispatchEvent(new CustomEvent('overdue', { detail: awaited > 0 }));
}

/**
 * Sends a request and answers the body of a success, or what `take` makes of the response. Throws a Failure otherwise,
 * CANCELLED where `signal` ended it.
 */
export async function send(method, path, { body, headers, signal, keepalive = false, take } = {}) {
  let response;
  let answer;
  let isOverdue = false;
  const timer = setTimeout(() => {
    isOverdue = true;
    overdue(1);
  }, PATIENCE_MS);
  try {
    response = await fetch(at(path), {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
      keepalive,
    });
    answer = response.ok && take ? take(response) : await response.json();
  } catch {
    if (signal?.aborted) throw new Failure({ code: 'CANCELLED' });
    // No answer, or half of one, or one of something in between that is no server of ours.
    throw new Failure({ status: response?.ok === false ? response.status : 0 });
  } finally {
    clearTimeout(timer);
    if (isOverdue) overdue(-1);
  }
  if (response.ok) return answer;
  const retryAfter = Number(response.headers.get('retry-after')) || 0;
  throw new Failure({ ...answer, status: response.status, retryAfter });
}
