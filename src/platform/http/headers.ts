import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { routeConfig } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Responses of the route must not be stored: they hold a secret, so they are not compressed either. */
    noStore?: boolean;
  }
}

/**
 * Strict for everything the product serves, including pages: scripts and styles only from its own files. Swagger UI
 * uses data: URLs for its icons.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** The headers of every response. Add yours here: they are also sent with raw errors and refusals. */
export const SECURITY_HEADERS = Object.freeze({
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
});

/**
 * Keeps the responses of a route, including failures, out of every cache, and does not compress them: for routes that
 * return secrets.
 */
export function NoStore(): MethodDecorator {
  return routeConfig({ noStore: true });
}

/** Responses to signed-in users may be stored only by their own cache, which must revalidate them. */
const PRIVATE = 'private, no-cache';

function cache(how: string) {
  return (_: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    reply.header('cache-control', how);
    done();
  };
}

/** Puts the security headers on every response, including errors and unknown routes. */
export function installHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    done();
  });
  // Before the route's other hooks: one that refuses the request ends it.
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const { noStore, access } = route.config ?? {};
    const isPersonal = access !== undefined && access.kind !== 'public';
    const how = noStore ? 'no-store' : isPersonal ? PRIVATE : undefined;
    if (how !== undefined) route.onRequest = [cache(how), route.onRequest ?? []].flat();
  });
}
