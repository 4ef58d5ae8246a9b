import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { invalid } from '../errors/errors.js';

/**
 * The versions that a writer is ready to change: those that If-Match lists, `'any'` for `*` or when the
 * header is absent. `required` tells the two apart: a lost race is then 412 instead of 409.
 */
export interface Precondition {
  readonly versions: 'any' | readonly number[];
  readonly required: boolean;
}

/** Any version will do. */
export const NO_PRECONDITION: Precondition = { versions: 'any', required: false };

/** Whether a record of this version may be changed. */
export function allows({ versions }: Precondition, version: number): boolean {
  return versions === 'any' || versions.includes(version);
}

// RFC 9110, section 8.8.3: characters that a tag may hold between its quotes.
const TAG = String.raw`(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"`;
// Section 5.6.1.2: empty members of a list are ignored.
const TAG_LIST = new RegExp(String.raw`^[ \t,]*${TAG}(?:[ \t]*,[ \t,]*${TAG})*[ \t,]*$`);
const EACH_TAG = new RegExp(TAG, 'g');

/**
 * Reads an If-Match header. A weak tag and one that is no version match nothing.
 * @throws ApiError VALIDATION_ERROR for a malformed header
 */
export function parseIfMatch(header: string | undefined): Precondition {
  if (header === undefined) return NO_PRECONDITION;
  if (header.trim() === '*') return { versions: 'any', required: true };
  if (!TAG_LIST.test(header)) {
    throw invalid([{ path: 'if-match', message: 'must be *, or tags such as "3", separated by commas' }]);
  }
  const tags = header.match(EACH_TAG) ?? [];
  const versions = tags.filter((tag) => /^"[1-9]\d{0,14}"$/.test(tag)).map((tag) => Number(tag.slice(1, -1)));
  return { versions, required: true };
}

const documentIfMatch: ParameterDecorator = (target, property) => {
  const handler = property === undefined ? undefined : Object.getOwnPropertyDescriptor(target, property);
  if (!handler || property === undefined) return;
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'Versions (ETags) that may be changed, or *. When the record has moved on: 412.',
    schema: { type: 'string', example: '"1"' },
  })(target, property, handler);
};

/** The request's If-Match, as a parameter of a handler. */
export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): Precondition => {
    const { headers } = context.switchToHttp().getRequest<FastifyRequest>();
    return parseIfMatch(headers['if-match']);
  },
  [documentIfMatch],
);

/** Whether If-None-Match says that the client has this version already (weak comparison, RFC 9110 13.1.2). */
function clientHas(etag: string, header: string): boolean {
  if (header.trim() === '*') return true;
  return (header.match(EACH_TAG) ?? []).some((tag) => tag.replace(/^W\//, '') === etag);
}

/** Fastify hook: answers the version of a record as a strong ETag. */
export function tagWithVersion(
  _request: FastifyRequest,
  reply: FastifyReply,
  payload: { version: number },
  done: (error: null, payload: unknown) => void,
): void {
  if (reply.statusCode < 300) reply.header('etag', `"${payload.version}"`);
  done(null, payload);
}

/** Fastify hook: answers 304 without a body to a reader who has the version already. */
export function answerUnchanged(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  const seen = request.headers['if-none-match'];
  const etag = reply.getHeader('etag');
  if (seen === undefined || typeof etag !== 'string' || !clientHas(etag, seen)) return done(null, payload);
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  done(null, null);
}
