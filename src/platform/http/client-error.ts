import type { Socket } from 'node:net';
import { CATALOGUE, type ErrorCode } from '../errors/errors.js';

/** Node's codes for what is wrong with a request that never became one. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/**
 * Answers bytes that are no HTTP request, where Fastify has no request to answer.
 * The connection is closed: what follows on it cannot be trusted.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const code = CODES[error.code ?? ''] ?? 'VALIDATION_ERROR';
  const { status, message } = CATALOGUE[code];
  const body = JSON.stringify({ success: false, error: message, code, requestId: null });
  if (socket.writable) {
    socket.write(
      [
        `HTTP/1.1 ${status} ${REASONS[status]}`,
        'Content-Type: application/json; charset=utf-8',
        `Content-Length: ${Buffer.byteLength(body)}`,
        'X-Content-Type-Options: nosniff',
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  }
  socket.destroy();
}
