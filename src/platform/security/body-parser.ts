import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { apiError } from '../errors/errors.js';

/**
 * Parses application/json and nothing else: Fastify would also take text/plain.
 * An empty body is no body. Bytes that are no UTF-8 are refused instead of being replaced silently,
 * `__proto__` as a key is refused by the parser; `constructor` is left to the rules of the fields.
 */
export function installBodyParser(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'ignore');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    if (!isUtf8(body as Buffer)) return done(apiError('MALFORMED_JSON'));
    return parse(request, body.toString(), done);
  });
}
