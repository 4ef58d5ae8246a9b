import { isUtf8 } from 'node:buffer';

/** Bytes needed to detect a type: office documents are archives whose type follows some entries. */
export const HEAD_BYTES = 64 * 1024;

/** Bytes that do not occur in text, by the MIME sniffing rules of browsers. */
const BINARY = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;
const MARKUP = /^(?:\u00ef\u00bb\u00bf)?\s*<(?:[!?/]|[a-z])/i;

/** Types that browsers show as pictures. SVG is not one of them: it is a document that may run scripts. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** What the client says about a file. Used only to distinguish CSV from other text, which the bytes do not show. */
interface DeclaredFile {
  readonly name: string;
  readonly type: string;
}

/** The type of a file, detected from its first bytes; undefined if unknown. */
export async function typeOf(head: Buffer, declared: DeclaredFile): Promise<string | undefined> {
  // Loaded on first use, because it takes some milliseconds.
  const { fileTypeFromBuffer } = await import('file-type');
  const known = await fileTypeFromBuffer(head).catch(() => undefined);
  if (known) return known.mime;
  const text = head.toString('latin1');
  if (BINARY.test(text)) return undefined;
  if (MARKUP.test(text)) return /<svg[\s>]/i.test(text) ? 'image/svg+xml' : 'text/html';
  return declared.type === 'text/csv' || /\.csv$/i.test(declared.name) ? 'text/csv' : 'text/plain';
}

/** Whether a type is the fallback for files without a known signature. */
export function isText(type: string): boolean {
  return type === 'text/plain' || type === 'text/csv';
}

/** Whether smaller pictures can be made of it. */
export function isPicture(type: string): boolean {
  return PICTURES.has(type);
}

/** Whether browsers may show it instead of saving it. */
export function isShown(type: string): boolean {
  return PICTURES.has(type) || type === 'text/plain';
}

/** The Content-Type header: without a charset a browser would guess one. */
export function contentTypeOf(type: string): string {
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}

/** Whether a possibly truncated text could be UTF-8. */
export function mayBeUtf8(head: Buffer): boolean {
  return [0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, head.length - cut)));
}
