import type { FastifyInstance } from 'fastify';

/**
 * Ends connections with the last answer that they carry once the server closes. Node closes idle ones only at
 * that moment; one that is busy would then stay open for the keep-alive time and hold up the end of the process.
 */
export function installClosing(fastify: FastifyInstance): void {
  let isClosing = false;
  fastify.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (isClosing) reply.header('connection', 'close');
    done();
  });
}
