import type { IncomingHttpHeaders } from 'node:http';
import { invalid } from '../errors/errors.js';

/**
 * The versions that a write may change: those that If-Match lists, or `'any'` for `*` or without the header; minus
 * those that If-None-Match lists. `required` is false if neither was sent: if no record matches, it does not exist.
 */
export interface Precondition {
  readonly versions: 'any' | readonly number[];
  readonly except?: readonly number[];
  readonly required: boolean;
}

/** Any version will do. */
export const NO_PRECONDITION: Precondition = { versions: 'any', required: false };

// RFC 9110, section 8.8.3: characters that a tag may hold between its quotes.
const TAG = String.raw`(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"`;
// Section 5.6.1.2: empty members of a list are ignored.
const TAG_LIST = new RegExp(String.raw`^[ \t,]*${TAG}(?:[ \t]*,[ \t,]*${TAG})*[ \t,]*$`);
/** Each tag of a header, whatever else is in it. */
export const EACH_TAG = new RegExp(TAG, 'g');

/**
 * The tag of a version, also as compressing proxies pass it on: nginx weakens it to `W/"3"`, Apache makes it
 * `"3-gzip"`. Both identify the version as well as the original, since the tag does not depend on the bytes.
 */
export const VERSION_TAG = /^(?:W\/)?"([1-9]\d{0,14})(?:-(?:gzip|br|zstd))?"$/;

/** The versions among the tags of a header; other tags match nothing. */
function versionsIn(header: string): number[] {
  return (header.match(EACH_TAG) ?? []).flatMap((tag) => VERSION_TAG.exec(tag)?.[1] ?? []).map(Number);
}

/** @throws ApiError VALIDATION_ERROR for a malformed header */
function parseTags(name: string, header: string | undefined): Precondition['versions'] | undefined {
  if (header === undefined) return undefined;
  if (header.trim() === '*') return 'any';
  if (TAG_LIST.test(header)) return versionsIn(header);
  throw invalid([{ path: name, message: 'must be *, or tags such as "3", separated by commas' }]);
}

/**
 * Reads the preconditions of a write. `If-None-Match: *` requires that the record does not exist, so no version may be
 * changed.
 * @throws ApiError VALIDATION_ERROR for a malformed header
 */
export function parsePrecondition(headers: IncomingHttpHeaders): Precondition {
  const versions = parseTags('if-match', headers['if-match']);
  const except = parseTags('if-none-match', headers['if-none-match']);
  if (versions === undefined && except === undefined) return NO_PRECONDITION;
  if (except === 'any') return { versions: [], required: true };
  return { versions: versions ?? 'any', ...(except && { except }), required: true };
}
