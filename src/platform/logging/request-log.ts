import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestContext } from './request-context.js';

function withoutQuery(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** Writes the line of a request, when its answer is out. */
export function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const { failure, caller } = request;
  request.log[failure?.level ?? 'info']({
    event: 'request',
    requestId: request.id,
    method: request.method,
    path: withoutQuery(request.url),
    route: request.routeOptions.url,
    status: reply.statusCode,
    code: failure?.code,
    durationMs: Math.round(reply.elapsedTime * 10) / 10,
    address: request.ip,
    userId: caller?.id,
  });
}

/** One line for each request; and the request id on every line in between. */
export function installRequestLog(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _, done) => {
    requestContext.run({ requestId: request.id }, done);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    logRequest(request, reply);
    done();
  });
}
