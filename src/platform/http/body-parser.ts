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
    /** The handler reads the body itself, from `request.raw`: it is neither parsed nor limited. */
    streamsBody?: boolean;
  }
  interface FastifyRequest {
    /** The body before validation, kept only with an Idempotency-Key: its bytes, and their parsed value. */
    sentBody?: { readonly bytes: Buffer; readonly value?: unknown };
    /** Its bytes, if the handler takes them with `@RawBody()`. */
    rawBody?: Buffer;
  }
}

/** Whether the route requires a JSON body. */
function needsBody({ input, optionalBody }: FastifyContextConfig): boolean {
  return input?.body !== undefined && !input.form && !optionalBody;
}

/** Maximum length of the boundary between the parts of a form (RFC 2046); parsers fail at longer ones. */
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

/** Whether the route accepts bodies of this type, besides JSON. */
function isTaken(type: string, { input }: FastifyContextConfig): boolean {
  return isForm(type) ? input?.form === true : input?.raw === true && !input.body;
}

/** 415: no content encoding is supported, so that no small body expands into a large one. */
function encoded(): ApiError {
  return apiError({
    ...CATALOGUE.UNSUPPORTED_MEDIA_TYPE,
    message: 'The body must not be compressed or encoded otherwise',
    headers: { 'accept-encoding': 'identity' },
  });
}

/** Refuses encoded bodies. If no body is needed, the type of an empty one does not matter, even a malformed one. */
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
    // A plugin's parser is used only by routes that accept its type.
    if (!isTaken(type, config)) {
      if (needsBody(config)) return done(apiError('UNSUPPORTED_MEDIA_TYPE'));
      headers['content-type'] = undefined;
    }
  }
  return done(null, payload);
}

type Done = (error: Error | null, body?: unknown) => void;

/** Reads the bytes of a body without parsing it. */
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

/** Handles bodies that are not JSON: raw bytes, an empty body where none is needed, or an error. */
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
 * Parses application/json and nothing else: Fastify would also take text/plain. An empty body counts as no body.
 * Invalid UTF-8 is refused instead of being silently replaced, and so is `__proto__` as a key; `constructor` is left to
 * the fields' rules.
 */
export function installBodyParser(fastify: FastifyInstance): void {
  fastify.decorateRequest('sentBody', undefined);
  fastify.decorateRequest('rawBody', undefined);
  const parse = fastify.getDefaultJsonParser('error', 'ignore');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const { input } = request.routeOptions.config;
    if (input?.raw) request.rawBody = body as Buffer;
    // Raw bytes need not be JSON.
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
