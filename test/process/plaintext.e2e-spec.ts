import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type HydratedDocument, Types } from 'mongoose';
import { NO_PRECONDITION } from '../../src/platform/validation/precondition.js';
import { createNotes, newNote, type Note, type Notes, OWN } from '../support/encrypted-notes.js';
import { type OwnMongod, startOwnMongod } from './own-mongod.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

// Nothing else in the files looks like them. The second one is not encrypted, and shows that the search finds.
const [SECRET, CONTROL] = ['Kumquat', 'Medlar'].map(
  (name) => `${name}-${randomBytes(12).toString('hex')}`,
) as [string, string];

/** With nothing compressed, so that a text lies in the files as it is. */
const PLAIN = ['--wiredTigerCollectionBlockCompressor', 'none', '--wiredTigerJournalCompressor', 'none'];

let mongod: OwnMongod;
let own: Notes;

beforeAll(async () => {
  mongod = await startOwnMongod();
  // A journal that is left behind could not be read with another compressor.
  await mongod.kill('SIGTERM');
  await mongod.restart(...PLAIN);
  own = await createNotes({ MONGODB_URI: mongod.uri });
  // What is asked and changed is kept in a collection, too.
  await own.test.connection.getClient().db().command({ profile: 2, filter: 'unset' });
});
afterAll(async () => {
  await own.test.close();
  await mongod.remove();
});

/** The files of the database that hold one of the texts. */
async function filesWith(...texts: readonly string[]): Promise<string[]> {
  await own.test.connection.getClient().db('admin').command({ fsync: 1 });
  const entries = await readdir(mongod.dataDir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const found = files.map(async (path) => {
    const content = await readFile(path);
    return texts.some((text) => content.includes(text)) ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

describe("the database's files", () => {
  it('hold no text of an encrypted field, whichever way it was written or asked for', async () => {
    const { model, notes } = own;
    const fields = (text = SECRET) => ({ ...newNote({ text, hint: `${SECRET} too` }), title: CONTROL });
    const { _id } = await notes.insert(fields());
    await notes.update(OWN, String(_id), NO_PRECONDITION, { text: `${SECRET} again` });
    const saved = await new model(fields()).save();
    await saved.set({ text: `${SECRET} changed` }).save();
    await model.insertMany([fields(), fields()]);
    await model.updateOne({ _id }, { text: SECRET });
    await model.updateMany({ _id }, { $set: { hint: SECRET } });
    await model.findOneAndUpdate({ _id }, { text: SECRET, title: CONTROL });
    await model.replaceOne({ _id }, fields());
    await model.findOneAndReplace({ _id }, fields());
    await model.updateOne({ _id: new Types.ObjectId() }, fields(), { upsert: true });
    await model.db.transaction(async (session) => void (await model.create([fields()], { session })));
    const failing: (() => Promise<unknown>)[] = [
      () => new model({ ...fields(), _id }).save(),
      () => model.insertMany([{ ...fields(), _id }]),
      () => model.updateOne({ title: CONTROL }, { text: SECRET }),
      () => model.updateOne({ _id }, { $push: { text: SECRET } }, { strict: false }),
      () => model.find({ text: SECRET }),
      () => model.aggregate([{ $match: { text: SECRET } }]),
      () => model.bulkSave([new model(fields()) as HydratedDocument<Note>]),
    ];
    const errors = await Promise.all(failing.map((act) => act().catch((error: Error) => error)));
    for (const error of errors) {
      expect(error).toBeInstanceOf(Error);
      expect(`${(error as Error).stack} ${(error as Error).message}`).not.toContain(SECRET);
    }
    expect(await own.test.connection.collection('trial_notes').countDocuments({ title: CONTROL })).toBe(6);

    const control = await filesWith(CONTROL);
    expect(control.some((path) => path.includes('/journal/'))).toBe(true);
    expect(control.filter((path) => path.includes('/collection-')).length).toBeGreaterThan(1);
    const [base64, hex] = [
      Buffer.from(SECRET).toString('base64').slice(0, 24),
      Buffer.from(SECRET).toString('hex'),
    ];
    expect(await filesWith(SECRET, base64, hex)).toEqual([]);
    expect(own.test.logText()).not.toContain(SECRET);
  });
});
