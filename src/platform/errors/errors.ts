import type { Level } from 'pino';

interface Entry {
  readonly status: number;
  /** A sentence for people. */
  readonly message: string;
  /** Level of the request's log line. */
  readonly level: Level;
  /** Headers of every response with this code. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Its response may say in Retry-After when to retry. */
  readonly saysWhen?: true;
}

/** A coded error that may be answered. Codes are for programs and never change; messages are for people. */
export interface ErrorDefinition extends Entry {
  readonly code: string;
}

/** `define(409, 'The email address is taken')`; logged as `info` by default. */
export function define(
  status: number,
  message: string,
  level: Level = 'info',
  headers?: Entry['headers'],
): Entry {
  return headers ? { status, message, level, headers } : { status, message, level };
}

/** Header of errors after which a retry in a second makes sense. */
export const RETRY_SOON = { 'retry-after': '1' };
/** Header of every 401. */
export const BEARER = { 'www-authenticate': 'Bearer' };

/** The errors of a feature by their codes: `throw apiError(TicketErrors.TICKET_CLOSED)`. */
export function defineErrors<const Code extends string>(
  entries: Readonly<Record<Code, Entry>>,
): Readonly<Record<Code, ErrorDefinition>> {
  const definitions = Object.entries<Entry>(entries).map(([code, entry]) => [code, { code, ...entry }]);
  return Object.fromEntries(definitions) as Record<Code, ErrorDefinition>;
}

/** The errors that any route may answer. A feature declares its own with `defineErrors`. */
export const CATALOGUE = defineErrors({
  VALIDATION_ERROR: define(400, 'The request is not valid'),
  MALFORMED_JSON: define(400, 'The body is not valid JSON'),
  INVALID_CURSOR: define(400, 'The cursor is not valid for this list'),
  UNAUTHENTICATED: define(401, 'A valid access token is required', 'info', BEARER),
  FORBIDDEN: define(403, 'You may not do this', 'warn'),
  STEP_UP_REQUIRED: define(403, 'Prove that it is you: sign in again, or send POST /auth/step-up'),
  EMAIL_NOT_VERIFIED: define(403, 'Verify your email address first'),
  NOT_FOUND: define(404, 'Not found'),
  ROUTE_NOT_FOUND: define(404, 'There is nothing at this address'),
  METHOD_NOT_ALLOWED: define(405, 'This address does not support this method'),
  REQUEST_TIMEOUT: define(408, 'The request took too long to arrive'),
  CONFLICT: define(409, 'The record was changed at the same time; read it again and retry'),
  IN_USE: define(409, 'Other records refer to this one; change or delete them first'),
  TRANSITION_NOT_ALLOWED: define(409, 'The record cannot go from its state to this one'),
  IDEMPOTENCY_IN_PROGRESS: define(
    409,
    'A request with this Idempotency-Key is still running; retry in a moment',
    'info',
    RETRY_SOON,
  ),
  PRECONDITION_FAILED: define(412, 'The record has changed since the version that If-Match names'),
  PAYLOAD_TOO_LARGE: define(413, 'The body is too large'),
  UNSUPPORTED_MEDIA_TYPE: define(415, 'The body must be application/json'),
  EXPECTATION_FAILED: define(417, 'The server can only meet Expect: 100-continue'),
  MISDIRECTED_REQUEST: define(
    421,
    'This server does not answer to the name in Host; set PUBLIC_URL to the address at which people reach it',
  ),
  IDEMPOTENCY_KEY_REUSED: define(422, 'This Idempotency-Key was already used for a different request'),
  RATE_LIMITED: { ...define(429, 'Too many requests; try again later', 'warn'), saysWhen: true },
  HEADERS_TOO_LARGE: define(431, 'The headers are too large'),
  CLIENT_ERROR: define(400, 'The request cannot be answered as it was sent'),
  CLIENT_ABORTED: define(499, 'The client closed the connection before it was answered'),
  INTERNAL_ERROR: define(500, 'Something went wrong on our side', 'error'),
  DATABASE_UNAVAILABLE: define(503, 'The database does not answer; try again later', 'error', RETRY_SOON),
  DEADLINE_EXCEEDED: define(503, 'The request took too long; try again later', 'error', RETRY_SOON),
  SERVICE_UNAVAILABLE: define(503, 'This is not available now; try again later', 'error', RETRY_SOON),
  SERVER_HELD_UP: define(503, 'The server was blocked for a moment; try again later', 'error', RETRY_SOON),
  OVERLOADED: define(503, 'The server is busy; try again later', 'warn', RETRY_SOON),
  MAIL_NOT_CONFIGURED: define(503, 'This server is not configured to send mail', 'warn', {
    'retry-after': '3600',
  }),
});

