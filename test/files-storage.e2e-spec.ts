import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { FileStore } from '../src/modules/files/file-store.js';
import { OrphanedContents } from '../src/modules/files/orphaned-contents.js';
import { describeBrokenBucket } from './support/describe-broken-bucket.js';
import { describeScanner } from './support/describe-scanner.js';
import { describeDirectUploads } from './support/direct-uploads.js';
import { Bucket, FilesLab } from './support/files.js';
import { FILES, formOf } from './support/forms.js';
import { eventually } from './support/mails.js';
import { testConfig } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

describe.each([
  ['a folder', undefined],
  ['a bucket', new Bucket()],
])('what is stored of files in %s', (_name, bucket) => {
  let lab: FilesLab;
  let ada: TestClient;

  beforeAll(async () => {
    await bucket?.start();
    lab = await FilesLab.start({}, bucket);
    ada = await lab.test.anonymous.signIn();
  });
  afterAll(async () => {
    await lab.test.close();
    await bucket?.stop();
    bucket?.remove();
  });

  it('gives back what it was given, and the part that is asked for', async () => {
    const content = Buffer.alloc(500_000, 'letters, ');
    const { id } = await lab.uploaded(ada, content);
    expect((await lab.download(ada, id)).bytes.equals(content)).toBe(true);
    const part = await lab.download(ada, id, { range: 'bytes=400000-400009' });
    expect([part.response.status, part.bytes.toString()]).toEqual([
      206,
      content.toString('utf8', 400_000, 400_010),
    ]);
    await lab.expectAgreement();
    await ada.delete(`${FILES}/${id}`);
    expect(lab.contents()).toEqual([]);
  });

  describeDirectUploads(() => ({ lab, ada }));

  const loose = () => lab.test.app.get(OrphanedContents, { strict: false });
  const notes = () => lab.test.connection.collection('loose_contents');

  it('leaves nothing of an upload that breaks off', async () => {
    const form = formOf('a.txt', 'x'.repeat(100_000));
    const sockets = Array.from({ length: 40 }, (_, index) => {
      const socket = lab.connect(ada, form.length);
      socket.write(form.subarray(0, 400 + index * 2_400));
      return socket;
    });
    await eventually(async () => (await lab.noted()) === sockets.length);
    for (const [index, socket] of sockets.entries())
      if (index % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    await eventually(async () => (await lab.noted()) === 0);
    await lab.expectAgreement();
    expect((await ada.get(FILES)).body.data).toEqual([]);
  });

  it('removes what a process has left behind, but not what another one is receiving', async () => {
    const note = async (state: string, ageMs: number) => {
      const _id = new Types.ObjectId();
      await lab.test.app
        .get(FileStore, { strict: false })
        .write(_id.toHexString(), Readable.from([Buffer.from('left')]));
      await notes().insertOne({ _id, state, at: new Date(Date.now() - ageMs) });
      return _id.toHexString();
    };
    await note('arriving', 100_000);
    await note('leaving', 0);
    const held = await note('arriving', 10_000);
    await loose().sweep();
    expect(lab.contents()).toEqual([held]);
    expect(await notes().find({}).toArray()).toMatchObject([{ _id: new Types.ObjectId(held) }]);
    await loose().discard(held);
    await lab.expectAgreement();
  });

  it('gives an upload up whose note was swept meanwhile', async () => {
    const form = formOf('a.txt', 'x'.repeat(1_000));
    const socket = lab.connect(ada, form.length);
    socket.write(form.subarray(0, 500));
    await eventually(async () => (await lab.noted()) === 1);
    await notes().updateOne({}, { $set: { state: 'leaving' } });
    socket.write(form.subarray(500));
    expect(await text(socket)).toContain('"code":"REQUEST_TIMEOUT"');
    await eventually(async () => (await lab.noted()) === 0);
    await lab.expectAgreement();
  });

  it('sends nothing of a content that has another size than its record says', async () => {
    const store = lab.test.app.get(FileStore, { strict: false });
    for (const damaged of ['short', 'much longer than it was']) {
      const { id } = await lab.uploaded(ada, 'as it was', `${damaged}.txt`);
      const key = String(
        (await lab.test.connection.collection('files').findOne({ name: `${damaged}.txt` }))?.['content'],
      );
      await store.remove(key);
      await store.write(key, Readable.from([Buffer.from(damaged)]));
      for (const range of ['bytes=0-', 'bytes=0-100'])
        expect((await ada.get(`${FILES}/${id}/content`, { range })).outcome).toBe('503 STORAGE_UNAVAILABLE');
      await ada.delete(`${FILES}/${id}`);
    }
    await lab.expectAgreement();
  });

  it('says when the storage fails, counts it, and is whole again afterwards', async () => {
    const counted = async (series: string): Promise<number> => {
      const metrics = await ada.get('/metrics');
      const line = metrics.text.split('\n').find((each) => each.startsWith(`${series} `));
      return Number(line?.split(' ')[1]);
    };
    const failed = (operation: string) =>
      counted(`file_storage_duration_seconds_count{operation="${operation}",outcome="unavailable"}`);
    const written = await counted('file_storage_written_bytes_total');
    const { id } = await lab.uploaded(ada, 'kept');
    expect(await counted('file_storage_written_bytes_total')).toBe(written + 'kept'.length);
    expect([await failed('write'), await failed('read')]).toEqual([0, 0]);
    await lab.breakStore();
    expect((await lab.upload(ada, 'x')).outcome).toBe('503 STORAGE_UNAVAILABLE');
    expect((await ada.get(`${FILES}/${id}/content`)).outcome).toBe('503 STORAGE_UNAVAILABLE');
    expect([await failed('write'), await failed('read')]).toEqual([1, 1]);
    expect((await ada.delete(`${FILES}/${id}`)).status).toBe(200);
    await lab.mendStore();
    expect((await lab.upload(ada, 'x')).outcome).toBe('201');
    await loose().sweep();
    await lab.expectAgreement();
  });

  it('ends an upload whose session has ended', async () => {
    const eve = await lab.test.anonymous.signIn();
    const form = formOf('a.txt', 'x'.repeat(1_000));
    const socket = lab.connect(eve, form.length);
    socket.write(form.subarray(0, 500));
    await eventually(async () => (await lab.noted()) === 1);
    expect((await eve.post('/api/v1/auth/logout', {})).status).toBe(200);
    const answered = await once(socket, 'data');
    expect(String(answered)).toContain('"code":"UNAUTHENTICATED"');
    socket.end(form.subarray(500));
    await eventually(async () => (await lab.noted()) === 0);
    await lab.expectAgreement();
  });

  it('ends a download by a link whose creator has lost the account', async () => {
    const eve = await lab.test.anonymous.signIn();
    const admin = await lab.test.anonymous.signIn('admin');
    const size = 20_000_000;
    const { id } = await lab.uploaded(eve, Buffer.alloc(size, 'x'));
    const socket = connect(Number(new URL(lab.url).port), '127.0.0.1').on('error', () => undefined);
    socket.write(`GET ${await lab.link(eve, id)} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    await once(socket, 'readable');
    expect((await admin.patch(`/api/v1/users/${eve.userId}`, { disabled: true })).status).toBe(200);
    await setTimeout(2_000);
    let received = 0;
    for await (const chunk of socket) received += (chunk as Buffer).length;
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(size);
    await admin.delete(`/api/v1/users/${eve.userId}`);
    await eventually(async () => (await lab.noted()) === 0);
    await lab.expectAgreement();
  });

  it('takes no upload of who was deleted meanwhile', async () => {
    const eve = await lab.test.anonymous.signIn();
    const admin = await lab.test.anonymous.signIn('admin');
    const form = formOf('a.txt', 'x'.repeat(1_000));
    const socket = lab.connect(eve, form.length);
    socket.write(form.subarray(0, 500));
    await eventually(async () => (await lab.noted()) === 1);
    expect((await admin.delete(`/api/v1/users/${eve.userId}`)).status).toBe(200);
    socket.write(form.subarray(500));
    expect(await text(socket)).toContain('"code":"UNAUTHENTICATED"');
    await eventually(async () => (await lab.noted()) === 0);
    await lab.expectAgreement();
  });

  it('removes the files of a user who is deleted', async () => {
    const eve = await lab.test.anonymous.signIn();
    const admin = await lab.test.anonymous.signIn('admin');
    await lab.uploaded(eve, 'hers', 'a.txt');
    await lab.uploaded(eve, 'hers, too', 'b.txt');
    expect((await admin.delete(`/api/v1/users/${eve.userId}`)).status).toBe(200);
    await eventually(async () => (await lab.noted()) === 0);
    await lab.expectAgreement();
  });
});

describeBrokenBucket();

const KEYS = { FILES_S3_ACCESS_KEY_ID: 'of-a-test', FILES_S3_SECRET_ACCESS_KEY: 'of-a-test' };

it.each([
  [{ FILES_URL: 's3://uploads' }, 'FILES_S3_ACCESS_KEY_ID'],
  [{ ...KEYS, FILES_URL: 's3://uploads', FILES_MAX_BYTES: '6 GiB' }, 'FILES_MAX_BYTES'],
  [{ FILES_S3_REGION: 'eu-central-1' }, 'FILES_S3_REGION'],
  [{ FILES_S3_ACCESS_KEY_ID: 'x' }, 'FILES_S3_ACCESS_KEY_ID'],
  ...[
    'files',
    'file://host/files',
    'https://x.test/b',
    's3://B',
    's3://uploads/../b',
    's3://uploads/a//b',
  ].map((url) => [{ FILES_URL: url }, 'FILES_URL'] as const),
  ...['tcp://clamd', 'tcp://clamd:0', 'http://clamd:3310', 'unix://clamd.ctl', 'tcp://clamd:3310/x'].map(
    (url) => [{ FILES_SCANNER_URL: url }, 'FILES_SCANNER_URL'] as const,
  ),
])('refuses the configuration %j', (env, variable) => {
  expect(() => testConfig(env)).toThrow(variable);
});

describeScanner();
