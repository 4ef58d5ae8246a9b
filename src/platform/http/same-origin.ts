import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { HttpConfig } from './http.config.js';
import { apiError } from '../errors/errors.js';
import { routeConfig } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Only pages of the product itself may use the route. */
    sameOrigin?: boolean;
  }
}

/**
 * Only pages of the product itself may use the route. For routes that rely on a cookie, which browsers send no matter
 * which site caused the request.
 */
export function SameOrigin(): MethodDecorator {
  return routeConfig({ sameOrigin: true });
}

/**
 * Whether a request comes from a page of the product: at PUBLIC_URL or, without it, at the requested host. In that case
 * with either scheme, since a proxy may terminate HTTPS without the server knowing.
 */
function isOwn({ headers, host }: FastifyRequest, own: string | undefined): boolean {
  const { origin } = headers;
  if (own !== undefined) return origin === own;
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** Refuses foreign and missing origins before a body is read. Browsers set Origin, and no page can change it. */
export function installSameOrigin(fastify: FastifyInstance, { publicUrl }: HttpConfig): void {
  const own = publicUrl === undefined ? undefined : new URL(publicUrl).origin;
  const check = (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void =>
    isOwn(request, own) ? done() : done(apiError('FORBIDDEN'));
  fastify.addHook('onRoute', (route: RouteOptions) => {
    if (route.config?.sameOrigin) route.onRequest = [route.onRequest ?? [], check].flat();
  });
}