/** A code of the catalogue. */
export type ErrorCode = keyof typeof CATALOGUE;

/** One fault of the input: where (`metadata.tags.0`) and what is expected. */
export interface Detail {
  readonly path: string;
  readonly message: string;
}

/** The body of every failure. */
export interface Failure {
  readonly success: false;
  readonly error: string;
  readonly code: string;
  readonly requestId: string;
  readonly details?: readonly Detail[];
}

interface Options extends ErrorOptions {
  readonly details?: readonly Detail[];
  /** Seconds to wait before a retry. */
  readonly retryAfter?: number;
}

/** An error that is sent to the client. */
export class ApiError extends Error {
  readonly status: number;
  readonly level: Level;
  readonly headers: Readonly<Record<string, string>>;

  readonly code: string;
  readonly details: readonly Detail[] | undefined;

  constructor(
    { code, message, status, level, headers }: ErrorDefinition,
    { details, retryAfter, ...options }: Options = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = status;
    this.level = level;
    this.details = details;
    this.headers = {
      ...headers,
      ...(retryAfter !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
    };
  }
}

/** `throw apiError('CONFLICT')`, or one of a feature: `throw apiError(TicketErrors.TICKET_CLOSED)`. */
export function apiError(error: ErrorCode | ErrorDefinition, options?: Options): ApiError {
  return new ApiError(definitionOf(error), options);
}

/** The definition of an error: of the catalogue by its code, or the one given. */
export function definitionOf(error: ErrorCode | ErrorDefinition): ErrorDefinition {
  return typeof error === 'string' ? CATALOGUE[error] : error;
}

/**
 * 400 VALIDATION_ERROR; `details` name every field at fault. It has no stack: that would say where inputs are checked, at
 * a seventh of what refusing one costs.
 */
export function invalid(details: readonly Detail[]): ApiError {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = apiError('VALIDATION_ERROR', { details });
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

/** `blogPost` → `blog Post` */
function wordsOf(name: string): string {
  return name.replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, ' ');
}

/** `blog post` and `blogPost` → `BLOG_POST` */
function codeOf(words: string): string {
  return wordsOf(words).toUpperCase().replaceAll(' ', '_');
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `invoice` → `an invoice`; `user` and `unit` are pronounced with a consonant. */
export function aOrAn(words: string): string {
  const startsWithVowel = /^(?!us[aeiu]|uni[^dmn]|eu|one\b)[aeiou]/i.test(words);
  return `${startsWithVowel ? 'an' : 'a'} ${words}`;
}

/** For a record that does not exist or is not the caller's: `notFoundError('project')` is PROJECT_NOT_FOUND. */
export function notFoundError(resource: string): ErrorDefinition {
  return { code: `${codeOf(resource)}_NOT_FOUND`, ...define(404, `${sentence(resource)} not found`) };
}

/** For a value that must be unique: `takenError('invoice', 'customerEmail')` is INVOICE_CUSTOMER_EMAIL_TAKEN. */
export function takenError(resource: string, field: string): ErrorDefinition {
  const message = `There is already ${aOrAn(resource)} with this ${wordsOf(field).toLowerCase()}`;
  return { code: `${codeOf(resource)}_${codeOf(field)}_TAKEN`, ...define(409, message) };
}
