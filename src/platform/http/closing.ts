import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

/** Bytes of a refused body that may remain for the connection to be reused; with more, it is closed. */
const SMALL_REST = 64 * 1024;

/** Whether a large or unknown part of the body is outstanding. */
export function isLong({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > SMALL_REST;
}

/**
 * Decides which response is the last of its connection: one that is sent long before the end of its request's body, and
 * every one once the server is shutting down. On close, idle connections are closed at once, including those that never
 * sent a request, which Node leaves open.
 * @param isDraining whether the server still serves only because load balancers have not noticed the shutdown yet
 */
export function installClosing(
  fastify: FastifyInstance,
  connections: Connections,
  isDraining: () => boolean,
): void {
  fastify.addHook('preClose', (done) => {
    connections.close();
    done();
  });
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    // After a body that timed out, the connection cannot be reused.
    const isLast = isDraining() || reply.statusCode === 408 || isLong(request.raw);
    if (isLast) reply.header('connection', 'close');
    // Fastify closes the connection after each body that could not be parsed.
    else if (reply.hasHeader('connection')) reply.removeHeader('connection');
    done();
  });
}
