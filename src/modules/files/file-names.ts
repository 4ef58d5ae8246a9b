import { invalid } from '../../platform/errors/errors.js';

/** The limit of common file systems, in bytes. */
const MAX_BYTES = 255;
/** Control characters, lone surrogates, and bidirectional marks, which show `gnp.exe` as `exe.png`. */
const REFUSED = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/**
 * The name of a file, without the path that some programs send with it.
 * @param path the path of the field in errors
 * @throws ApiError VALIDATION_ERROR
 */
export function nameOf(path: 'file' | 'name', sent: string | undefined): string {
  const name = (sent ?? '').split(/[/\\]/).at(-1)?.normalize('NFC').trim() ?? '';
  const problem = problemOf(name);
  if (problem)
    throw invalid([{ path, message: `${path === 'file' ? 'the name of file' : path} ${problem}` }]);
  return name;
}

function problemOf(name: string): string | undefined {
  if (name === '' || name === '.' || name === '..') return 'must not be empty';
  if (REFUSED.test(name)) return 'must have no control characters';
  return Buffer.byteLength(name) > MAX_BYTES ? `must have at most ${MAX_BYTES} bytes` : undefined;
}

/** For programs that support ASCII only; quotes and backslashes would end the string. */
function asciiOf(name: string): string {
  return name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
}

/** `encodeURIComponent` leaves some characters that RFC 8187 requires to be encoded. */
function encoded(name: string): string {
  return encodeURIComponent(name).replaceAll(
    /['()*!]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Content-Disposition: the name of a file, and whether a page may show it. */
export function dispositionOf(name: string, isShown: boolean): string {
  return `${isShown ? 'inline' : 'attachment'}; filename="${asciiOf(name)}"; filename*=UTF-8''${encoded(name)}`;
}
