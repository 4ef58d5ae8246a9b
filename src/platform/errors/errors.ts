import type { Level } from 'pino';

interface Entry {
  readonly status: number;
  /** A sentence for people. */
  readonly message: string;
  /** Level of the request's log line. */
  readonly level: Level;
  /** Headers that belong to every answer with this code. */
  readonly headers?: Readonly<Record<string, string>>;
}

function define(status: number, message: string, level: Level = 'info', headers?: Entry['headers']): Entry {
  return headers ? { status, message, level, headers } : { status, message, level };
}

const RETRY_SOON = { 'retry-after': '1' };
const BEARER = { 'www-authenticate': 'Bearer' };

/** Every coded error of the product. Codes are for programs and never change; messages are for people. */
export const CATALOGUE = {
  VALIDATION_ERROR: define(400, 'The request is not valid'),
  MALFORMED_JSON: define(400, 'The body is not valid JSON'),
  WEAK_PASSWORD: define(400, 'The password is too easy to guess'),
  INVALID_RESET_TOKEN: define(400, 'The link was used, has expired or is not known; ask for a new one'),
  INVALID_CURSOR: define(400, 'The cursor is not valid for this list'),
  UNAUTHENTICATED: define(401, 'A valid access token is required', 'info', BEARER),
  INVALID_CREDENTIALS: define(401, 'The email or the password is wrong', 'info', BEARER),
  INVALID_REFRESH_TOKEN: define(401, 'The refresh token is not valid; sign in again', 'info', BEARER),
  REFRESH_TOKEN_REUSED: define(401, 'The refresh token was used before; sign in again', 'warn', BEARER),
  OTP_REQUIRED: define(401, 'A code of the second factor is required', 'info', BEARER),
  INVALID_OTP: define(401, 'The code is wrong or was used before', 'info', BEARER),
  FORBIDDEN: define(403, 'You may not do this', 'warn'),
  REGISTRATION_CLOSED: define(403, 'Registration is closed'),
  STEP_UP_REQUIRED: define(403, 'Prove that it is you: sign in again, or send POST /auth/step-up'),
  EMAIL_NOT_VERIFIED: define(403, 'Verify your email address first'),
  EMAIL_NOT_CONFIRMED: define(403, 'Supabase knows no confirmed email address of yours'),
  NOT_FOUND: define(404, 'There is no such thing'),
  ROUTE_NOT_FOUND: define(404, 'There is nothing at this address'),
  METHOD_NOT_ALLOWED: define(405, 'This address does not support this method'),
  API_KEY_NOT_FOUND: define(404, 'API key not found'),
  REQUEST_TIMEOUT: define(408, 'The request took too long to arrive'),
  EMAIL_TAKEN: define(409, 'The email address is taken'),
  REFRESH_IN_PROGRESS: define(409, 'The refresh token was used a moment ago; use the one that came of it'),
  OTP_ALREADY_ENABLED: define(409, 'The second factor is on already'),
  API_KEY_LIMIT_REACHED: define(409, 'You have as many API keys as a user may have; delete one first'),
  ACCOUNT_LINK_REQUIRED: define(
    409,
    'There is a user with this email address; sign in as that user and link the identity',
  ),
  IDENTITY_TAKEN: define(409, 'The identity is linked to another user'),
  IDENTITY_LIMIT_REACHED: define(409, 'You have as many identities as a user may have; unlink one first'),
  LAST_WAY_IN: define(409, 'Without a password this is the only way to sign in'),
  LAST_ADMIN: define(409, 'This is the last administrator who may sign in'),
  CONFLICT: define(409, 'The record was changed at the same time; read it again and retry'),
  IN_USE: define(409, 'Other records refer to this one; change or delete them first'),
  IDEMPOTENCY_IN_PROGRESS: define(
    409,
    'A request with this Idempotency-Key is under way; send it again in a moment',
    'info',
    RETRY_SOON,
  ),
  PRECONDITION_FAILED: define(412, 'The record has changed since the version that If-Match names'),
  PAYLOAD_TOO_LARGE: define(413, 'The body is too large'),
  UNSUPPORTED_MEDIA_TYPE: define(415, 'The body must be application/json'),
  EXPECTATION_FAILED: define(417, 'The server can only meet Expect: 100-continue'),
  MISDIRECTED_REQUEST: define(
    421,
    'This server does not go by the name in Host; set PUBLIC_URL to the address under which people reach it',
  ),
  IDEMPOTENCY_KEY_REUSED: define(422, 'The Idempotency-Key was sent with another request before'),
  RATE_LIMITED: define(429, 'Too many requests; try again later', 'warn'),
  HEADERS_TOO_LARGE: define(431, 'The headers are too large'),
  CLIENT_ERROR: define(400, 'The request cannot be answered as it was sent'),
  CLIENT_ABORTED: define(499, 'The client closed the connection before it was answered'),
  INTERNAL_ERROR: define(500, 'Something went wrong on our side', 'error'),
  DATABASE_UNAVAILABLE: define(503, 'The database does not answer; try again later', 'error', RETRY_SOON),
  AUTH_SERVER_UNAVAILABLE: define(
    503,
    'Supabase does not answer, so its token cannot be checked; try again later',
    'error',
    RETRY_SOON,
  ),
  DEADLINE_EXCEEDED: define(503, 'The request took too long; try again later', 'error', RETRY_SOON),
  SERVICE_UNAVAILABLE: define(503, 'This is not available now; try again later', 'error', RETRY_SOON),
  OVERLOADED: define(503, 'The server is busy; try again later', 'warn', RETRY_SOON),
  MAIL_NOT_CONFIGURED: define(503, 'This server sends no mails', 'warn', { 'retry-after': '3600' }),
} as const satisfies Record<string, Entry>;

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
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number;
}

