import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { at, createProject } from './support/projects.js';
import { addRichNotes, RICH_NOTES } from './support/rich-notes.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { XSS_VECTORS } from './support/xss-vectors.js';

addRichNotes();

const PLAIN = 'a < b && c > d <b>"e"</b> &amp; <script>f</script>';

describe('rich text', () => {
  let test: TestApp;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  const create = async (fields: object) => (await ada.post(RICH_NOTES, fields)).body.data;
  const stored = (id: string) =>
    test.connection.collection('trial_rich_notes').findOne({ _id: new Types.ObjectId(id) });

  it('is stored and answered without what is not harmless; a plain field beside it as it was sent', async () => {
    const note = await create({ title: PLAIN, text: ' <p onclick=a>a < b<script>c</script></p> ' });
    expect(note).toMatchObject({ title: PLAIN, text: '<p>a &lt; b</p>' });
    expect(await stored(note.id)).toMatchObject({ title: PLAIN, text: '<p>a &lt; b</p>' });
    expect((await ada.get(`${RICH_NOTES}/${note.id}`)).body.data).toEqual(note);
  });

  it('is sanitised by PUT and PATCH, too', async () => {
    const { id } = await create({});
    const put = await ada.put(`${RICH_NOTES}/${id}`, { text: '<i class=a>a</i>' });
    expect(put.body.data).toMatchObject({ title: null, text: '<i>a</i>' });
    const patched = await ada.patch(`${RICH_NOTES}/${id}`, { text: '<i onclick=a>b</i>' });
    expect(patched.body.data.text).toBe('<i>b</i>');
    expect((await ada.patch(`${RICH_NOTES}/${id}`, { title: 'a' })).body.data.text).toBe('<i>b</i>');
    expect((await ada.patch(`${RICH_NOTES}/${id}`, { text: null })).body.data.text).toBeNull();
  });

  it('stays the same when it is sent back', async () => {
    const vectors = XSS_VECTORS.filter((html) => !html.includes('\0')).map((html) => html.slice(0, 200));
    expect(vectors.length).toBeGreaterThan(200);
    for (const text of vectors) {
      const note = await create({ text });
      expect(note.text).not.toMatch(
        /<(?!\/?(?:[abisup]|br|h[1-6r]|li|ol|ul|em|pre|div|sub|sup|code|strong)\b)/,
      );
      const again = await ada.put(`${RICH_NOTES}/${note.id}`, { text: note.text });
      expect(again.body.data.text).toBe(note.text);
    }
  });

  it('is refused by name when it is not valid, or too long once it is escaped', async () => {
    const long = await ada.post(RICH_NOTES, { text: '&'.repeat(1000) });
    expect(long.outcome).toBe('400 VALIDATION_ERROR');
    expect(long.body.details).toEqual([
      { path: 'text', message: expect.stringMatching(/longer than 3000 .*, once it is sanitised$/) },
    ]);
    for (const text of [1, {}, ['a'], 'a\0', 'a'.repeat(1001)]) {
      const { outcome, body } = await ada.post(RICH_NOTES, { text });
      expect([outcome, body.details[0].path]).toEqual(['400 VALIDATION_ERROR', 'text']);
    }
  });

  it('is said to be HTML in the OpenAPI document', async () => {
    const { schemas } = (await test.anonymous.get('/docs/json')).body.components;
    for (const name of ['CreateNoteDto', 'UpdateNoteDto']) {
      expect(schemas[name].properties.text).toMatchObject({ format: 'html', maxLength: 1000 });
      expect(schemas[name].properties.title).not.toHaveProperty('format');
    }
  });
});

describe('plain text', () => {
  let test: TestApp;
  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  it('survives byte for byte, whatever it looks like', async () => {
    const ada = await test.anonymous.signIn();
    for (const text of [PLAIN, ...XSS_VECTORS.map((html) => html.trim().slice(0, 100).trim())]) {
      const project = await createProject(ada, { description: text });
      expect(project.description).toBe(text);
      const renamed = await ada.patch(at(project), { name: text });
      expect([renamed.status, renamed.body.data?.name]).toEqual([200, text.normalize('NFC')]);
      await ada.delete(at(project));
    }
  });
});
