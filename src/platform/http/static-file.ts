import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Encoding, encodingFor } from './compression.js';
import { varyBy } from './vary.js';

/** Where the build stores maximally compressed files by digest; without it, files are compressed on first use. */
const FOLDER = join(import.meta.dirname, 'compressed');

/** For files whose URL changes with their content: cached for a year. */
export const KEEP = 'public, max-age=31536000, immutable';
export const ASK_EACH_TIME = 'no-cache';

/** A file that does not change while the process runs. */
export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
  /** Digest of the content, as base64url. */
  readonly digest: string;
  readonly packed: Partial<Record<Encoding, Buffer>>;
}

export function staticFile(type: string, body: Buffer): StaticFile {
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 22);
  return { type, body, digest, packed: {} };
}

/** Compresses a file, either quickly or as small as possible. */
export function pack(encoding: Encoding, body: Buffer, isSmallest: boolean): Buffer {
  if (encoding === 'gzip') return gzipSync(body, { level: isSmallest ? 9 : 4 });
  return brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: isSmallest ? 11 : 4 } });
}

/** Where the build keeps the compressed form of a file. */
export function packedPath(encoding: Encoding, { digest }: StaticFile): string {
  return join(FOLDER, `${digest}.${encoding}`);
}

function packed(file: StaticFile, encoding: Encoding): Buffer {
  const path = packedPath(encoding, file);
  return (file.packed[encoding] ??= existsSync(path) ? readFileSync(path) : pack(encoding, file.body, false));
}

/** Sends a file in an encoding that the client accepts. `onSend: answerUnchanged` of the route answers 304. */
export function sendFile(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  file: StaticFile,
  caching: string,
): FastifyReply {
  const encoding = encodingFor(headers['accept-encoding']);
  if (encoding) reply.header('content-encoding', encoding);
  varyBy(reply, 'Accept-Encoding');
  return reply
    .headers({ 'cache-control': caching, etag: `"${file.digest}${encoding ? `-${encoding}` : ''}"` })
    .type(file.type)
    .send(encoding ? packed(file, encoding) : file.body);
}
