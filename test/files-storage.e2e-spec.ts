import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { LooseContents } from '../src/modules/files/loose-contents.js';
import { FILES, FilesLab, formOf } from './support/files.js';
import { eventually } from './support/mails.js';
import type { TestClient } from './support/test-client.js';

describe('what is stored of files', () => {
  let lab: FilesLab;
  let ada: TestClient;

  beforeAll(async () => {
    lab = await FilesLab.start();
    ada = await lab.test.anonymous.signIn();
  });
  afterAll(() => lab.test.close());

  const loose = () => lab.test.app.get(LooseContents, { strict: false });
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
      const path = join(lab.folder, _id.toHexString().slice(-2));
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, _id.toHexString()), 'left');
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
    expect(String(await text(socket))).toContain('"code":"REQUEST_TIMEOUT"');
    await eventually(async () => (await lab.noted()) === 0);
    await lab.expectAgreement();
  });

  it('says when the storage fails, and is whole again afterwards', async () => {
    const { id } = await lab.uploaded(ada, 'kept');
    rmSync(lab.folder, { recursive: true });
    writeFileSync(lab.folder, 'no folder');
    expect((await lab.upload(ada, 'x')).outcome).toBe('503 STORAGE_UNAVAILABLE');
    expect((await ada.get(`${FILES}/${id}/content`)).outcome).toBe('503 STORAGE_UNAVAILABLE');
    expect((await ada.delete(`${FILES}/${id}`)).status).toBe(200);
    rmSync(lab.folder);
    expect((await lab.upload(ada, 'x')).outcome).toBe('201');
    await loose().sweep();
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
