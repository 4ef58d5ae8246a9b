import { HttpException } from '@nestjs/common';
import { type ApiError, apiError, CATALOGUE, type Detail, type ErrorCode } from './errors.js';

/** The code for a status, if an exception has none. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'VALIDATION_ERROR',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  409: 'CONFLICT',
  412: 'PRECONDITION_FAILED',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  417: 'EXPECTATION_FAILED',
  421: 'MISDIRECTED_REQUEST',
  429: 'RATE_LIMITED',
  431: 'HEADERS_TOO_LARGE',
  503: 'SERVICE_UNAVAILABLE',
};

function codeOf(status: number): ErrorCode {
  return CODES[status] ?? (status < 500 ? 'CLIENT_ERROR' : 'INTERNAL_ERROR');
}

/** The body of an exception, as Nest's own exceptions, its pipes and Terminus write it. */
interface Body {
  readonly message?: unknown;
  readonly error?: unknown;
  readonly details?: unknown;
}

function sentenceOf(body: unknown): string | undefined {
  const { message, error } = (typeof body === 'string' ? { message: body } : body) as Body;
  return [message, error].find((text): text is string => typeof text === 'string' && text !== '');
}

/** One detail per message, or per indicator of a health check that is down, without its reason. */
function detailsOf({ message, details }: Body): readonly Detail[] | undefined {
  if (Array.isArray(message)) return message.map((text) => ({ path: '', message: String(text) }));
  if (typeof details !== 'object' || details === null) return undefined;
  const down = Object.entries(details).filter(([, row]) => (row as { status?: unknown })?.status === 'down');
  return down.length > 0 ? down.map(([path]) => ({ path, message: 'is down' })) : undefined;
}

/** For an exception of Nest or of a subclass: its status, and its message if the client is at fault. */
function ofException(exception: HttpException): ApiError {
  const status = exception.getStatus();
  const { errorCode = codeOf(status) } = exception as { errorCode?: string };
  const entry = CATALOGUE[codeOf(status)];
  const body: unknown = exception.getResponse();
  // An error in place of a body was never meant for clients.
  const isBody = !(body instanceof Error);
  const message = status < 500 && isBody ? sentenceOf(body) : undefined;
  const details = isBody ? detailsOf(body as Body) : undefined;
  return apiError(
    { ...entry, code: errorCode, status, message: message ?? entry.message },
    { cause: exception, ...(details && { details }), ...(status === 429 && { retryAfter: 1 }) },
  );
}

/**
 * The coded error for an exception of Nest, or for any other error whose `statusCode` says that the client is at fault,
 * as those of Fastify's plugins do. Undefined for others.
 */
export function ofHttpError(error: unknown): ApiError | undefined {
  if (error instanceof HttpException) return ofException(error);
  const { statusCode: status } = (error ?? {}) as { statusCode?: unknown };
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 400 || status > 499)
    return undefined;
  return apiError({ ...CATALOGUE[codeOf(status)], status }, { cause: error });
}
