import { expect, it } from '@jest/globals';
import sharp from 'sharp';
import { withoutTexts } from './png-texts.js';

/** A chunk of a PNG; its checksum does not matter. */
function chunk(type: string, data: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type + data), Buffer.alloc(4)]);
}

function* inPartsOf(size: number, bytes: Buffer): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function cleaned(bytes: Buffer, size: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  // An async generator takes promises and values alike.
  async function* source() {
    yield* inPartsOf(size, bytes);
  }
  for await (const part of withoutTexts(source())) parts.push(part);
  return Buffer.concat(parts);
}

const picture = sharp({ create: { width: 30, height: 20, channels: 3, background: 'teal' } }).png();

it.each([1, 5, 7, 8, 64, 100_000])(
  'takes the texts out of a PNG that comes in parts of %d bytes',
  async (size) => {
    const plain = await picture.toBuffer();
    // The signature and IHDR.
    const head = 8 + 8 + 13 + 4;
    const texts = [chunk('zTXt', 'Comment\0\0x'), chunk('iTXt', ''), chunk('tEXt', 'IDAT'.repeat(50))];
    const written = Buffer.concat([
      plain.subarray(0, head),
      ...texts,
      plain.subarray(head),
      chunk('zTXt', 'y'),
    ]);
    expect((await cleaned(written, size)).equals(plain)).toBe(true);
    expect((await cleaned(plain.subarray(0, -3), size)).equals(plain.subarray(0, -3))).toBe(true);
  },
);
