import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { createNotes, newNote, type Note, type Notes, OWN } from './support/encrypted-notes.js';
import { NO_PRECONDITION } from '../src/platform/validation/precondition.js';

const TEXT = 'The password of the safe is Kumquat.';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const FORM = /^enc:v1:k1:[\w-]{38,}$/;
const FAILS = { code: 'INTERNAL_ERROR', status: 500 };

describe('an encrypted field', () => {
  let own: Notes;
  let of: (text: string) => Promise<Note>;

  beforeAll(async () => {
    own = await createNotes();
    of = (text) => own.notes.insert(newNote({ text }));
  });
  afterAll(() => own.test.close());

  const read = ({ _id }: Note) => own.notes.get(OWN, String(_id));

  it('is read as it was written, in every way that a repository has', async () => {
    const inserted = await own.notes.insert(newNote({ text: TEXT, hint: 'six' }));
    expect(inserted).toMatchObject({ title: 'Note', text: TEXT, hint: 'six' });
    expect(await read(inserted)).toEqual(inserted);
    expect(await own.notes.first(OWN, { _id: inserted._id })).toEqual(inserted);
    const { items } = await own.notes.page(OWN, { limit: 1 });
    expect(items).toEqual([inserted]);
    const id = String(inserted._id).toUpperCase();
    const updated = await own.notes.update(OWN, id, NO_PRECONDITION, { hint: 'seven' });
    expect(updated).toMatchObject({ title: 'Note', text: TEXT, hint: 'seven', version: 2 });
    expect(await read(inserted)).toEqual(updated);
  });

  it('is no plaintext in the database, whichever way it was written', async () => {
    const note = await of(TEXT);
    expect(await own.stored(note)).toMatchObject({ title: 'Note', text: expect.stringMatching(FORM) });
    await own.notes.update(OWN, String(note._id), NO_PRECONDITION, { text: TEXT, hint: TEXT });
    const stored = await own.stored(note);
    expect(stored).toMatchObject({
      text: expect.stringMatching(FORM),
      hint: expect.stringMatching(FORM),
    });
    for (const plain of [TEXT, 'password', Buffer.from(TEXT).toString('base64').slice(0, 20)]) {
      expect(JSON.stringify(stored)).not.toContain(plain);
    }
  });

  it('has another ciphertext each time', async () => {
    const notes = [await of(TEXT), await of(TEXT)];
    const [one, other] = await Promise.all(notes.map((note) => own.stored(note)));
    expect(one?.['text']).not.toBe(other?.['text']);
  });

  it.each([
    ['an empty text', ''],
    ['one character', 'a'],
    ['every script and emoji', 'Grüße, Ελλάς, 日本語, 👩‍👩‍👧 \u0000 e\u0301'],
    ['what looks encrypted', 'enc:v1:k1:AAAA'],
    ['a long text', 'ä'.repeat(100_000)],
  ])('holds %s', async (_, text) => {
    const note = await of(text);
    expect((await own.stored(note))['text']).toMatch(FORM);
    expect((await read(note)).text).toBe(text);
  });

  it('may be absent, and is removed by null', async () => {
    const note = await own.notes.insert(newNote({ text: TEXT, hint: null }));
    expect(await own.stored(note)).not.toHaveProperty('hint');
    expect((await own.notes.update(OWN, String(note._id), NO_PRECONDITION, { text: null })).text).toBe(
      undefined,
    );
    expect(await own.stored(note)).not.toHaveProperty('text');
  });

  it('refuses what is no text', async () => {
    const wrong = [{ text: 5 }, { text: { $gt: '' } }, { text: ['a'] }, { text: 'half \ud83d' }];
    const note = await of(TEXT);
    for (const fields of wrong) {
      await expect(own.notes.insert(newNote(fields as Note))).rejects.toThrow(TypeError);
      const updating = own.notes.update(OWN, String(note._id), NO_PRECONDITION, fields as Note);
      await expect(updating).rejects.toThrow(TypeError);
    }
    expect((await read(note)).text).toBe(TEXT);
  });

  describe('that was tampered with does not decrypt:', () => {
    it.each<[string, (value: string) => string]>([
      ['the plaintext', () => TEXT],
      ['nothing', () => ''],
      ['only its head', () => 'enc:v1:k1:'],
      ['a value that was cut', (value) => value.slice(0, -1)],
      ['a value without its tag', (value) => value.slice(0, -22)],
      ['a longer value', (value) => `${value}A`],
      ['padding', (value) => `${value}=`],
      ['another version', (value) => value.replace('enc:v1', 'enc:v2')],
      ['an unknown key', (value) => value.replace(':k1:', ':k2:')],
    ])('%s', async (_, change) => {
      const note = await of(TEXT);
      await own.overwrite(note, { text: change(String((await own.stored(note))['text'])) });
      await expect(read(note)).rejects.toMatchObject(FAILS);
    });

    it('a number', async () => {
      const note = await of(TEXT);
      await own.overwrite(note, { text: 5 });
      await expect(read(note)).rejects.toMatchObject(FAILS);
    });

    it('a value with any one character changed', async () => {
      // 29 bytes: the last character has bits that stand for nothing.
      const note = await of('a');
      const value = String((await own.stored(note))['text']);
      const accepted: string[] = [];
      for (let index = 0; index < value.length; index++) {
        const isLast = index === value.length - 1;
        for (const character of isLast ? ALPHABET : 'AB_:') {
          const changed = value.slice(0, index) + character + value.slice(index + 1);
          if (changed === value) continue;
          await own.overwrite(note, { text: changed });
          await read(note).then(
            () => accepted.push(changed),
            (error: unknown) => expect(error).toMatchObject(FAILS),
          );
        }
      }
      expect(accepted).toEqual([]);
      await own.overwrite(note, { text: value });
      expect((await read(note)).text).toBe('a');
    });

    it('the value of another record, and that of another field', async () => {
      const [note, other] = [await of(TEXT), await of('other')];
      const { text } = await own.stored(note);
      await own.overwrite(other, { text });
      await expect(read(other)).rejects.toMatchObject(FAILS);
      await own.overwrite(note, { hint: text });
      await expect(read(note)).rejects.toMatchObject(FAILS);
    });

    it('which a list and a change of the record tell, too', async () => {
      const note = await of(TEXT);
      await own.overwrite(note, { text: TEXT });
      await expect(own.notes.page(OWN, { limit: 100 })).rejects.toMatchObject(FAILS);
      await expect(own.notes.first(OWN, { _id: note._id })).rejects.toMatchObject(FAILS);
      const changing = own.notes.update(OWN, String(note._id), NO_PRECONDITION, { title: 'New' });
      await expect(changing).rejects.toMatchObject(FAILS);
      await own.notes.remove(OWN, String(note._id), NO_PRECONDITION);
    });

    it('with a line in the log that names the place and no value', async () => {
      const note = await of(TEXT);
      const value = String((await own.stored(note))['text']);
      await own.overwrite(note, { text: TEXT, hint: value });
      const place = { level: 'error', collection: 'trial_notes', recordId: String(note._id) };
      const lastLine = async () => {
        await expect(read(note)).rejects.toMatchObject(FAILS);
        return own.test.logs.findLast(({ event }) => event === 'decryption_failed');
      };
      expect(await lastLine()).toMatchObject({ reason: 'not encrypted', field: 'text', ...place });
      await own.overwrite(note, { text: value });
      expect(await lastLine()).toMatchObject({ reason: 'changed or moved', field: 'hint', ...place });
      await own.overwrite(note, { text: value.replace(':k1:', ':k2:') });
      expect(await lastLine()).toMatchObject({ reason: 'unknown key', keyId: 'k2', field: 'text', ...place });
      expect(own.test.logText()).not.toContain(value);
    });
  });

  it('never comes back as another text, whatever stands in the database', async () => {
    const note = await of(TEXT);
    const made = fc.oneof(fc.string(), fc.stringMatching(/^enc:v1:k1:[\w-]{38,60}$/));
    await fc.assert(
      fc.asyncProperty(made, async (value) => {
        await own.overwrite(note, { text: value });
        await expect(read(note)).rejects.toMatchObject(FAILS);
      }),
    );
  });

  it('leaves no text in the log', () => {
    expect(own.test.logText()).not.toMatch(/Kumquat|enc:v1/);
  });
});

