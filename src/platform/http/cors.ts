import type { FastifyInstance } from 'fastify';

/** Seconds for which a browser caches a preflight; the longest that all browsers honour. */
const MAX_AGE_S = 7200;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Headers that pages of other origins may send. */
const ALLOWED_HEADERS = [
  'Authorization',
  'Content-Type',
  'If-Match',
  'If-None-Match',
  'Idempotency-Key',
  'X-Organization-Id',
  'X-Request-Id',
  'Range',
  'Last-Event-ID',
];

/** Headers that pages of other origins may read. */
const EXPOSED_HEADERS = [
  'ETag',
  'Location',
  'X-Request-Id',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'Idempotency-Replayed',
  'Content-Disposition',
  'Content-Range',
  'Accept-Ranges',
];

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * The route sets a cookie, also for pages of CORS_ORIGINS, whose browsers keep it only if credentials are allowed.
     */
    setsCookies?: true;
  }
}

type Headers = Readonly<Record<string, string>>;

/** The CORS headers of a response to a page of this origin, or to a client without an origin. */
export type CorsHeaders = (origin: string | undefined) => Headers;

/** Built once for each of CORS_ORIGINS; without any, there are no CORS headers. */
export function corsHeaders(origins: readonly string[]): CorsHeaders {
  if (origins.length === 0) return () => ({});
  const others = { vary: 'Origin' };
  const byOrigin = new Map(
    origins.map((origin) => [
      origin,
      {
        vary: 'Origin',
        'access-control-allow-origin': origin,
        'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
      },
    ]),
  );
  return (origin) => (origin === undefined ? others : (byOrigin.get(origin) ?? others));
}

const PREFLIGHT: Headers = {
  'access-control-allow-methods': METHODS.join(', '),
  'access-control-allow-headers': ALLOWED_HEADERS.join(', '),
  'access-control-max-age': String(MAX_AGE_S),
};

/**
 * Lets pages of these origins call the API. Other requests are answered as if there were no CORS: without its headers,
 * and OPTIONS with 404 or 405.
 */
export function installCors(fastify: FastifyInstance, origins: readonly string[]): void {
  const headersFor = corsHeaders(origins);
  /** Path prefixes of routes that set cookies: a preflight has no route of its own. */
  const withCookies: string[] = [];
  fastify.addHook('onRoute', ({ url, config }) => {
    if (config?.setsCookies) withCookies.push(url.split(':', 1)[0] ?? url);
  });
  fastify.addHook('onRequest', ({ method, url, headers }, reply, done) => {
    const cors = headersFor(headers.origin);
    reply.headers(cors);
    const isAllowed = 'access-control-allow-origin' in cors;
    if (isAllowed && withCookies.some((start) => url.startsWith(start)))
      reply.header('access-control-allow-credentials', 'true');
    const isPreflight = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
    if (!isPreflight || !isAllowed) return done();
    reply.code(204).headers(PREFLIGHT).removeHeader('access-control-expose-headers').send();
  });
}
