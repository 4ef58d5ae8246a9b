import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Schema } from 'mongoose';
import { createNotes, newNote, type Note, type Notes, OWN } from './support/encrypted-notes.js';

const TEXT = 'The password of the safe is Kumquat.';

describe('an encrypted field refuses', () => {
  let own: Notes;
  let of: (text: string) => Promise<Note>;

  beforeAll(async () => {
    own = await createNotes();
    of = (text) => own.notes.insert(newNote({ text }));
  });
  afterAll(() => own.test.close());

  it.each([
    ['a filter', { text: TEXT }],
    ['a filter by an operator', { text: { $exists: true } }],
    ['a filter within others', { $or: [{ title: 'a' }, { $and: [{ hint: { $ne: '' } }] }] }],
    ['an expression', { $expr: { $eq: ['$text', TEXT] } }],
    ['a program', { $where: 'this.text' }],
  ])('%s', async (_, filter) => {
    await expect(own.notes.page(OWN, { limit: 1 }, filter)).rejects.toThrow(/encrypted/);
    await expect(own.notes.first(OWN, filter)).rejects.toThrow(/encrypted/);
    await expect(own.model.updateOne(filter, { title: 'x' })).rejects.toThrow(/encrypted/);
    await expect(own.model.countDocuments(filter)).rejects.toThrow(/encrypted/);
    await expect(own.model.deleteMany(filter)).rejects.toThrow(/encrypted/);
  });

  it.each<[string, (model: Notes['model']) => unknown]>([
    ['find', (model) => model.find()],
    ['lean', (model) => model.find().lean()],
    ['a cursor', (model) => model.find().cursor().next()],
    ['findOne', (model) => model.findOne({ title: 'Note' })],
    ['findById', (model) => model.findById('66f1a0c2e4b0a1b2c3d4e5f6')],
    ['findOneAndUpdate', (model) => model.findOneAndUpdate({}, { title: 'x' })],
    ['findOneAndReplace', (model) => model.findOneAndReplace({}, { title: 'x' })],
    ['findOneAndDelete', (model) => model.findOneAndDelete({})],
    ['replaceOne', (model) => model.replaceOne({}, { title: 'x', text: TEXT })],
    ['distinct', (model) => model.distinct('text')],
    ['aggregate', (model) => model.aggregate([{ $match: {} }])],
    [
      'an aggregate cursor',
      (model) =>
        model
          .aggregate([{ $match: {} }])
          .cursor()
          .next(),
    ],
    ['create', (model) => model.create(newNote({ text: TEXT }))],
    ['save', (model) => new model(newNote({ text: TEXT })).save()],
    ['insertMany', (model) => model.insertMany([newNote({ text: TEXT })])],
    ['bulkWrite', (model) => model.bulkWrite([{ insertOne: { document: newNote({}) as Note } }])],
    ['bulkSave', (model) => model.bulkSave([new model(newNote({ text: TEXT }))])],
    ['an update of the field', (model) => model.updateOne({}, { text: TEXT })],
    ['an update by an operator', (model) => model.updateMany({}, { $set: { text: TEXT } })],
    ['an upsert', (model) => model.updateOne({}, { $setOnInsert: { text: TEXT } }, { upsert: true })],
    ['renaming a field', (model) => model.updateMany({}, { $rename: { title: 'text' } })],
    [
      'an update by a pipeline',
      (model) => model.updateOne({}, [{ $set: { title: '$text' } }], { updatePipeline: true }),
    ],
  ])('%s of Mongoose', async (_, act) => {
    const before = await own.test.connection.collection('notes').find().toArray();
    await expect((async () => await act(own.model))()).rejects.toThrow(/encrypt/);
    expect(await own.test.connection.collection('notes').find().toArray()).toEqual(before);
  });

  it('nothing that leaves it alone', async () => {
    const note = await of(TEXT);
    await own.model.updateOne({ _id: note._id, title: 'Note' }, { $set: { title: 'Other' } });
    expect(await own.model.countDocuments({ title: 'Other' })).toBe(1);
    expect(await own.notes.get(OWN, String(note._id))).toMatchObject({ title: 'Other', text: TEXT });
    await own.model.deleteOne({ _id: note._id });
    await expect(own.notes.get(OWN, String(note._id))).rejects.toMatchObject({ code: 'NOTE_NOT_FOUND' });
  });
});

describe('a declaration of an encrypted field stops the start when', () => {
  let own: Notes;
  let number = 0;

  beforeAll(async () => {
    own = await createNotes();
  });
  afterAll(() => own.test.close());

  const encrypted = { type: String, encrypted: true };
  const indexed = (keys: Record<string, 1>, options = {}) =>
    new Schema({ text: encrypted, title: String }).index(keys, options);

  it.each<[string, Schema]>([
    ['it is unique', new Schema({ text: { ...encrypted, unique: true } })],
    ['it is indexed', new Schema({ text: { ...encrypted, index: true } })],
    ['it is in a text index', new Schema({ text: { ...encrypted, text: true } })],
    ['an index holds it', indexed({ title: 1, text: 1 })],
    ['an index asks for it', indexed({ title: 1 }, { partialFilterExpression: { text: { $exists: true } } })],
    ['an index is over all fields', indexed({ '$**': 1 })],
    ['it is a number', new Schema({ text: { type: Number, encrypted: true } })],
    ['it is anything', new Schema({ text: { type: Schema.Types.Mixed, encrypted: true } })],
    ['it is a list', new Schema({ texts: { type: [String], encrypted: true } })],
    ['items of a list are', new Schema({ texts: [encrypted] })],
    ['values of a map are', new Schema({ texts: { type: Map, of: encrypted } })],
    ['it is nested', new Schema({ inner: { text: encrypted } })],
    ['it is in another schema', new Schema({ inner: new Schema({ text: encrypted }) })],
    ['it is in a list of schemas', new Schema({ inner: [new Schema({ text: encrypted })] })],
    ['it has another name', new Schema({ text: { ...encrypted, alias: 'content' } })],
  ])('%s', (_, schema) => {
    expect(() => own.test.connection.model(`Wrong${++number}`, schema)).toThrow(/The encrypted field/);
  });
});