describe('keys', () => {
  const key = () => randomBytes(32).toString('base64');
  const [first, second] = [key(), key()];
  let old: Notes;
  let note: Note;

  /** The same database, by a process with other keys. */
  const restarted = (keys: string) =>
    createNotes({ MONGODB_URI: String(old.test.config.of(DatabaseConfig).mongodbUri), ENCRYPTION_KEY: keys });

  beforeAll(async () => {
    old = await createNotes({ ENCRYPTION_KEY: `first:${first}` });
    note = await old.notes.insert(newNote({ text: TEXT }));
  });
  afterAll(() => old.test.close());

  const read = ({ notes }: Notes) => notes.get(OWN, String(note._id));

  it('are replaced: the first encrypts, all decrypt', async () => {
    const rotated = await restarted(`second:${second},first:${first}`);
    expect((await read(rotated)).text).toBe(TEXT);
    expect((await rotated.stored(note))['text']).toMatch(/^enc:v1:first:/);
    await rotated.notes.update(OWN, String(note._id), NO_PRECONDITION, { text: 'new' });
    expect((await rotated.stored(note))['text']).toMatch(/^enc:v1:second:/);
    expect((await read(rotated)).text).toBe('new');
    await rotated.test.app.close();
    await expect(read(old)).rejects.toMatchObject(FAILS);
  });

  it('do not decrypt under the id of another', async () => {
    const swapped = await restarted(`second:${first}`);
    await expect(read(swapped)).rejects.toMatchObject(FAILS);
    await swapped.test.app.close();
  });
});
