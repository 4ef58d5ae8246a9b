import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Model, Schema, Types } from 'mongoose';
import { createNotes, newNote, type Note, type Notes } from './support/encrypted-notes.js';

const TEXT = 'The password of the safe is Kumquat.';
const FAILS = { code: 'INTERNAL_ERROR', status: 500 };

describe('an error over an encrypted field', () => {
  let own: Notes;
  let model: Model<Note>;

  beforeAll(async () => {
    own = await createNotes();
    ({ model } = own);
  });
  afterAll(() => own.test.close());

  const made = () => model.create(newNote({ text: TEXT }));

  it.each<[string, (note: Note) => Promise<unknown>]>([
    ['find', ({ _id }) => model.find({ _id })],
    ['a lean findOne', ({ _id }) => model.findOne({ _id }).lean()],
    ['a cursor', ({ _id }) => model.find({ _id }).cursor().next()],
    ['findOneAndUpdate', ({ _id }) => model.findOneAndUpdate({ _id }, { title: 'x' })],
    ['findOneAndDelete', ({ _id }) => model.findOneAndDelete({ _id })],
  ])('tells of a value that does not decrypt, and quotes none: %s', async (_, act) => {
    const [note, other] = [await made(), await made()];
    const { text } = await own.stored(other);
    await own.overwrite(note, { text });
    const error = await act(note).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(FAILS);
    expect(`${(error as Error).stack} ${String((error as Error).cause)}`).not.toMatch(/enc:v1|Kumquat/);
    await own.test.connection.collection('trial_notes').deleteOne({ _id: note._id });
  });

  it('quotes no text that does not fit', async () => {
    const modelWith = (limits: object) =>
      own.model.db.model(randomUUID(), new Schema({ text: { type: String, encrypted: true, ...limits } }));
    const quoting = (text: string) => Promise.reject(new Error(`not ${text}`));
    const strict = modelWith({ minlength: 50 });
    const _id = new Types.ObjectId();
    const wrong = [
      () => strict.create({ text: TEXT }),
      () => modelWith({ match: /^x/ }).create({ text: TEXT }),
      () => modelWith({ enum: ['a'] }).create({ text: TEXT }),
      () => modelWith({ validate: quoting }).create({ text: TEXT }),
      () => strict.create({ text: { a: TEXT } } as object),
      () => new strict({ text: TEXT }).validate(),
      () => Promise.reject(new strict({ text: TEXT }).validateSync()),
      () => strict.insertMany([{ text: TEXT }]),
      () => strict.updateOne({ _id }, { text: TEXT }, { runValidators: true }),
      () => strict.updateOne({ _id }, { text: [TEXT] }),
      () => strict.find({ text: { a: TEXT } } as object),
      () => model.updateOne({ _id }, { text: `${TEXT} \ud83d` }),
      () => model.create(newNote({ text: `${TEXT} \ud83d` })),
    ];
    for (const act of wrong) {
      const error = await act().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(Error);
      const { stack, ...fields } = error as Error;
      expect(`${stack} ${JSON.stringify(fields)} ${JSON.stringify(error)} ${String(error)}`).not.toMatch(
        /Kumquat/,
      );
      own.test.app.getHttpAdapter().getInstance().log.error({ err: error });
    }
    expect(own.test.logText()).not.toMatch(/Kumquat|enc:v1/);
  });
});
