import { beginWaiting } from './overdue.js';
import { at } from './root.js';

/** What the server, or the way to it, refused. */
export class Failure extends Error {
  constructor({ status = 0, code = 'NETWORK', error = '', details = [], requestId = '', retryAfter = 0 }) {
    super(error || code);
    Object.assign(this, { status, code, details, requestId, retryAfter });
  }
}

/** Aborts once the dialog that is open now is closed: whoever closes it wants nothing done by it any more. */
function closing(method) {
  const stop = new AbortController();
  const dialog = method === 'GET' ? null : document.querySelector('dialog[open]');
  dialog?.addEventListener('close', () => stop.abort(), { once: true });
  return stop.signal;
}

/**
 * Sends a request and answers the body of a success, or what `take` makes of the response. Throws a Failure otherwise:
 * CANCELLED where `signal` ended it or the dialog that it was sent from was closed, GIVEN_UP where the person did not
 * want to wait any longer.
 */
export async function send(method, path, { body, headers, signal, keepalive = false, take } = {}) {
  let response;
  let answer;
  const closed = closing(method);
  const patience = new AbortController();
  const endWaiting = beginWaiting(() => patience.abort());
  try {
    response = await fetch(at(path), {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.any([closed, patience.signal, ...(signal ? [signal] : [])]),
      keepalive,
    });
    answer = response.ok && take ? take(response) : await response.json();
  } catch {
    if (signal?.aborted || closed.aborted) throw new Failure({ code: 'CANCELLED' });
    if (patience.signal.aborted) throw new Failure({ code: 'GIVEN_UP' });
    // No answer, or half of one, or one of something in between that is no server of ours.
    throw new Failure({ status: response?.ok === false ? response.status : 0 });
  } finally {
    endWaiting();
  }
  if (response.ok) return answer;
  const retryAfter = Number(response.headers.get('retry-after')) || 0;
  throw new Failure({ ...answer, status: response.status, retryAfter });
}
