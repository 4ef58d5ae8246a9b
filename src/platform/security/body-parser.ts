import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { apiError } from '../errors/errors.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it was sent, where an Idempotency-Key makes it matter. */
    rawBody?: Buffer;
  }
}

/**
 * Parses application/json and nothing else: Fastify would also take text/plain.
 * An empty body is no body. Bytes that are no UTF-8 are refused instead of being replaced silently,
 * `__proto__` as a key is refused by the parser; `constructor` is left to the rules of the fields.
 */
export function installBodyParser(fastify: FastifyInstance): void {
  fastify.decorateRequest('rawBody', undefined);
  const parse = fastify.getDefaultJsonParser('error', 'ignore');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    if (request.headers['idempotency-key'] !== undefined) request.rawBody = body as Buffer;
    if (!isUtf8(body as Buffer)) return done(apiError('MALFORMED_JSON'));
    return parse(request, body.toString(), done);
  });
}
