import type { FastifyInstance } from 'fastify';

/** Seconds for which a browser need not ask again; the longest that all of them keep. */
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
    /** Pages of CORS_ORIGINS may have the route set a cookie: browsers keep those of other origins only if told. */
    setsCookies?: true;
  }
}

type Headers = Readonly<Record<string, string>>;

/** The headers of an answer to a page of this origin, or to a client that is no page. */
export type CorsHeaders = (origin: string | undefined) => Headers;

/** Made once for each of CORS_ORIGINS; without any, answers carry nothing. */
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
 * Lets pages of these origins call the API. What is no preflight of theirs is answered as if there were no
 * CORS: without its headers, and OPTIONS with 404 or 405.
 */
export function installCors(fastify: FastifyInstance, origins: readonly string[]): void {
  const headersFor = corsHeaders(origins);
  /** How the addresses begin of routes that set cookies: a preflight has no route. */
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
