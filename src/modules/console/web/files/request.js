/** What the server, or the way to it, refused. */
export class Failure extends Error {
  constructor({ status = 0, code = 'NETWORK', error = '', details = [], requestId = '', retryAfter = 0 }) {
    super(error || code);
    Object.assign(this, { status, code, details, requestId, retryAfter });
  }
}

/** Sends a request and answers the body of a success. Throws a Failure otherwise. */
export async function send(method, path, { body, headers } = {}) {
  let response;
  let answer;
  try {
    response = await fetch(path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    answer = await response.json();
  } catch {
    // No answer, or half of one, or one of something in between that is no server of ours.
    throw new Failure({ status: response?.ok === false ? response.status : 0 });
  }
  if (response.ok) return answer;
  const retryAfter = Number(response.headers.get('retry-after')) || 0;
  throw new Failure({ ...answer, status: response.status, retryAfter });
}