/** An error that is answered as it stands. */
export class ApiError extends Error {
  readonly status: number;
  readonly level: Level;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: string,
    entry: Entry,
    readonly details?: readonly Detail[],
    { retryAfter, ...options }: Omit<Options, 'details'> = {},
  ) {
    super(entry.message, options);
    this.status = entry.status;
    this.level = entry.level;
    this.headers = {
      ...entry.headers,
      ...(retryAfter !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
    };
  }
}

/** `throw apiError('CONFLICT')` */
export function apiError(code: ErrorCode, { details, ...options }: Options = {}): ApiError {
  return new ApiError(code, CATALOGUE[code], details, options);
}

/** 400 VALIDATION_ERROR; `details` name every field at fault. */
export function invalid(details: readonly Detail[]): ApiError {
  return new ApiError('VALIDATION_ERROR', CATALOGUE.VALIDATION_ERROR, details);
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

/** `invoice` → `an invoice`; a user and a unit sound otherwise than they are written. */
export function aOrAn(words: string): string {
  const soundsOpen = /^(?!us[aeiu]|uni[^dmn]|eu|one\b)[aeiou]/i.test(words);
  return `${soundsOpen ? 'an' : 'a'} ${words}`;
}

/** 404 for a record that is not there or not the caller's: `notFound('project')` → PROJECT_NOT_FOUND. */
export function notFound(resource: string): ApiError {
  return new ApiError(`${codeOf(resource)}_NOT_FOUND`, define(404, `${sentence(resource)} not found`));
}

/** 409 for a value that must be unique: `taken('invoice', 'customerEmail')` → INVOICE_CUSTOMER_EMAIL_TAKEN. */
export function taken(resource: string, field: string): ApiError {
  const message = `There is already ${aOrAn(resource)} with this ${wordsOf(field).toLowerCase()}`;
  return new ApiError(`${codeOf(resource)}_${codeOf(field)}_TAKEN`, define(409, message));
}
