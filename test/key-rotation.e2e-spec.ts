import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { FieldCipher } from '../src/platform/encryption/field-cipher.js';
import { encryptedFieldsIn, type Rotated, rotateKeys } from '../src/platform/encryption/key-rotation.js';
import { reportRotation, showRotation } from '../src/platform/encryption/rotation-report.js';
import { createNotes, newNote, type Notes } from './support/encrypted-notes.js';
import { withoutFeatures } from './support/rotations.js';

const [first, second, third] = ['first', 'second', 'third'].map(
  (id) => `${id}:${randomBytes(32).toString('base64')}`,
);
const UNDER_SECOND = /^enc:v1:second:/;

describe('a rotation of keys', () => {
  let old: Notes;
  let now: Notes;
  let written = '';

  const sameDatabase = (keys: string) =>
    createNotes({ MONGODB_URI: String(old.test.config.of(DatabaseConfig).mongodbUri), ENCRYPTION_KEY: keys });

  beforeAll(async () => {
    old = await createNotes({ ENCRYPTION_KEY: `${first},${second},${third}` });
    now = await sameDatabase(`${second},${first}`);
  });
  afterAll(async () => {
    await now.test.app.close();
    await old.test.close();
  });
  beforeEach(async () => {
    written = '';
    await raw().deleteMany({});
  });

  const raw = () => now.test.connection.collection('trial_notes');
  const log = (isTTY = false) => showRotation({ isTTY, write: (text) => (written += text) });
  const rotate = (by = now, stop = new AbortController().signal, watch = log()): Promise<Rotated> =>
    rotateKeys(
      by.test.connection.getClient().db(),
      encryptedFieldsIn(by.model.db),
      by.test.app.get(FieldCipher),
      watch,
      stop,
    );
  const renewedOf = ({ renewed }: Rotated) => renewed.get('trial_notes');
  const outdated = () => raw().countDocuments({ text: { $exists: true, $not: UNDER_SECOND } });

  /** Notes with a text and a hint, as a process with the first key writes them. */
  const fill = (count: number) =>
    old.model.insertMany(
      Array.from({ length: count }, (_, index) => newNote({ text: `text ${index}`, hint: 'six' })),
    );

  it('brings every value under the first key, and leaves the rest of a record alone', async () => {
    const notes = await fill(450);
    await old.model.insertMany([newNote({}), newNote({ text: null, hint: 'seven' })]);
    const before = await raw()
      .find({}, { projection: { text: 0, hint: 0 } })
      .toArray();
    const rotated = await rotate();
    expect(rotated).toMatchObject({ end: 'complete', unreadable: [] });
    expect(renewedOf(rotated)).toBe(901);
    expect(
      await raw()
        .find({}, { projection: { text: 0, hint: 0 } })
        .toArray(),
    ).toEqual(before);
    expect(await raw().countDocuments({ text: UNDER_SECOND, hint: UNDER_SECOND })).toBe(450);
    const alone = await sameDatabase(String(second));
    const found = await alone.model.find({ _id: { $in: notes.map(({ _id }) => _id) } }).lean();
    expect(found.map(({ text, hint }) => `${text} ${hint}`)).toEqual(notes.map(({ text }) => `${text} six`));
    await alone.test.app.close();
  });

  it('has nothing to do where everything is done', async () => {
    await fill(3);
    expect(renewedOf(await rotate())).toBe(6);
    const stored = await raw().find().toArray();
    expect(renewedOf(await rotate())).toBe(0);
    expect(await raw().find().toArray()).toEqual(stored);
  });

  it('takes the fields of all features', () => {
    expect([...encryptedFieldsIn(now.model.db)].map(([name, fields]) => [name, ...fields])).toEqual(
      expect.arrayContaining([
        ['second_factors', 'secret'],
        ['trial_notes', 'text', 'hint'],
      ]),
    );
  });

  it('stops after the batch under way, and goes on where it stopped', async () => {
    await fill(450);
    const stop = new AbortController();
    const stopping = { ...log(), progress: () => stop.abort() };
    const stopped = await rotate(now, stop.signal, stopping);
    expect(stopped.end).toBe('stopped');
    expect(renewedOf(stopped)).toBe(400);
    expect(await outdated()).toBe(250);
    const rest = await rotate();
    expect(rest.end).toBe('complete');
    expect(renewedOf(rest)).toBe(500);
    expect(await outdated()).toBe(0);
  });

  it('does each value once, when two run at once', async () => {
    await fill(450);
    const both = await Promise.all([rotate(), rotate()]);
    expect(both.map(({ end }) => end)).toEqual(['complete', 'complete']);
    expect(both.reduce((sum, each) => sum + (renewedOf(each) ?? 0), 0)).toBe(900);
    const texts = (await now.model.find().sort({ _id: 1 }).lean()).map(({ text }) => text);
    expect(texts).toEqual(Array.from(texts, (_, index) => `text ${index}`));
    expect(texts).toHaveLength(450);
  });

  it('never overwrites what was written after it read, and goes round again for it', async () => {
    const notes = await fill(3);
    const _id = notes.at(-1)?._id ?? null;
    const rotation = await old.model.db.transaction(async (session) => {
      await old.model.updateOne({ _id }, { text: 'late' }, { session });
      // It reads what stood there before, and waits with its write for the end of the transaction.
      const running = rotate();
      while ((await raw().countDocuments({ text: UNDER_SECOND, hint: UNDER_SECOND })) < 2) await sleep(5);
      return { running };
    });
    const rotated = await rotation.running;
    expect(rotated.end).toBe('complete');
    expect(await now.model.findById(_id)).toMatchObject({ text: 'late', hint: 'six' });
    expect(await outdated()).toBe(0);
    expect(written).toContain('Meanwhile 1 value came under another key: all is gone through again.\n');
  });

  it('says so when others go on writing under another key', async () => {
    const notes = await fill(20);
    const end = new AbortController();
    const writers = notes.map(async ({ _id }) => {
      while (!end.signal.aborted) await old.model.updateOne({ _id }, { text: 'again' });
    });
    const rotated = await rotate();
    end.abort();
    await Promise.all(writers);
    expect(rotated.end).toBe('others write under another key');
    expect(reportRotation(rotated)).toMatch(/start every process with the new ENCRYPTION_KEY/);
    expect((await rotate()).end).toBe('complete');
    expect(await outdated()).toBe(0);
  });

  it('shows how far it is: a line that is rewritten on a terminal, and few lines elsewhere', async () => {
    await fill(450);
    await old.model.insertMany([newNote({ text: null, hint: null }), newNote({})]);
    await rotate();
    expect(written).toBe('trial_notes … 400 of 900 values\ntrial_notes … 900 of 900 values\n');
    written = '';
    await fill(1);
    await rotate(now, undefined, log(true));
    expect(written).toBe('\r\u001b[Ktrial_notes … 2 of 2 values');
  });

  it('names the place of what does not decrypt, and no value', async () => {
    const [whole, plain, swapped, unknown] = await fill(4);
    if (!whole || !plain || !swapped || !unknown) throw new Error('There are too few notes');
    const other = await sameDatabase(String(third));
    await other.model.updateOne({ _id: unknown._id }, { text: 'Kumquat' });
    await other.test.app.close();
    await now.overwrite(plain, { text: 'Kumquat' });
    await now.overwrite(swapped, { hint: (await now.stored(swapped))['text'] });
    const rotated = await rotate();
    expect(rotated.end).toBe('complete');
    expect(renewedOf(rotated)).toBe(5);
    expect(withoutFeatures(reportRotation(rotated)).split('\n').toSorted()).toEqual(
      [
        `trial_notes ${plain._id} text: not encrypted`,
        `trial_notes ${swapped._id} hint: changed or moved (first)`,
        `trial_notes ${unknown._id} text: unknown key (third)`,
        'trial_notes: 5 values re-encrypted, 3 that do not decrypt',
        'executions: 0 values re-encrypted',
        'import_parts: 0 values re-encrypted',
        'second_factors: 0 values re-encrypted',
        'webhooks: 0 values re-encrypted',
        'Every other value is under the first key of ENCRYPTION_KEY. Keep the other keys.',
      ].toSorted(),
    );
    expect(now.test.logText()).not.toMatch(/Kumquat|enc:v1/);
  });
});
