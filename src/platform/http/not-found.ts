import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import createRouter, { type HTTPMethod } from 'find-my-way';
import { apiError } from '../errors/errors.js';
import { fail } from './failure.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers browsers with a page in place of `fail`; returns whether it did. The console sets it. */
    refusalPage?: (request: FastifyRequest, reply: FastifyReply) => boolean;
  }
}

/** Whether a path parameter is empty: `/projects/` is not the address of a project. A `*` may be empty. */
function lacksParameter(params: unknown): boolean {
  for (const name in params as Record<string, string>) {
    if (name !== '*' && (params as Record<string, string>)[name] === '') return true;
  }
  return false;
}

/**
 * Distinguishes an unknown path (404) from a known one with another method (405 with `Allow`). Fastify's router looks
 * up one method at a time, so a second one stores the methods of each path. Covers the routes that are declared after
 * this call.
 */
export function installNotFound(fastify: FastifyInstance): void {
  const router = createRouter();
  const methods = new Set<HTTPMethod>();
  fastify.addHook('onRoute', ({ method, url }: RouteOptions) => {
    for (const each of [method].flat() as HTTPMethod[]) {
      methods.add(each);
      if (!router.hasRoute(each, url)) router.on(each, url, () => undefined);
    }
  });
  const answer = (request: FastifyRequest, reply: FastifyReply): void => {
    const path = request.url.split(/[?#]/, 1)[0] ?? '';
    // `OPTIONS *` has no path; the router would treat it as the root.
    const isAddress = path !== '*';
    const allowed = [...methods].filter((method) => {
      const route = isAddress ? router.find(method, path) : null;
      return route !== null && !lacksParameter(route.params);
    });
    if (allowed.length > 0) reply.header('allow', allowed.toSorted().join(', '));
    const error = apiError(allowed.length > 0 ? 'METHOD_NOT_ALLOWED' : 'ROUTE_NOT_FOUND');
    request.failure = error;
    if (fastify.refusalPage?.(request, reply.code(error.status))) return;
    fail(error, request, reply);
  };
  fastify.setNotFoundHandler(answer);
  // The handler alone would run after the body, which should not have to be read.
  fastify.addHook('onRequest', (request, reply, done) => {
    // Counted, so that probing for routes uses up the rate limit, without changing the response.
    if (request.is404 || lacksParameter(request.params)) {
      fastify.limit(request, reply, () => answer(request, reply));
    } else done();
  });
}
