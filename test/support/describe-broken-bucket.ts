import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import sharp from 'sharp';
import { FileStore } from '../../src/modules/files/file-store.js';
import { OrphanedContents } from '../../src/modules/files/orphaned-contents.js';
import { S3Store } from '../../src/modules/files/s3-store.js';
import { Bucket, FilesLab } from './files.js';
import { FILES } from './forms.js';
import { eventually } from './mails.js';
import { Relay } from './relay.js';
import type { TestClient } from './test-client.js';

const PAGE = '<html>Nothing to see here</html>';
/** How a proxy answers that has lost its bucket. */
const pageWith = (status: number) =>
  `HTTP/1.1 ${status} So\r\nContent-Type: text/html\r\nContent-Length: ${PAGE.length}\r\n\r\n${PAGE}`;

/** A real bucket behind a network that slows down, breaks off, and answers in its place. */
export function describeBrokenBucket(): void {
  describe('a bucket', () => {
    const bucket = new Bucket();
    let relay: Relay;
    let lab: FilesLab;
    let ada: TestClient;

    beforeAll(async () => {
      await bucket.start();
      relay = await Relay.to(() => bucket.port);
      lab = await FilesLab.start({ FILES_S3_ENDPOINT: `http://127.0.0.1:${relay.port}` }, bucket);
      ada = await lab.test.anonymous.signIn();
    });
    afterAll(async () => {
      await lab.test.close();
      relay.close();
      await bucket.stop();
      bucket.remove();
    });

    /** Lets everything through again, on new connections. */
    function mend(): void {
      Object.assign(relay, { answerTo: () => undefined, mostBytes: Infinity, isCutFor: () => false });
      relay.breakAll();
    }
    const sweep = () => lab.test.app.get(OrphanedContents, { strict: false }).sweep();

    it('is reached when it closes kept connections just when they are used again', async () => {
      relay.isForOneAnswer = true;
      const store = lab.test.app.get(FileStore, { strict: false });
      const content = Buffer.alloc(300_000, 'x');
      for (let n = 0; n < 5; n++) {
        const key = new Types.ObjectId().toHexString();
        await store.write(key, Readable.from([content]));
        expect(await buffer(await store.read(key, content.length))).toEqual(content);
        await store.remove(key);
      }
      relay.isForOneAnswer = false;
      expect(bucket.keys).toEqual([]);
    });

    it.each([200, 204, 404])('is not what answers %d in its place with a page', async (status) => {
      const { id } = await lab.uploaded(ada, 'kept');
      const announced = { name: 'b.txt', type: 'text/plain', size: 4 };
      const { body } = await ada.post(`${FILES}/uploads`, announced);
      const { url, headers } = body.data.upload as { url: string; headers: Record<string, string> };
      expect((await fetch(url, { method: 'PUT', headers, body: 'sent' })).status).toBe(200);
      const complete = () => ada.post(`${FILES}/${body.data.id}/complete`);

      relay.answerTo = () => pageWith(status);
      relay.breakAll();
      const unavailable = '503 STORAGE_UNAVAILABLE';
      expect((await lab.upload(ada, 'new')).outcome).toBe(unavailable);
      expect((await ada.get(`${FILES}/${id}/content`)).outcome).toBe(unavailable);
      expect((await complete()).outcome).toBe(unavailable);
      if (status !== 204) expect((await ada.delete(`${FILES}/${id}`)).outcome).toBe('200');

      mend();
      expect((await complete()).outcome).toBe('200');
      for (const each of [id, body.data.id]) await ada.delete(`${FILES}/${each}`);
      await lab.test.connection.collection('loose_contents').updateMany({}, { $set: { at: new Date(0) } });
      await sweep();
      await lab.expectAgreement();
    });

    it('that does not answer a removal keeps nobody waiting, and removes it later', async () => {
      const { id } = await lab.uploaded(ada, 'kept');
      relay.isCutFor = () => true;
      expect((await ada.delete(`${FILES}/${id}`)).outcome).toBe('200');
      expect(lab.contents()).toHaveLength(1);
      mend();
      await eventually(async () => (await sweep().catch(() => undefined), lab.contents().length === 0));
      await eventually(async () => (await lab.noted()) === 0);
      await lab.expectAgreement();
    });

    it('that refuses to remove one content removes the others', async () => {
      const notes = lab.test.connection.collection('loose_contents');
      const store = lab.test.app.get(FileStore, { strict: false });
      const keys = [new Types.ObjectId(), new Types.ObjectId()];
      for (const _id of keys) {
        await store.write(_id.toHexString(), Readable.from([Buffer.from('left')]));
        await notes.insertOne({ _id, state: 'leaving', at: new Date(0) });
      }
      relay.answerTo = (request) => (request.includes(String(keys[0])) ? pageWith(403) : undefined);
      await expect(sweep()).rejects.toThrow('HTTP_403');
      expect(lab.contents()).toEqual([String(keys[0])]);
      mend();
      await sweep();
      await lab.expectAgreement();
    });

    it('that breaks off while a picture is made smaller leaves the place in the queue free', async () => {
      const noise = { width: 300, height: 300, channels: 3 } as const;
      const picture = await sharp(randomBytes(270_000), { raw: noise }).png().toBuffer();
      const { id } = await lab.uploaded(ada, picture, 'a.png');
      const small = () => ada.get(`${FILES}/${id}/content?size=64`);
      relay.breakAll();
      relay.mostBytes = 100_000;
      expect((await small()).outcome).toBe('503 STORAGE_UNAVAILABLE');
      mend();
      expect((await small()).status).toBe(200);
      await ada.delete(`${FILES}/${id}`);
    });

    it('that waits for a slow client is not silent', async () => {
      const address = {
        endpoint: `http://127.0.0.1:${relay.port}`,
        bucket: 'uploads',
        prefix: '',
        region: 'us-east-1',
        accessKeyId: 'S3RVER',
        secretAccessKey: 'S3RVER',
        isPathStyle: true,
      };
      const spool = mkdtempSync(join(tmpdir(), 'spool-'));
      const store = new S3Store(address, spool, 2_000);
      const key = new Types.ObjectId().toHexString();
      const size = 20_000_000;
      await new S3Store(address, spool).write(key, Readable.from([Buffer.alloc(size)]));
      const patient = await store.read(key, size);
      await setTimeout(3_500);
      expect((await buffer(patient)).length).toBe(size);
      const silent = await store.read(key, size);
      relay.isCutFor = () => true;
      await expect(buffer(silent)).rejects.toThrow('aborted');
      mend();
      await store.remove(key);
      rmSync(spool, { recursive: true });
    });
  });
}
