import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { requestContext } from './request-context.js';
import { traceOf } from './spans.js';

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
      traceId: request.trace?.context.traceId,
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

/** One line for each request; the request id on every line in between, and the trace where there is one. */
export function installRequestLog(fastify: FastifyInstance, log: RequestLog): void {
  fastify.addHook('onRequest', (request, _, done) => {
    const trace = traceOf(request);
    if (trace) request.trace = trace;
    requestContext.run({ requestId: request.id, ...trace?.context }, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    request.trace?.end(reply);
    log(request, reply);
    done();
  });
}
