import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, preParsingHookHandler } from 'fastify';
import { type ApiError, apiError, CATALOGUE } from '../errors/errors.js';
import { withHeldNumbers } from '../validation/held-numbers.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body before it is checked, where an Idempotency-Key makes it matter: its bytes, and what they hold. */
    sentBody?: { readonly bytes: Buffer; readonly value?: unknown };
  }
}

/** Whether a request without a body makes no sense. */
function needsBody({ routeOptions: { config } }: FastifyRequest): boolean {
  return config.input?.body !== undefined && !config.optionalBody;
}

/** 415: no encoding is understood, so that no small body becomes a large one. */
function encoded(): ApiError {
  return apiError({
    ...CATALOGUE.UNSUPPORTED_MEDIA_TYPE,
    message: 'The body must not be compressed or encoded otherwise',
    headers: { 'accept-encoding': 'identity' },
  });
}

/** Refuses encoded bodies. Where none is needed, the type of an empty one does not matter, even if it is no type. */
function checkBodyHeaders(
  request: FastifyRequest,
  _: FastifyReply,
  payload: unknown,
  done: (error: Error | null, payload?: unknown) => void,
): void {
  const { headers } = request;
  const length = headers['content-length'];
  const isThere = headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0);
  const encoding = headers['content-encoding'];
  if (isThere && encoding !== undefined && !/^\s*(identity)?\s*$/i.test(encoding)) return done(encoded());
  const type = headers['content-type'];
  if (type !== undefined && !/^\s*application\/json\b/i.test(type) && !needsBody(request)) {
    headers['content-type'] = undefined;
  }
  return done(null, payload);
}

/** What is not JSON: an empty body where none is needed, or a fault. */
function expectNothing(
  request: FastifyRequest,
  payload: Readable,
  done: (error: Error | null, body?: unknown) => void,
): void {
  if (needsBody(request)) return done(apiError('UNSUPPORTED_MEDIA_TYPE'));
  const settle = (error: Error | null): void => {
    payload.off('data', refuse).off('end', accept).off('error', settle);
    done(error);
  };
  const refuse = (): void => settle(apiError('UNSUPPORTED_MEDIA_TYPE'));
  const accept = (): void => settle(null);
  payload.on('data', refuse).on('end', accept).on('error', settle);
}

/**
 * Parses application/json and nothing else: Fastify would also take text/plain.
 * An empty body is no body. Bytes that are no UTF-8 are refused instead of being replaced silently,
 * `__proto__` as a key is refused by the parser; `constructor` is left to the rules of the fields.
 */
export function installBodyParser(fastify: FastifyInstance): void {
  fastify.decorateRequest('sentBody', undefined);
  const parse = fastify.getDefaultJsonParser('error', 'ignore');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined);
    if (!isUtf8(body as Buffer)) return done(apiError('MALFORMED_JSON'));
    const text = body.toString();
    return parse(request, text, (error, parsed: unknown) => {
      if (error) return done(apiError('MALFORMED_JSON'));
      try {
        const value = withHeldNumbers(parsed, text);
        if (request.headers['idempotency-key'] !== undefined) {
          request.sentBody = { bytes: body as Buffer, value };
        }
        return done(null, value);
      } catch (fault) {
        return done(fault as Error);
      }
    });
  });
  fastify.addContentTypeParser('*', expectNothing);
  fastify.addHook('preParsing', checkBodyHeaders as preParsingHookHandler);
}
