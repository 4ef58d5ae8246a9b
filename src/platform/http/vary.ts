import type { FastifyReply } from 'fastify';

/** Adds to what an answer depends on besides its address. */
export function varyBy(reply: FastifyReply, name: string): void {
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? name : `${String(vary)}, ${name}`);
}
