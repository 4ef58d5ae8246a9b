import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ApiError, apiError, type ErrorCode } from '../errors/errors.js';
import type { CorsHeaders } from './cors.js';
import { SECURITY_HEADERS } from './headers.js';

/** Node's codes for requests that could not be parsed. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

/** A complete response for a connection without a request object. It is the last one of the connection. */
export function rawFailure({ status, message, code, headers }: ApiError, more: object = {}): string {
  const body = JSON.stringify({ success: false, error: message, code, requestId: null });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...Object.entries({ ...SECURITY_HEADERS, ...headers, ...more }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

/** The Origin header in the bytes that Node could not parse, if there is one. */
function originIn(packet: unknown): string | undefined {
  return /\r\norigin:[ \t]*(\S+)/i.exec(Buffer.isBuffer(packet) ? packet.toString('latin1') : '')?.[1];
}

/**
 * Answers malformed HTTP, for which Fastify has no request object. The connection is closed: what follows on it cannot
 * be trusted.
 */
export function answerClientError(corsFor: CorsHeaders) {
  return (error: NodeJS.ErrnoException & { rawPacket?: unknown }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    // A client that opened a connection in advance and sent nothing gets no response.
    const isSilent = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesRead === 0;
    if (socket.writable && !isSilent) {
      const failure = apiError(CODES[error.code ?? ''] ?? 'VALIDATION_ERROR');
      socket.write(rawFailure(failure, corsFor(originIn(error.rawPacket))));
    }
    socket.destroy();
  };
}
