import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from '../../platform/http/entity-tag.js';
import { rangeOf } from './content-range.js';
import { FileErrors } from './file.errors.js';
import { files } from './file.schema.js';
import type { ByteRange } from './file-store.js';
import { dispositionOf } from './file-names.js';
import { contentTypeOf, isShown } from './file-types.js';

/** Files are untrusted: whatever one contains, it cannot run scripts, be framed or access this site. */
const SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/** The errors of reading a file. */
export const READING_ERRORS = [
  ...files.errors.get,
  FileErrors.FILE_NOT_READY,
  FileErrors.PICTURE_NOT_MADE,
  FileErrors.RANGE_NOT_SATISFIABLE,
  FileErrors.STORAGE_UNAVAILABLE,
];

/** A content to send: the bytes of a file, or of a smaller picture. */
export interface Sendable {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly sha256: string;
  readonly read: (range?: ByteRange) => Promise<Readable>;
}

/** Sends the bytes of a file, or the requested range. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { name, type, size, sha256, read }: Sendable,
): Promise<void> {
  const etag = `"${sha256}"`;
  reply.headers({
    etag,
    'accept-ranges': 'bytes',
    'content-disposition': dispositionOf(name, isShown(type)),
    'content-security-policy': SANDBOX,
  });
  if (isUnchanged(request, reply)) return void reply.code(304).send();
  const range = rangeOf(request.headers, { size, etag });
  if (range) {
    const { start, end } = range;
    reply.code(206).header('content-range', `bytes ${start}-${end}/${size}`);
  }
  reply.type(contentTypeOf(type)).header('content-length', range ? range.end - range.start + 1 : size);
  // For HEAD, Fastify would read the stream to its end.
  await reply.send(request.method === 'HEAD' ? Readable.from([]) : await read(range));
}
