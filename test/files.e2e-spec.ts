// Alone in its process: what is transferable stays so.
import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { describeReferencedFiles } from './support/describe-referenced-files.js';
import { describePictures } from './support/describe-pictures.js';
import { digestOf, FilesLab } from './support/files.js';
import { FILES, formOf, PNG } from './support/forms.js';
import { isOverloaded, type TestClient, untilTaken } from './support/test-client.js';

const MAX_BYTES = 200_000;
const QUOTA = 1_000_000;

describe('files', () => {
  let lab: FilesLab;
  let ada: TestClient;
  let bob: TestClient;

  beforeAll(async () => {
    lab = await FilesLab.start({ FILES_MAX_BYTES: String(MAX_BYTES), FILES_QUOTA_BYTES: String(QUOTA) });
    [ada, bob] = await Promise.all([lab.test.anonymous.signIn(), lab.test.anonymous.signIn()]);
  });
  afterAll(() => lab.test.close());

  it('takes a file, lists it, gives it back and deletes it', async () => {
    const content = randomBytes(150_000).toString('base64').slice(0, 150_000);
    const answer = await lab.upload(ada, content, 'letter.txt');
    const file = answer.body.data;
    expect(answer.outcome).toBe('201');
    expect(answer.headers['location']).toBe(`${FILES}/${file.id}`);
    expect(file).toEqual({
      id: expect.stringMatching(/^[\da-f]{24}$/),
      name: 'letter.txt',
      type: 'text/plain',
      size: 150_000,
      sha256: digestOf(content),
      status: 'ready',
      createdAt: expect.any(String),
    });
    expect((await ada.get(`${FILES}/${file.id}`)).body.data).toEqual(file);
    expect((await ada.get(FILES)).body.data).toEqual([file]);
    await lab.expectAgreement();
    const { response, bytes } = await lab.download(ada, file.id);
    expect([response.status, bytes.toString() === content]).toEqual([200, true]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': '150000',
      'accept-ranges': 'bytes',
      etag: `"${file.sha256}"`,
      'content-disposition': `inline; filename="letter.txt"; filename*=UTF-8''letter.txt`,
      'content-security-policy': expect.stringContaining('sandbox'),
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-cache',
    });
    const head = await lab.download(ada, file.id, {}, 'HEAD');
    expect([head.response.status, head.response.headers.get('content-length'), head.bytes.length]).toEqual([
      200,
      '150000',
      0,
    ]);

    expect((await ada.delete(`${FILES}/${file.id}`)).body.message).toBe('File deleted');
    expect((await ada.get(`${FILES}/${file.id}`)).outcome).toBe('404 FILE_NOT_FOUND');
    expect((await ada.get(`${FILES}/${file.id}/content`)).outcome).toBe('404 FILE_NOT_FOUND');
    expect((await ada.delete(`${FILES}/${file.id}`)).outcome).toBe('404 FILE_NOT_FOUND');
    expect(lab.contents()).toEqual([]);
    await lab.expectAgreement();
  });

  it('keeps the files of one from another', async () => {
    const { id } = await lab.uploaded(ada, 'mine');
    const moderator = await lab.test.anonymous.signIn('moderator');
    for (const path of [`${FILES}/${id}`, `${FILES}/${id}/content`]) {
      expect((await bob.get(path)).outcome).toBe('404 FILE_NOT_FOUND');
      expect((await moderator.get(path)).status).toBe(200);
    }
    expect((await bob.delete(`${FILES}/${id}`)).outcome).toBe('404 FILE_NOT_FOUND');
    expect((await bob.get(FILES)).body.data).toEqual([]);
    expect((await bob.get(`${FILES}?owner=${ada.userId}`)).outcome).toBe('403 FORBIDDEN');
    expect((await moderator.get(`${FILES}?owner=${ada.userId}`)).body.data).toHaveLength(1);
    await ada.delete(`${FILES}/${id}`);
  });

  it('sends the part that is asked for, and nothing to who has it', async () => {
    const { id, sha256: digest } = await lab.uploaded(ada, '0123456789');
    const etag = `"${digest}"`;
    const part = async (range: string, more = {}) => {
      const { response, bytes } = await lab.download(ada, id, { range, ...more });
      return [response.status, response.headers.get('content-range'), bytes.toString()];
    };
    expect(await part('bytes=2-4')).toEqual([206, 'bytes 2-4/10', '234']);
    expect(await part('bytes=7-')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=-3')).toEqual([206, 'bytes 7-9/10', '789']);
    expect(await part('bytes=-99')).toEqual([206, 'bytes 0-9/10', '0123456789']);
    expect(await part('bytes=0-99')).toEqual([206, 'bytes 0-9/10', '0123456789']);
    for (const odd of ['bytes=4-2', 'bytes=0-1,4-5', 'lines=1-2', 'bytes=-', 'bytes=x']) {
      expect([odd, ...(await part(odd))]).toEqual([odd, 200, null, '0123456789']);
    }
    expect((await part('bytes=10-')).slice(0, 2)).toEqual([416, 'bytes */10']);
    expect((await part('bytes=-0')).slice(0, 2)).toEqual([416, 'bytes */10']);
    expect((await part('bytes=99999999999999999999-')).slice(0, 2)).toEqual([416, 'bytes */10']);
    expect((await ada.get(`${FILES}/${id}/content`, { range: 'bytes=10-' })).outcome).toBe(
      '416 RANGE_NOT_SATISFIABLE',
    );
    expect(await part('bytes=2-4', { 'if-range': etag })).toEqual([206, 'bytes 2-4/10', '234']);
    expect((await part('bytes=2-4', { 'if-range': '"other"' }))[0]).toBe(200);
    expect((await part('bytes=2-4', { 'if-range': `W/${etag}` }))[0]).toBe(200);
    const { response, bytes } = await lab.download(ada, id, { 'if-none-match': `"x", ${etag}` });
    expect([response.status, response.headers.get('etag'), bytes.length]).toEqual([304, etag, 0]);
    await ada.delete(`${FILES}/${id}`);
  });

  it.each([
    ['HTML', 'photo.png', '<!DOCTYPE html><script>alert(1)</script>'],
    ['HTML behind a mark and spaces', 'photo.png', '\ufeff \n<body onload=alert(1)>'],
    ['HTML behind a comment', 'a.txt', '<!-- x --><script>alert(1)</script>'],
    ['SVG', 'photo.png', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
    ['XML', 'a.txt', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['a program', 'a.pdf', Buffer.from('7f454c4602010100000000000000000002003e0001000000', 'hex')],
    ['no text', 'a.txt', Buffer.from([104, 1, 2, 3, 0])],
    ['text that ends as none', 'a.csv', Buffer.concat([Buffer.alloc(70_000, 'a,b\n'), Buffer.alloc(9)])],
  ])('refuses %s whatever its name says', async (_, name, content) => {
    expect((await lab.upload(ada, content, name)).outcome).toBe('415 FILE_TYPE_NOT_ALLOWED');
    await lab.expectAgreement();
  });

  it('tells types by their first bytes, and shows only what a browser does not run', async () => {
    const zip = Buffer.from('504b0506000000000000000000000000000000000000', 'hex');
    const cases = [
      ['script.html', PNG, 'image/png', 'inline'],
      ['both.png', Buffer.from('GIF89a/*<script>alert(1)</script>*/'), 'image/gif', 'inline'],
      ['page.pdf', Buffer.from('%PDF-1.7 <script>alert(1)</script>'), 'application/pdf', 'attachment'],
      ['table.csv', 'a,b\n1,2\n', 'text/csv', 'attachment'],
      ['a.zip', zip, 'application/zip', 'attachment'],
      ['run.js', 'alert(1)', 'text/plain', 'inline'],
      ['empty', '', 'text/plain', 'inline'],
    ] as const;
    for (const [name, content, type, shown] of cases) {
      const file = await lab.uploaded(ada, Buffer.from(content), name);
      const { response, bytes } = await lab.download(ada, file.id);
      const { headers } = response;
      expect([name, file.type, headers.get('content-type')?.split(';')[0]]).toEqual([name, type, type]);
      expect([name, headers.get('content-disposition')?.split(';')[0]]).toEqual([name, shown]);
      expect(bytes.equals(Buffer.from(content))).toBe(true);
      await ada.delete(`${FILES}/${file.id}`);
    }
  });

  it('cuts paths from names, and refuses what is no name', async () => {
    const named = async (name: string) => {
      const { outcome, body } = await lab.send(ada, formOf(name, 'x'));
      if (outcome === '201') await ada.delete(`${FILES}/${body.data.id}`);
      return outcome === '201' ? body.data.name : outcome;
    };
    expect(await named('../../etc/passwd')).toBe('passwd');
    expect(await named('C:\\\\Users\\\\ada\\\\a.txt')).toBe('a.txt');
    expect(await named('Übersicht 2026 – “final”.txt')).toBe('Übersicht 2026 – “final”.txt');
    expect(await named(`${'a'.repeat(251)}.txt`)).toBe(`${'a'.repeat(251)}.txt`);
    const refused = '400 VALIDATION_ERROR';
    for (const name of [
      '..',
      'a/',
      'a\u0007.txt',
      'a\u007f.txt',
      'cod\u202etxt.exe',
      `${'a'.repeat(296)}.txt`,
      'ä'.repeat(130),
    ]) {
      expect([name, await named(name)]).toEqual([name, refused]);
    }
    await lab.expectAgreement();

    const { id } = await lab.uploaded(ada, 'x', `quo"te's – €.txt`);
    const { response } = await lab.download(ada, id);
    expect(response.headers.get('content-disposition')).toBe(
      `inline; filename="quo_te's _ _.txt"; filename*=UTF-8''quo%22te%27s%20%E2%80%93%20%E2%82%AC.txt`,
    );
    await ada.delete(`${FILES}/${id}`);
  });

  it('refuses forms that are not one file', async () => {
    const two = new FormData();
    two.append('file', new Blob(['one']), 'one.txt');
    two.append('file', new Blob(['two']), 'two.txt');
    const other = new FormData();
    other.append('picture', new Blob(['one']), 'one.txt');
    const text = new FormData();
    text.append('file', 'text');
    const more = new FormData();
    more.append('file', new Blob(['one']), 'one.txt');
    more.append('note', 'text');
    for (const form of [two, other, text, more, new FormData()]) {
      expect((await lab.send(ada, form)).status).toBe(400);
    }
    for (const type of ['application/json', 'multipart/mixed; boundary=b', 'x'])
      expect((await ada.post(FILES, '{', { 'content-type': type })).outcome).toBe(
        '415 UNSUPPORTED_MEDIA_TYPE',
      );
    const long = `multipart/form-data; boundary=${'b'.repeat(300)}`;
    expect((await ada.post(FILES, '--b--', { 'content-type': long })).outcome).toBe('400 VALIDATION_ERROR');
    expect((await ada.post(FILES)).outcome).toBe('400 VALIDATION_ERROR');
    expect((await lab.send(lab.test.anonymous, two)).outcome).toBe('401 UNAUTHENTICATED');
    await lab.expectAgreement();
  });

  it('refuses what is too large, announced or not', async () => {
    expect((await lab.upload(ada, 'x'.repeat(MAX_BYTES))).outcome).toBe('201');
    expect((await lab.upload(ada, 'x'.repeat(MAX_BYTES + 1))).outcome).toBe('413 FILE_TOO_LARGE');
    expect((await lab.upload(ada, 'x'.repeat(3 * MAX_BYTES))).outcome).toBe('413 FILE_TOO_LARGE');
    const [{ id }] = (await ada.get(FILES)).body.data;
    await ada.delete(`${FILES}/${id}`);
    await lab.expectAgreement();
  });

  it('holds to the quota while many upload at once', async () => {
    const eve = await lab.test.anonymous.signIn();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => untilTaken(() => lab.upload(eve, 'x'.repeat(150_000)), isOverloaded)),
    );
    const outcomes = answers.map(({ outcome }) => outcome).toSorted();
    expect([...new Set(outcomes)]).toEqual(['201', '409 FILE_QUOTA_EXCEEDED']);
    expect(outcomes.filter((each) => each === '201')).toHaveLength(6);
    // Announced, it is refused before it is read.
    expect((await lab.upload(eve, 'x'.repeat(150_000))).outcome).toBe('409 FILE_QUOTA_EXCEEDED');
    await lab.expectAgreement();
    await lab.test.connection.collection('files').deleteMany({ ownerId: new Types.ObjectId(eve.userId) });
    rmSync(lab.folder, { recursive: true });
  });

  it('makes one file of an upload that is sent again', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await lab.upload(ada, 'once', 'once.txt', key);
    const again = await lab.upload(ada, 'once', 'once.txt', key);
    expect([again.outcome, again.body.data]).toEqual(['201', first.body.data]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect((await lab.upload(ada, 'twice', 'once.txt', key)).outcome).toBe('422 IDEMPOTENCY_KEY_REUSED');
    await lab.expectAgreement();
    await ada.delete(`${FILES}/${first.body.data.id}`);
  });

  describePictures(() => ({ lab, ada }));
  describeReferencedFiles(() => ({ lab, ada, bob }));
  describe('a link', () => {
    it('opens its file until it expires, for whoever has it', async () => {
      const { id } = await lab.uploaded(ada, PNG, 'a.png');
      const other = await lab.uploaded(ada, 'other');
      const path = await lab.link(ada, id);
      const response = await fetch(lab.url + path, { headers: { range: 'bytes=0-3' } });
      expect([response.status, await response.bytes()]).toEqual([206, new Uint8Array(PNG.subarray(0, 4))]);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-disposition': expect.stringMatching(/^inline/),
        'cross-origin-resource-policy': 'cross-origin',
        'cache-control': 'private, no-cache',
      });
      const token = path.slice(path.indexOf('?'));
      const { anonymous } = lab.test;
      for (const wrong of [
        `${FILES}/${other.id}/shared${token}`,
        `${path.slice(0, -1)}${path.endsWith('A') ? 'B' : 'A'}`,
        path.replace(/token=./, 'token='),
        `${path}AAAA`,
      ]) {
        expect((await anonymous.get(wrong)).outcome).toBe('404 FILE_NOT_FOUND');
      }
      expect((await anonymous.get(`${FILES}/${id}/shared`)).outcome).toBe('400 VALIDATION_ERROR');
      const now = Date.now;
      const short = await lab.link(ada, id, 1);
      Date.now = () => now() + 3_000;
      const late = await anonymous.get(short);
      Date.now = now;
      expect(late.outcome).toBe('404 FILE_NOT_FOUND');
      for (const expiresIn of [0, 604_801, 1.5, '60', null]) {
        expect((await ada.post(`${FILES}/${id}/links`, { expiresIn })).outcome).toBe('400 VALIDATION_ERROR');
      }
      expect((await bob.post(`${FILES}/${id}/links`, { expiresIn: 60 })).outcome).toBe('404 FILE_NOT_FOUND');
      await ada.delete(`${FILES}/${id}`);
      expect((await anonymous.get(path)).outcome).toBe('404 FILE_NOT_FOUND');
      expect(lab.test.logText()).not.toContain(token.slice(7));
    });

    it('reads what its maker may read when it is used', async () => {
      const { anonymous } = lab.test;
      const [eve, moderator, admin] = await Promise.all([
        anonymous.signIn(),
        anonymous.signIn('moderator'),
        anonymous.signIn('admin'),
      ]);
      const { id } = await lab.uploaded(ada, 'hers');
      const hers = await lab.uploaded(eve, 'eve');
      const [byModerator, byEve] = [await lab.link(moderator, id), await lab.link(eve, hers.id)];
      const outcomes = () =>
        Promise.all([byModerator, byEve].map(async (path) => (await anonymous.get(path)).outcome));
      expect(await outcomes()).toEqual(['200', '200']);
      await admin.patch(`/api/v1/users/${moderator.userId}`, { role: 'user' });
      await admin.patch(`/api/v1/users/${eve.userId}`, { disabled: true });
      expect(await outcomes()).toEqual(['404 FILE_NOT_FOUND', '404 FILE_NOT_FOUND']);
    });
  });
});
