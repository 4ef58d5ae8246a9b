import { apiError } from '../../platform/errors/errors.js';
import { FileErrors } from './file.errors.js';
import type { ByteRange } from './file-store.js';

/** The headers `Range` and `If-Range` of a request. */
interface Asked {
  readonly range?: string | undefined;
  readonly 'if-range'?: string | string[] | undefined;
}

/**
 * The range of a file that a request asks for; undefined for the whole file. Multiple ranges and other units get the
 * whole file, as RFC 9110 allows.
 * @throws ApiError RANGE_NOT_SATISFIABLE
 */
export function rangeOf(asked: Asked, { size, etag }: { size: number; etag: string }): ByteRange | undefined {
  // A date cannot distinguish two versions within a second, and a weak tag says nothing about the bytes.
  if (asked['if-range'] !== undefined && asked['if-range'] !== etag) return undefined;
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(asked.range?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  if (start > end) {
    const { RANGE_NOT_SATISFIABLE } = FileErrors;
    throw apiError({ ...RANGE_NOT_SATISFIABLE, headers: { 'content-range': `bytes */${size}` } });
  }
  return { start, end };
}
