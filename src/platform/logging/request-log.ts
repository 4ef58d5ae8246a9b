import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { requestContext } from './request-context.js';
import { traceOf } from './spans.js';

function withoutQuery(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** Writes the log line of a request when its response has been sent. */
export type RequestLog = (request: FastifyRequest, reply: FastifyReply) => void;

/** @param logger where the lines go, without redaction: their fields hold no secrets */
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

/** Writes one line per request, and puts the request id, and the trace if there is one, on every line in between. */
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
