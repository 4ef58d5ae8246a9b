import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from '../../platform/http/entity-tag.js';
import { rangeOf } from './content-range.js';
import { FileErrors } from './file.errors.js';
import { files, type ReadyFile } from './file.schema.js';
import type { ByteRange } from './file-store.js';
import { dispositionOf } from './file-names.js';
import { contentTypeOf, isShown } from './file-types.js';

/** A file is data of others: whatever it is, it gets no scripts, no frames and no rights of this site. */
const SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/** What reading a file may be answered instead. */
export const READING_ERRORS = [
  ...files.errors.get,
  FileErrors.FILE_NOT_READY,
  FileErrors.RANGE_NOT_SATISFIABLE,
  FileErrors.STORAGE_UNAVAILABLE,
];

/** Sends the bytes of a file, or the part of them that is asked for. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: ReadyFile,
  read: (range?: ByteRange) => Promise<Readable>,
): Promise<void> {
  const { name, type, size, sha256 } = file;
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
  // Fastify would read a stream to its end to answer HEAD.
  await reply.send(request.method === 'HEAD' ? Readable.from([]) : await read(range));
}
