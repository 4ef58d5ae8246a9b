import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClamdScanner } from '../../src/modules/files/clamd-scanner.js';
import { DomainEvents } from '../../src/platform/logging/events.js';
import { CAN_HAVE_CLAMD, Clamd, CLAMD_MAX, EICAR } from './clamd.js';
import { FilesLab } from './files.js';
import { FILES } from './forms.js';
import { IS_SOAK } from './soak.js';
import type { TestClient } from './test-client.js';

const INFECTED = '422 FILE_INFECTED';
const UNAVAILABLE = '503 SCANNER_UNAVAILABLE';

/** What becomes of uploads that a clamd looks at, where one can be had. */
export function describeScanner(): void {
  if (!CAN_HAVE_CLAMD) {
    if (IS_SOAK) throw new Error('There is no clamd: install clamav-daemon');
    return;
  }

  describe('files that are looked at for viruses', () => {
    let clamd: Clamd;
    let lab: FilesLab;
    let ada: TestClient;

    beforeAll(async () => {
      clamd = await Clamd.start();
      lab = await FilesLab.start({ FILES_SCANNER_URL: clamd.url });
      ada = await lab.test.anonymous.signIn();
    }, 120_000);
    afterAll(async () => {
      await lab.test.close();
      await clamd.remove();
    });

    const logged = (event: string) => lab.test.logs.filter((line) => line['event'] === event);

    it('are kept without one, and refused with one', async () => {
      const clean = await lab.uploaded(ada, 'x'.repeat(CLAMD_MAX - 10));
      await lab.uploaded(ada, '', 'empty.txt');
      expect((await lab.upload(ada, EICAR, 'a.txt')).outcome).toBe(INFECTED);
      expect(logged('file_infected')).toMatchObject([{ signature: expect.stringContaining('Eicar') }]);
      await lab.expectAgreement();
      expect((await ada.get(FILES)).body.data).toHaveLength(2);
      expect((await lab.download(ada, clean.id)).response.status).toBe(200);
    });

    it('are refused for good where they were announced', async () => {
      const { id, complete } = await announced(EICAR);
      for (let n = 0; n < 2; n++) expect((await complete()).outcome).toBe(INFECTED);
      expect((await ada.get(`${FILES}/${id}`)).body.data.status).toBe('refused');
      expect((await ada.get(`${FILES}/${id}/content`)).outcome).toBe('409 FILE_NOT_READY');
      await ada.delete(`${FILES}/${id}`);
    });

    it('are not kept while nobody can look, and can be sent again', async () => {
      const { id, complete } = await announced('Nothing in it');
      await clamd.stop();
      const answer = await lab.upload(ada, 'Nothing in it', 'a.txt');
      expect([answer.outcome, answer.headers['retry-after']]).toEqual([UNAVAILABLE, '1']);
      expect((await complete()).outcome).toBe(UNAVAILABLE);
      expect((await ada.get(`${FILES}/${id}`)).body.data.status).toBe('pending');
      expect(logged('file_scanner_failed').at(-1)).toMatchObject({ reason: 'ECONNREFUSED' });
      await clamd.resume();
      expect((await complete()).outcome).toBe('200');
      // As much as clamd takes, and no more.
      expect((await lab.upload(ada, 'x'.repeat(CLAMD_MAX * 2), 'a.txt')).outcome).toBe(UNAVAILABLE);
      expect(logged('file_scanner_failed').at(-1)).toMatchObject({
        reason: expect.stringMatching(/size limit exceeded|ECONNRESET|EPIPE/),
      });
    });

    it('are looked at by the socket of this machine, too', async () => {
      const events = lab.test.app.get(DomainEvents, { strict: false });
      const judge = (path: string, text: string) =>
        new ClamdScanner({ path }, events).judge(() => Promise.resolve(Readable.from([Buffer.from(text)])));
      await judge(clamd.socket, 'Nothing in it');
      await expect(judge(clamd.socket, `in front ${EICAR}`)).rejects.toMatchObject({ code: 'FILE_INFECTED' });
      await expect(judge(`${clamd.socket}-gone`, 'x')).rejects.toMatchObject({ code: 'SCANNER_UNAVAILABLE' });
    });

    async function announced(content: string) {
      const fields = { name: 'a.txt', type: 'text/plain', size: Buffer.byteLength(content) };
      const { body } = await ada.post(`${FILES}/uploads`, fields);
      const { id, upload } = body.data as { id: string; upload: { url: string; headers: object } };
      const headers = upload.headers as Record<string, string>;
      const url = new URL(new URL(upload.url).pathname + new URL(upload.url).search, lab.url);
      await fetch(url, { method: 'PUT', headers, body: content });
      return { id, complete: () => ada.post(`${FILES}/${id}/complete`) };
    }
  });
}
