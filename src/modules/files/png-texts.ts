/** Text says nothing about a picture, but a few bytes of it may be decompressed to gigabytes. */
const TEXTS: ReadonlySet<string> = new Set(['tEXt', 'zTXt', 'iTXt']);
const SIGNATURE_BYTES = 8;
/** Of a chunk: the length of its data and its type; and its checksum. */
const HEAD_BYTES = 8;
const SUM_BYTES = 4;

/** The bytes of a PNG without its texts, which the library for pictures decompresses before its time limit applies. */
export async function* withoutTexts(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let left = SIGNATURE_BYTES;
  let isKept = true;
  let head = Buffer.alloc(0);
  for await (const bytes of source) {
    let rest = Buffer.concat([head, bytes]);
    for (;;) {
      if (left === 0 && rest.length >= HEAD_BYTES) {
        left = HEAD_BYTES + rest.readUInt32BE(0) + SUM_BYTES;
        isKept = !TEXTS.has(rest.toString('latin1', 4, HEAD_BYTES));
      }
      const part = rest.subarray(0, left);
      if (part.length === 0) break;
      if (isKept) yield part;
      left -= part.length;
      rest = rest.subarray(part.length);
    }
    head = rest;
  }
  if (head.length > 0) yield head;
}
