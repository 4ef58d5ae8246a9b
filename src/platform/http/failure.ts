import type { ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isOutage, isPoolExhausted, isTooSlow } from '../errors/driver-errors.js';
import { ApiError, apiError, type ErrorCode, type Failure, invalid } from '../errors/errors.js';
import { ofHttpError } from '../errors/http-errors.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The error that this request was answered with, for its log line. */
    failure?: ApiError;
  }
  interface FastifyInstance {
    /** Whether the database has responded recently. */
    hasDatabaseAnswered?: () => boolean;
  }
}

/** Codes for Fastify's own errors, where their status is not enough. */
const FASTIFY_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'MALFORMED_JSON',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'MALFORMED_JSON',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
  FST_ERR_CTP_BODY_TOO_LARGE: 'PAYLOAD_TOO_LARGE',
};

/**
 * The coded error for anything thrown. Unknown errors become INTERNAL_ERROR, with the original as `cause`, for the log
 * only.
 * @param hasDatabaseAnswered tells a busy database from one that is down, when all connections are in use
 */
export function toApiError(error: unknown, hasDatabaseAnswered?: () => boolean): ApiError {
  if (error instanceof ApiError) return error;
  if (isTooSlow(error)) return apiError('DEADLINE_EXCEEDED', { cause: error });
  if (isPoolExhausted(error) && hasDatabaseAnswered?.()) return apiError('OVERLOADED', { cause: error });
  if (isOutage(error)) return apiError('DATABASE_UNAVAILABLE', { cause: error });
  const { code } = (error ?? {}) as { code?: unknown };
  const known = typeof code === 'string' ? FASTIFY_CODES[code] : undefined;
  if (known) return apiError(known);
  if (code === 'FST_ERR_BAD_URL') return invalid([{ path: 'url', message: 'must be a valid address' }]);
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') return apiError('ROUTE_NOT_FOUND');
  return ofHttpError(error) ?? apiError('INTERNAL_ERROR', { cause: error });
}

/** The body of every failure. */
export function failureBody(error: ApiError, requestId: string): Failure {
  const body = { success: false, error: error.message, code: error.code, requestId } as const;
  return error.details ? { ...body, details: error.details } : body;
}

/** The coded error for what was thrown while a request was handled. */
function errorOf(thrown: unknown, { server }: FastifyRequest): ApiError {
  const error = toApiError(thrown, server.hasDatabaseAnswered);
  // A blocked process would blame the database for its own delay.
  const isOwnFault = error !== thrown && error.status === 503 && server.isHeldUp();
  return isOwnFault ? apiError('SERVER_HELD_UP', { cause: error.cause }) : error;
}

/**
 * Answers a request with an error, wherever it was thrown, in Nest or in Fastify. Stack traces, driver messages and
 * paths stay in the log.
 */
export function fail(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  // The deadline may have answered already while the handler was running, or the client has gone, which the deadline
  // handles.
  if (reply.sent || request.raw.socket.destroyed) return;
  const error = errorOf(thrown, request);
  request.failure = error;
  if (error.status >= 500) {
    request.log[error.level](
      { event: 'request_failed', code: error.code, err: error.cause ?? error },
      error.message,
    );
  }
  // The client would take a truncated response for a complete one.
  if (reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  void reply
    .code(error.status)
    .headers(error.headers)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer(JSON.stringify)
    .send(failureBody(error, request.id));
}

/** Passes everything that Nest's handlers throw to `fail`. */
@Catch()
export class FailureFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply | ServerResponse>();
    // Middleware has Node's own request and response; its errors go to Fastify's error handler, which is `fail`.
    if (!('request' in reply)) throw error;
    fail(error, http.getRequest<FastifyRequest>(), reply);
  }
}
