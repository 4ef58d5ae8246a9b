import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { type FilesLab } from './files.js';
import { FILES } from './forms.js';
import { eventually } from './mails.js';
import type { TestClient } from './test-client.js';

/** A PNG of one colour, whose bytes say nothing of how many pixels it has. */
async function plain(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: 'teal' } })
    .png()
    .toBuffer();
}

/** A PNG that becomes 1.6 GB when it is opened: its head, and a beginning of its pixels. */
function bomb(): Buffer {
  const crc = (data: Buffer) => {
    let c = 0xff_ff_ff_ff;
    for (const byte of data) {
      c ^= byte;
      for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xed_b8_83_20 : c >>> 1;
    }
    return (c ^ 0xff_ff_ff_ff) >>> 0;
  };
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(20_000, 0);
  head.writeUInt32BE(20_000, 4);
  head.set([8, 6], 8);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  const data = deflateSync(Buffer.alloc(100_000));
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

export function describePictures(labOf: () => { readonly lab: FilesLab; readonly ada: TestClient }): void {
  describe('smaller pictures', () => {
    let { lab, ada } = {} as ReturnType<typeof labOf>;
    beforeAll(() => {
      ({ lab, ada } = labOf());
    });

    async function shown(id: string, size: number, headers = {}) {
      const response = await fetch(`${lab.url}${FILES}/${id}/content?size=${size}`, {
        headers: { ...ada.headers, ...headers },
      });
      return { response, bytes: Buffer.from(await response.arrayBuffer()) };
    }
    const contents = () => lab.contents().length;

    it('are made when they are asked for, kept, and gone with their file', async () => {
      const { id, sha256 } = await lab.uploaded(ada, await plain(900, 300), 'wide.png');
      const before = contents();
      const all = await Promise.all(Array.from({ length: 8 }, () => shown(id, 64)));
      expect(contents()).toBe(before + 1);
      for (const { response, bytes } of all) {
        expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/webp']);
        expect(response.headers.get('etag')).toBe(`"${sha256}-64"`);
        expect(response.headers.get('content-disposition')).toContain('inline; filename="wide-64.webp"');
        expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: 64, height: 21 });
      }
      const part = await shown(id, 64, { range: 'bytes=0-3' });
      expect([part.response.status, part.bytes.toString()]).toEqual([206, 'RIFF']);
      expect((await shown(id, 64, { 'if-none-match': `"${sha256}-64"` })).response.status).toBe(304);
      // Never larger than the picture itself.
      expect(await sharp((await shown(id, 1024)).bytes).metadata()).toMatchObject({ width: 900 });
      const link = await lab.link(ada, id);
      const shared = await fetch(`${lab.url}${link}&size=64`);
      expect([shared.status, shared.headers.get('content-type')]).toEqual([200, 'image/webp']);
      await shared.arrayBuffer();
      await ada.delete(`${FILES}/${id}`);
      expect(contents()).toBe(before - 1);
      expect(await lab.noted()).toBe(0);
    });

    it('are made for whoever asks little, while somebody else asks for what takes long', async () => {
      const eve = await lab.test.anonymous.signIn();
      const [mine, large] = [await plain(30, 20), await plain(1500, 1500)];
      const { id } = await lab.uploaded(ada, mine, 'mine.png');
      const endless = await lab.uploaded(eve, large.subarray(0, -100), 'damaged.png');
      const outcomes = new Set<string>();
      const end = new AbortController();
      const flood = Array.from({ length: 60 }, async () => {
        while (!end.signal.aborted)
          outcomes.add((await eve.get(`${FILES}/${endless.id}/content?size=256`)).outcome);
      });
      await eventually(() => outcomes.has('503 OVERLOADED'));
      const { response } = await shown(id, 64);
      end.abort();
      await Promise.all(flood);
      expect([response.status, [...outcomes].toSorted()]).toEqual([
        200,
        ['409 PICTURE_NOT_MADE', '503 OVERLOADED'],
      ]);
      for (const [client, file] of [[ada, id] as const, [eve, endless.id] as const])
        await client.delete(`${FILES}/${file}`);
    });

    it('are refused of what is no picture, is damaged, or would fill the memory', async () => {
      const text = await lab.uploaded(ada, 'letters');
      expect((await ada.get(`${FILES}/${text.id}/content?size=64`)).outcome).toBe('400 VALIDATION_ERROR');
      const whole = await plain(50, 50);
      const { id } = await lab.uploaded(ada, whole, 'a.png');
      for (const size of ['65', '0', '', '64&size=256']) {
        expect((await ada.get(`${FILES}/${id}/content?size=${size}`)).outcome).toBe('400 VALIDATION_ERROR');
      }
      const damaged = Buffer.concat([whole.subarray(0, 60), randomBytes(40)]);
      const avif = sharp({ create: { width: 4100, height: 4100, channels: 3, background: 'teal' } });
      for (const bytes of [damaged, bomb(), await avif.avif({ effort: 0 }).toBuffer()]) {
        const file = await lab.uploaded(ada, bytes, 'b.png');
        const before = process.memoryUsage().rss;
        expect((await ada.get(`${FILES}/${file.id}/content?size=256`)).outcome).toBe('409 PICTURE_NOT_MADE');
        expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
        await ada.delete(`${FILES}/${file.id}`);
      }
      for (const file of [text.id, id]) await ada.delete(`${FILES}/${file}`);
      await lab.expectAgreement();
    });
  });
}
