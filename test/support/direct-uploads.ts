import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DirectUploads } from '../../src/modules/files/direct-uploads.js';
import { FileStore } from '../../src/modules/files/file-store.js';
import { OrphanedContents } from '../../src/modules/files/orphaned-contents.js';
import { type FilesLab } from './files.js';
import { FILES, PNG } from './forms.js';
import type { Answer, TestClient } from './test-client.js';

interface Address {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly expiresAt: string;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Uploads that clients send to an address, in whatever store. */
export function describeDirectUploads(
  labOf: () => { readonly lab: FilesLab; readonly ada: TestClient },
): void {
  describe('at an address', () => {
    let { lab, ada } = {} as ReturnType<typeof labOf>;
    beforeAll(() => {
      ({ lab, ada } = labOf());
    });

    const announce = (announced: object) =>
      ada.post(`${FILES}/uploads`, { name: 'a.png', type: 'image/png', size: PNG.length, ...announced });

    async function begun(announced: object = {}): Promise<{ id: string; upload: Address }> {
      const { outcome, body } = await announce(announced);
      expect(outcome).toBe('201');
      return body.data as { id: string; upload: Address };
    }

    async function put({ url, method, headers }: Address, bytes: Buffer): Promise<number> {
      // The server's own addresses name no port: it has one of the test.
      const { origin, pathname, search } = new URL(url);
      const own = pathname.startsWith('/api/') ? lab.url : origin;
      const response = await fetch(own + pathname + search, { method, headers, body: new Uint8Array(bytes) });
      await response.arrayBuffer();
      return response.status;
    }

    const complete = (id: string): Promise<Answer> => ada.post(`${FILES}/${id}/complete`);
    /** As if the address had expired long ago. */
    async function pass(): Promise<void> {
      const past = new Date(0);
      await lab.test.connection
        .collection('files')
        .updateMany({ arrivesUntil: { $exists: true } }, { $set: { arrivesUntil: past } });
      await lab.test.connection.collection('loose_contents').updateMany({}, { $set: { at: past } });
      await lab.test.app.get(DirectUploads, { strict: false }).sweep();
      await lab.test.app.get(OrphanedContents, { strict: false }).sweep();
    }

    it('takes the bytes of a file that was announced, and makes it ready', async () => {
      const { id, upload } = await begun({ sha256: sha256(PNG) });
      expect(upload).toMatchObject({ method: 'PUT', headers: { 'content-type': 'image/png' } });
      expect((await ada.get(`${FILES}/${id}`)).body.data).toMatchObject({
        status: 'pending',
        size: PNG.length,
      });
      for (const path of ['content', 'links']) {
        const early = await (path === 'links'
          ? ada.post(`${FILES}/${id}/links`, { expiresIn: 60 })
          : ada.get(`${FILES}/${id}/content`));
        expect(early.outcome).toBe('409 FILE_NOT_READY');
      }
      expect((await complete(id)).outcome).toBe('409 UPLOAD_MISSING');
      expect(await put(upload, PNG)).toBe(200);
      const done = await complete(id);
      expect(done.body.data).toMatchObject({ id, status: 'ready', type: 'image/png', sha256: sha256(PNG) });
      expect((await complete(id)).body.data).toEqual(done.body.data);
      expect((await lab.download(ada, id)).bytes.equals(PNG)).toBe(true);
      // Whoever still has the address changes nothing.
      await put(upload, Buffer.alloc(PNG.length, 'x'));
      expect((await lab.download(ada, id)).bytes.equals(PNG)).toBe(true);
      await pass();
      await lab.expectAgreement();
      await ada.delete(`${FILES}/${id}`);
    });

    it('takes nothing else than what was announced, and may be tried again', async () => {
      const { id, upload } = await begun({ sha256: sha256(PNG) });
      expect(await put(upload, Buffer.concat([PNG, PNG]))).not.toBe(200);
      expect((await complete(id)).outcome).toBe('409 UPLOAD_MISSING');
      expect(await put(upload, Buffer.concat([PNG.subarray(0, -1), Buffer.from('x')]))).toBe(200);
      expect((await complete(id)).outcome).toBe('409 UPLOAD_DIFFERS');
      expect(await put(upload, PNG)).toBe(200);
      const both = await Promise.all([complete(id), complete(id)]);
      expect(both.map(({ body }) => body.data.status)).toEqual(['ready', 'ready']);
      await ada.delete(`${FILES}/${id}`);
      await pass();
      await lab.expectAgreement();
    });

    it('says that it is ready to who asks for that while another request completes it', async () => {
      const { id, upload } = await begun();
      expect(await put(upload, PNG)).toBe(200);
      const store = lab.test.app.get(FileStore, { strict: false });
      const read = store.read.bind(store);
      const completed = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      const slow = jest.spyOn(store, 'read').mockImplementationOnce(async (...of) => {
        asked.resolve();
        await completed.promise;
        return read(...of);
      });
      const late = complete(id);
      await asked.promise;
      expect((await complete(id)).body.data.status).toBe('ready');
      completed.resolve();
      expect((await late).body.data.status).toBe('ready');
      slow.mockRestore();
      await ada.delete(`${FILES}/${id}`);
      await pass();
      await lab.expectAgreement();
    });

    it('keeps what it has taken, however many send at once, and whatever is refused after it', async () => {
      const { id, upload } = await begun({ sha256: sha256(PNG) });
      const sent = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? PNG : PNG.subarray(1)));
      const statuses = await Promise.all(sent.map((bytes) => put(upload, bytes)));
      expect(statuses.map((status) => status === 200)).toEqual(sent.map((bytes) => bytes === PNG));
      expect(await put(upload, PNG.subarray(1))).not.toBe(200);
      expect((await complete(id)).outcome).toBe('200');
      expect((await lab.download(ada, id)).bytes.equals(PNG)).toBe(true);
      await ada.delete(`${FILES}/${id}`);
      await pass();
      await lab.expectAgreement();
    });

    it('refuses bytes that lie, and what is known to be too much', async () => {
      const page = Buffer.from('<html><script>alert(1)</script></html>');
      const { id, upload } = await begun({ size: page.length });
      expect(await put(upload, page)).toBe(200);
      for (let n = 0; n < 2; n++) expect((await complete(id)).outcome).toBe('415 FILE_TYPE_NOT_ALLOWED');
      expect((await ada.get(`${FILES}/${id}`)).body.data).toMatchObject({ status: 'refused' });
      expect((await ada.get(`${FILES}/${id}/content`)).outcome).toBe('409 FILE_NOT_READY');
      const outcomes = [
        await announce({ type: 'text/html' }),
        await announce({ size: 26 * 1024 * 1024 }),
        await announce({ name: 'a\u0000b' }),
        await announce({ sha256: 'x' }),
      ];
      expect(outcomes.map(({ outcome }) => outcome)).toEqual([
        '415 FILE_TYPE_NOT_ALLOWED',
        '413 FILE_TOO_LARGE',
        '400 VALIDATION_ERROR',
        '400 VALIDATION_ERROR',
      ]);
      await pass();
      expect((await ada.get(`${FILES}/${id}`)).outcome).toBe('404 FILE_NOT_FOUND');
      await lab.expectAgreement();
    });

    it('sets room aside, and leaves nothing of what is broken off', async () => {
      const size = 25 * 1024 * 1024;
      const outcomes: string[] = [];
      for (let n = 0; n < 42; n++) outcomes.push((await announce({ size })).outcome);
      expect(outcomes.filter((outcome) => outcome === '201')).toHaveLength(40);
      expect(outcomes).toContain('409 FILE_QUOTA_EXCEEDED');
      await pass();
      expect((await ada.get(FILES)).body.data).toEqual([]);
      const gone = await begun();
      await put(gone.upload, PNG);
      await ada.delete(`${FILES}/${gone.id}`);
      await put(gone.upload, PNG);
      const left = await begun();
      await put(left.upload, PNG);
      await pass();
      await lab.expectAgreement();
    });

    it('is one upload of a request that is sent again', async () => {
      const key = { 'idempotency-key': 'again' };
      const body = { name: 'a.png', type: 'image/png', size: PNG.length };
      const [first, again] = [
        await ada.post(`${FILES}/uploads`, body, key),
        await ada.post(`${FILES}/uploads`, body, key),
      ];
      expect(again.body.data.id).toBe(first.body.data.id);
      expect(await put(again.body.data.upload as Address, PNG)).toBe(200);
      const { id } = first.body.data as { id: string };
      expect((await complete(id)).status).toBe(200);
      const late = await ada.post(`${FILES}/uploads`, body, key);
      expect(late.body.data).toEqual({ id, upload: null });
      await ada.delete(`${FILES}/${id}`);
      await pass();
      await lab.expectAgreement();
    });
  });
}
