import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  preParsingHookHandler,
} from 'fastify';
import { type ApiError, apiError, CATALOGUE, invalid } from '../errors/errors.js';
import { withExactNumbers } from '../validation/exact-numbers.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler reads the body itself, from `request.raw`: it is neither parsed nor bounded. */
    streamsBody?: boolean;
  }
  interface FastifyRequest {
    /** The body before it is checked, where an Idempotency-Key makes it matter: its bytes, and what they hold. */
    sentBody?: { readonly bytes: Buffer; readonly value?: unknown };
    /** Its bytes, where the handler takes them by `@RawBody()`. */
    rawBody?: Buffer;
  }
}

/** Whether a request without a JSON body makes no sense. */
function needsBody({ input, optionalBody }: FastifyContextConfig): boolean {
  return input?.body !== undefined && !input.form && !optionalBody;
}

/** Most characters of what stands between the parts of a form (RFC 2046); parsers fail at longer ones. */
const MAX_BOUNDARY = 70;

const isForm = (type: string): boolean => /^\s*multipart\/form-data\b/i.test(type);

/** What is wrong with the type of a body for a route that takes forms. */
function formFault(type: string): ApiError | undefined {
  if (!isForm(type)) {
    return apiError({
      ...CATALOGUE.UNSUPPORTED_MEDIA_TYPE,
      message: 'The body must be multipart/form-data',
    });
  }
  const [, quoted, plain = quoted] = /;\s*boundary=(?:"([^"]*)"|([^;\s]*))/i.exec(type) ?? [];
  if (plain === undefined || plain.length <= MAX_BOUNDARY) return undefined;
  return invalid([{ path: '', message: `the boundary must have at most ${MAX_BOUNDARY} characters` }]);
}

/** Whether the route takes a body of this type, besides JSON. */
function isTaken(type: string, { input }: FastifyContextConfig): boolean {
  return isForm(type) ? input?.form === true : input?.raw === true && !input.body;
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
  if (request.routeOptions.config.streamsBody) headers['content-type'] = undefined;
  const type = headers['content-type'];
  const fault = isThere && request.routeOptions.config.input?.form ? formFault(type ?? '') : undefined;
  if (fault) return done(fault);
  if (type !== undefined && !/^\s*application\/json\b/i.test(type)) {
    const { config } = request.routeOptions;
    // The parser that a plugin has brought along is for routes that take its type.
    if (!isTaken(type, config)) {
      if (needsBody(config)) return done(apiError('UNSUPPORTED_MEDIA_TYPE'));
      headers['content-type'] = undefined;
    }
  }
  return done(null, payload);
}

type Done = (error: Error | null, body?: unknown) => void;

/** Keeps the bytes of a body that is not parsed. */
function readBytes(request: FastifyRequest, payload: Readable, most: number, done: Done): void {
  const chunks: Buffer[] = [];
  let size = 0;
  payload.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > most) payload.removeAllListeners('data').resume();
    else chunks.push(chunk);
    if (size > most) done(apiError('PAYLOAD_TOO_LARGE'));
  });
  payload.on('end', () => {
    if (size > most) return;
    request.rawBody = Buffer.concat(chunks);
    done(null);
  });
  payload.on('error', done);
}

/** What is not JSON: bytes of a route that takes any, an empty body where none is needed, or a fault. */
function expectNothing(request: FastifyRequest, payload: Readable, done: Done): void {
  const { config, bodyLimit } = request.routeOptions;
  if (config.streamsBody) return done(null);
  if (config.input?.raw && !config.input.body) return readBytes(request, payload, bodyLimit, done);
  if (needsBody(config)) return done(apiError('UNSUPPORTED_MEDIA_TYPE'));
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
  fastify.decorateRequest('rawBody', undefined);
  const parse = fastify.getDefaultJsonParser('error', 'ignore');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const { input } = request.routeOptions.config;
    if (input?.raw) request.rawBody = body as Buffer;
    // Bytes alone may be anything.
    if (body.length === 0 || (input?.raw && !input.body)) return done(null, undefined);
    if (!isUtf8(body as Buffer)) return done(apiError('MALFORMED_JSON'));
    const text = body.toString();
    return parse(request, text, (error, parsed: unknown) => {
      if (error) return done(apiError('MALFORMED_JSON'));
      try {
        const value = withExactNumbers(parsed, text);
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
