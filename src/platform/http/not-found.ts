import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import createRouter, { type HTTPMethod } from 'find-my-way';
import { apiError } from './errors.js';
import { fail } from './failure.js';

/** Answers a request that no route took. */
export type NotFoundHandler = (request: FastifyRequest, reply: FastifyReply) => void;

/**
 * Tells an unknown address (404) from a known one with another method (405 with `Allow`).
 * Fastify's router knows one method at a time, so a second one remembers the methods of each path.
 */
export function createNotFoundHandler(fastify: FastifyInstance): NotFoundHandler {
  const router = createRouter();
  const methods = new Set<HTTPMethod>();
  fastify.addHook('onRoute', ({ method, url }: RouteOptions) => {
    for (const each of [method].flat() as HTTPMethod[]) {
      methods.add(each);
      if (!router.hasRoute(each, url)) router.on(each, url, () => undefined);
    }
  });
  return (request, reply) => {
    const path = request.url.split(/[?#]/, 1)[0] ?? '';
    const allowed = [...methods].filter((method) => router.find(method, path) !== null);
    if (allowed.length > 0) reply.header('allow', allowed.toSorted().join(', '));
    fail(apiError(allowed.length > 0 ? 'METHOD_NOT_ALLOWED' : 'ROUTE_NOT_FOUND'), request, reply);
  };
}
