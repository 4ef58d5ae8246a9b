import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { routeConfig } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** No answer of the route may be kept by anybody: it holds a secret, so it is not compressed either. */
    noStore?: boolean;
  }
}

/**
 * Strict for everything the product serves, pages included: scripts and styles only from files of its own.
 * Swagger UI draws its icons from data: addresses.
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

/** The same for every answer, so they are made once. */
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
 * Keeps the answers of a route, failures included, out of every cache, and does not compress them: for routes that
 * answer secrets.
 */
export function NoStore(): MethodDecorator {
  return routeConfig({ noStore: true });
}

/** Answers to signed-in users may be kept only by their own cache, which must revalidate them. */
const PRIVATE = 'private, no-cache';

function cache(how: string) {
  return (_: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    reply.header('cache-control', how);
    done();
  };
}

/** Puts the security headers on every answer, errors and unknown addresses included. */
export function installHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    done();
  });
  // First of the route's hooks: one that refuses the request ends it.
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const { noStore, access } = route.config ?? {};
    const isPersonal = access !== undefined && access.kind !== 'public';
    const how = noStore ? 'no-store' : isPersonal ? PRIVATE : undefined;
    if (how !== undefined) route.onRequest = [cache(how), route.onRequest ?? []].flat();
  });
}
