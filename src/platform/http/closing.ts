import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.js';

/** What may be left of a refused body for the connection to be used again: more is dropped and the connection closed. */
const SMALL_REST = 64 * 1024;

/** Whether much of the body is still to come, or nobody knows how much. */
export function isLong({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > SMALL_REST;
}

/**
 * Decides with which answer a connection ends: one that comes long before its request's body, and the last one of a
 * server that is about to close. Once it closes, connections on which nothing is asked end at once: Node leaves those
 * open on which nothing was ever asked.
 * @param isDraining whether the server goes on for those only who do not know yet that it will close
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
    // Nothing good follows a body that did not come in time.
    const isLast = isDraining() || reply.statusCode === 408 || isLong(request.raw);
    if (isLast) reply.header('connection', 'close');
    // Fastify closes after each body that could not be parsed.
    else if (reply.hasHeader('connection')) reply.removeHeader('connection');
    done();
  });
}
