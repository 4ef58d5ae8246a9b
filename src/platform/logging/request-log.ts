import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { requestContext } from './request-context.js';

function withoutQuery(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** Writes the line of a request, when its answer is out. */
export type RequestLog = (request: FastifyRequest, reply: FastifyReply) => void;

/** @param logger where the lines go; their fields are these, so that nothing in them has to be removed */
export function createRequestLog(logger: Logger): RequestLog {
  return (request, reply) => {
    const { failure, caller } = request;
    logger[failure?.level ?? 'info']({
      event: 'request',
      requestId: request.id,
      method: request.method,
      path: withoutQuery(request.url),
      route: request.routeOptions.url,
      status: reply.statusCode,
      code: failure?.code,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      address: request.clientAddress,
      userId: caller?.id,
    });
  };
}

/** One line for each request; and the request id on every line in between. */
export function installRequestLog(fastify: FastifyInstance, log: RequestLog): void {
  fastify.addHook('onRequest', (request, _, done) => {
    requestContext.run({ requestId: request.id }, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    log(request, reply);
    done();
  });
}
