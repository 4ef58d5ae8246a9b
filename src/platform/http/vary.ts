import type { FastifyReply } from 'fastify';

/** Adds a request header to the response's Vary. */
export function varyBy(reply: FastifyReply, name: string): void {
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? name : `${String(vary)}, ${name}`);
}
