import type { Answer } from './test-client.js';

/** On every answer, failures and answers without a body included. */
const HEADERS = [
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'permissions-policy',
  'referrer-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
  'x-request-id',
];

/** Traces of a stack, a file, a driver or a stored password. */
const INSIDES =
  /\n\s*at |\\n\s*at |node_modules|node:internal|\.[jt]s:\d|\/(?:src|dist|home|work|tmp)\/|Mongo[A-Z]|mongoose|E11000|CastError|FST_|\$2[aby]\$\d\d\$/;

function isFailure(body: unknown): body is Record<string, unknown> {
  return typeof body === 'object' && body !== null && 'success' in body && body.success === false;
}

function* faultsOf({ status, headers, text, body }: Answer): Generator<string> {
  for (const name of HEADERS) if (!headers[name]) yield `lacks the header ${name}`;
  if ('x-powered-by' in headers || 'server' in headers) yield 'says what it runs on';
  const isJson = body !== undefined;
  if (isJson && INSIDES.test(text)) yield 'shows the inside of the server';
  // A redirection repeats the address as it was asked for.
  if (status < 300 && headers['location']?.includes('/:'))
    yield 'leaves a parameter of its route in Location';
  if (status < 400 || text === '') return;
  if (!isFailure(body)) {
    yield 'fails without the envelope';
    return;
  }
  const { error, code, requestId, details, ...rest } = body;
  if (typeof error !== 'string' || error === '') yield 'has no sentence for people';
  if (typeof code !== 'string' || !/^[A-Z][A-Z\d_]+$/.test(code)) yield 'has no code for programs';
  if (requestId !== headers['x-request-id']) yield 'has another request id in its body than in its header';
  if (details !== undefined && !Array.isArray(details)) yield 'has details that are no list';
  if (Object.keys(rest).join() !== 'success') yield 'has more fields than a failure has';
  if (status === 401 && !headers['www-authenticate']) yield 'asks for no credentials';
  if ((status === 429 || status === 503) && !headers['retry-after']) yield 'does not say when to try again';
  if (status === 405 && !headers['allow']) yield 'does not say which methods it allows';
  if (status === 500 && code !== 'INTERNAL_ERROR') yield 'is a 500 of its own making';
}

/**
 * What holds for every answer of the product, whatever was asked: the test client checks each one,
 * so that no test has to remember it. The documents of /docs and health are no envelopes.
 */
export function checkAnswer(request: string, answer: Answer): void {
  if (/ \/health/.test(request) && answer.status === 503) return;
  const faults = [...faultsOf(answer)];
  if (faults.length > 0) {
    throw new Error(`${request} → ${answer.status} ${faults.join(', ')}:\n${answer.text.slice(0, 1000)}`);
  }
}
