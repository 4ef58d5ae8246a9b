import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import createRouter, { type HTTPMethod } from 'find-my-way';
import { apiError } from '../errors/errors.js';
import { fail } from './failure.js';

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers a browser, which wants a page, in place of `fail`; answers whether it did. The console sets it. */
    refusalPage?: (request: FastifyRequest, reply: FastifyReply) => boolean;
  }
}

/**
 * Whether a parameter of the path is missing: `/projects/` is not the address of a project. What a `*` stands for
 * may be empty.
 */
function lacksParameter(params: unknown): boolean {
  for (const name in params as Record<string, string>) {
    if (name !== '*' && (params as Record<string, string>)[name] === '') return true;
  }
  return false;
}

/**
 * Tells an unknown address (404) from a known one with another method (405 with `Allow`).
 * Fastify's router knows one method at a time, so a second one remembers the methods of each path.
 * Knows the routes that are declared after it.
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
    // `OPTIONS *` is about no address; the router would take it for the root.
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
  // The handler alone would come after the body, which nobody should have to read.
  fastify.addHook('onRequest', (request, reply, done) => {
    // Counted, so that probing for routes uses up the rate limit; the answer stays what it is.
    if (request.is404 || lacksParameter(request.params)) {
      fastify.limit(request, reply, () => answer(request, reply));
    } else done();
  });
}
