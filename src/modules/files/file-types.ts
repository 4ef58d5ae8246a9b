import { isUtf8 } from 'node:buffer';

/** How much of a file's beginning tells its type: office documents are archives that say so behind some entries. */
export const HEAD_BYTES = 64 * 1024;

/** Bytes that no text has, by the rules by which browsers tell. */
const BINARY = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;
const MARKUP = /^(?:\u00ef\u00bb\u00bf)?\s*<(?:[!?/]|[a-z])/i;

/** What a browser shows as a picture. An SVG is a document, which may run scripts. */
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);

/** What the sender says of a file. It only tells a table from other texts: that cannot be seen. */
interface Told {
  readonly name: string;
  readonly type: string;
}

/** The type of a file by its first bytes; undefined for one that nobody knows. */
export async function typeOf(head: Buffer, told: Told): Promise<string | undefined> {
  // Takes some milliseconds to load, and most processes see no file at first.
  const { fileTypeFromBuffer } = await import('file-type');
  const known = await fileTypeFromBuffer(head).catch(() => undefined);
  if (known) return known.mime;
  const text = head.toString('latin1');
  if (BINARY.test(text)) return undefined;
  if (MARKUP.test(text)) return /<svg[\s>]/i.test(text) ? 'image/svg+xml' : 'text/html';
  return told.type === 'text/csv' || /\.csv$/i.test(told.name) ? 'text/csv' : 'text/plain';
}

/** Whether a type was told from the absence of any other. */
export function isText(type: string): boolean {
  return type === 'text/plain' || type === 'text/csv';
}

/** Whether smaller pictures can be made of it. */
export function isPicture(type: string): boolean {
  return PICTURES.has(type);
}

/** Whether a page may show it instead of saving it. */
export function isShown(type: string): boolean {
  return PICTURES.has(type) || type === 'text/plain';
}

/** As it is sent: without a charset a browser would guess one. */
export function contentTypeOf(type: string): string {
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
}

/** Whether text that was cut anywhere could be UTF-8. */
export function mayBeUtf8(head: Buffer): boolean {
  return [0, 1, 2, 3].some((cut) => isUtf8(head.subarray(0, head.length - cut)));
}
