import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ApiError, apiError, type ErrorCode } from '../errors/errors.js';
import type { CorsHeaders } from './cors.js';

/** Node's codes for what is wrong with a request that never became one. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

/** A whole answer, for a connection on which there is no request to answer. It is the last one of the connection. */
export function rawFailure({ status, message, code, headers }: ApiError, more: object = {}): string {
  const body = JSON.stringify({ success: false, error: message, code, requestId: null });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    ...Object.entries({ ...headers, ...more }).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

/** The Origin among the bytes that Node could not read, as far as they hold one. */
function originIn(packet: unknown): string | undefined {
  return /\r\norigin:[ \t]*(\S+)/i.exec(Buffer.isBuffer(packet) ? packet.toString('latin1') : '')?.[1];
}

/**
 * Answers bytes that are no HTTP request, where Fastify has no request to answer.
 * The connection is closed: what follows on it cannot be trusted.
 */
export function answerClientError(corsFor: CorsHeaders) {
  return (error: NodeJS.ErrnoException & { rawPacket?: unknown }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    // A client that connected in advance and sent nothing gets no answer.
    const isSilent = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0;
    if (socket.writable && !isSilent) {
      const failure = apiError(CODES[error.code ?? ''] ?? 'VALIDATION_ERROR');
      socket.write(rawFailure(failure, corsFor(originIn(error.rawPacket))));
    }
    socket.destroy();
  };
}
