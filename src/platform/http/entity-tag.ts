import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { invalid } from '../errors/errors.js';
import { EACH_TAG, parsePrecondition, type Precondition, VERSION_TAG } from '../validation/precondition.js';
import { routeConfig } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler honours If-Match and If-None-Match. */
    preconditions?: boolean;
  }
}

const HEADERS = [
  [
    'If-Match',
    'Versions (ETags) that may be changed, or *. If the record has another version: 412. `W/"1"` counts as `"1"`.',
  ],
  [
    'If-None-Match',
    'Versions (ETags) that must not be changed, or *. If the record has one of them, or with * if it exists: 412.',
  ],
] as const;

const documentPreconditions: ParameterDecorator = (target, property) => {
  const handler = property === undefined ? undefined : Object.getOwnPropertyDescriptor(target, property);
  if (!handler || property === undefined) return;
  routeConfig({ preconditions: true })(target, property, handler);
  for (const [name, description] of HEADERS) {
    const schema = { type: 'string', example: name === 'If-Match' ? '"1"' : '"2"' };
    ApiHeader({ name, required: false, description, schema })(target, property, handler);
  }
};

/** The preconditions of the request's If-Match and If-None-Match, as a parameter of a handler that writes. */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): Precondition =>
    parsePrecondition(context.switchToHttp().getRequest<FastifyRequest>().headers),
  [documentPreconditions],
);

const NO_VERSION = 'must not be sent: nothing here has a version';

/** Refuses preconditions on routes without versions, instead of ignoring them. */
export function installPreconditions(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const writes = [route.method]
      .flat()
      .some((method) => ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method));
    if (!writes || route.config?.preconditions) return;
    const refuse = ({ headers }: FastifyRequest, _: FastifyReply, done: (error?: Error) => void): void => {
      const sent = ['if-match', 'if-none-match'].filter((name) => headers[name] !== undefined);
      done(sent.length > 0 ? invalid(sent.map((path) => ({ path, message: NO_VERSION }))) : undefined);
    };
    route.preValidation = [route.preValidation ?? [], refuse].flat();
  });
}

/** Whether If-None-Match says that the client has this version already. */
function clientHas(etag: string, header: string): boolean {
  if (header.trim() === '*') return true;
  const tags = header.match(EACH_TAG) ?? [];
  // A file's tag is a digest and is compared literally; a version's may have been weakened or suffixed.
  return tags.some((tag) => tag.replace(/^W\//, '') === etag || `"${VERSION_TAG.exec(tag)?.[1]}"` === etag);
}

/** Fastify hook: sends the version of a record as a strong ETag. */
export function tagWithVersion(
  _request: FastifyRequest,
  reply: FastifyReply,
  payload: { version: number },
  done: (error: null, payload: unknown) => void,
): void {
  if (reply.statusCode < 300) reply.header('etag', `"${payload.version}"`);
  done(null, payload);
}

/** Whether the client already has this response. */
export function isUnchanged({ headers }: FastifyRequest, reply: FastifyReply): boolean {
  const seen = headers['if-none-match'];
  const etag = reply.getHeader('etag');
  return seen !== undefined && typeof etag === 'string' && clientHas(etag, seen);
}

/** Fastify hook: answers 304 without a body if the client already has the version. */
export function answerUnchanged(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  if (!isUnchanged(request, reply)) return done(null, payload);
  reply
    .code(304)
    .removeHeader('content-type')
    .removeHeader('content-encoding')
    .removeHeader('content-length');
  done(null, null);
}
