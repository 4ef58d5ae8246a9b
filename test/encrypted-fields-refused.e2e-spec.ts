import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import mongoose, { Schema } from 'mongoose';
import { createConnection } from '../src/platform/database/field-encryption.js';
import { createNotes, newNote, type Note, type Notes, OWN } from './support/encrypted-notes.js';

const TEXT = 'The password of the safe is Kumquat.';
const ID = '66f1a0c2e4b0a1b2c3d4e5f6';

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
    ['a filter', (model) => model.find({ text: TEXT })],
    ['a filter of a lean query', (model) => model.findOne({ text: { $ne: TEXT } }).lean()],
    ['a filter of a cursor', (model) => model.find({ text: TEXT }).cursor().next()],
    ['an expression', (model) => model.find({ $expr: { $eq: ['$text', TEXT] } })],
    ['a program', (model) => model.find().$where('this.text')],
    ['exists', (model) => model.exists({ text: TEXT })],
    ['counting', (model) => model.countDocuments({ $or: [{ text: TEXT }] })],
    ['a sort', (model) => model.find().sort('-text')],
    ['a sort by a list', (model) => model.find().sort([['text', 1]])],
    ['a sort by a Map', (model) => model.findOne({}, null, { sort: new Map([['text', 1]]) })],
    ["a sort in the driver's form", async (model) => model.collection.find({}, { sort: 'text' })],
    ['a sort of a change', (model) => model.findOneAndUpdate({}, { title: 'x' }, { sort: { text: 1 } })],
    ['a sort of a removal', (model) => model.findOneAndDelete({}, { sort: { text: -1 } })],
    ['a projection by expression', (model) => model.find({}, { copy: '$text' })],
    ['a projection under its name', (model) => model.find({}, { text: { $toUpper: '$text' } } as object)],
    ['a projection without _id', (model) => model.find({}, { _id: 0, text: 1 })],
    ['a projection without _id only', (model) => model.findOne({}, { _id: 0 }).lean()],
    ['distinct', (model) => model.distinct('text')],
    ['distinct by it', (model) => model.distinct('title', { text: TEXT })],
    ['removing by it', (model) => model.deleteOne({ text: TEXT })],
    ['removing many by it', (model) => model.deleteMany({ $nor: [{ hint: TEXT }] })],
    ['finding by it to remove', (model) => model.findOneAndDelete({ text: TEXT })],
    ['finding by it to change', (model) => model.findOneAndUpdate({ text: TEXT }, { title: 'x' })],
    ['a replacement without an _id', (model) => model.replaceOne({}, { title: 'x', text: TEXT })],
    ['a found replacement', (model) => model.findOneAndReplace({}, { title: 'x', text: TEXT })],
    ['a change without an _id', (model) => model.updateOne({}, { text: TEXT })],
    ['a found change', (model) => model.findOneAndUpdate({ title: 'Note' }, { text: TEXT })],
    ['a change of several', (model) => model.updateMany({ _id: { $in: [ID] } }, { $set: { text: TEXT } })],
    ['a change by a range', (model) => model.updateOne({ _id: { $gte: ID } }, { text: TEXT })],
    ['a change by an alternative', (model) => model.updateOne({ $or: [{ _id: ID }] }, { text: TEXT })],
    ['an upsert', (model) => model.updateOne({}, { $setOnInsert: { text: TEXT } }, { upsert: true })],
    ['a push', (model) => model.updateOne({ _id: ID }, { $push: { text: TEXT } }, { strict: false })],
    ['the greater text', (model) => model.updateOne({ _id: ID }, { $max: { text: TEXT } })],
    ['a part of it', (model) => model.updateOne({ _id: ID }, { 'text.a': TEXT }, { strict: false })],
    ['renaming another field', (model) => model.updateMany({}, { $rename: { title: 'text' } })],
    ['renaming it', (model) => model.updateOne({ _id: ID }, { $rename: { text: 'title' } })],
    [
      'a change by a pipeline',
      (model) => model.updateOne({ _id: ID }, [{ $set: { title: '$text' } }], { updatePipeline: true }),
    ],
    ['aggregate', (model) => model.aggregate([{ $match: {} }])],
    ['an aggregate cursor', (model) => model.aggregate([]).cursor().next()],
    ['bulkWrite', (model) => model.bulkWrite([{ insertOne: { document: newNote({}) as Note } }])],
    ['bulkSave', (model) => model.bulkSave([new model(newNote({ text: TEXT }))])],
    [
      'bulkWrite of the connection',
      (model) =>
        model.db.bulkWrite([
          { model: model.modelName, name: 'insertOne', document: newNote({ text: TEXT }) },
        ]),
    ],
    ['a change stream', (model) => once(model.watch(), 'change')],
    ['another connection', (model) => model.useConnection(mongoose.createConnection())],
    ['another collection', (model) => model.db.model('TrialNote', undefined, 'elsewhere')],
    ['a method of the driver', (model) => model.collection.initializeOrderedBulkOp()],
  ])('%s of Mongoose', async (_, act) => {
    await of(TEXT);
    const before = await own.test.connection.collection('trial_notes').find().toArray();
    await expect((async () => await act(own.model))()).rejects.toThrow(/encrypt/);
    expect(await own.test.connection.collection('trial_notes').find().toArray()).toEqual(before);
  });

  it('a filter however deep it stands', async () => {
    const operators = fc.constantFrom('$and', '$or', '$nor');
    const around = (inner: fc.Arbitrary<object>) =>
      fc
        .tuple(operators, fc.array(fc.constant({ title: 'a' }), { maxLength: 2 }), inner)
        .map(([operator, others, each]) => ({ title: { $ne: 'b' }, [operator]: [...others, each] }));
    const leaf = fc.constantFrom({ text: TEXT }, { hint: { $exists: true } }, { title: 'a', text: /a/ });
    const filters = fc.oneof(leaf, around(leaf), around(around(leaf)), around(around(around(leaf))));
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        await expect(own.model.find(filter).lean()).rejects.toThrow(/encrypted/);
      }),
    );
  });

  it('nothing that leaves it alone', async () => {
    const note = await of(TEXT);
    await own.model.updateOne({ _id: note._id, title: 'Note' }, { $set: { title: 'Other' } });
    expect(await own.model.countDocuments({ _id: note._id, title: 'Other' })).toBe(1);
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
    ['records have ids of another kind', new Schema({ _id: String, text: encrypted })],
    ['it has another name', new Schema({ text: { ...encrypted, alias: 'content' } })],
  ])('%s', (_, schema) => {
    expect(() => own.model.db.model(`Wrong${++number}`, schema)).toThrow(/The encrypted field/);
  });

  it('nothing encrypts it', () => {
    const define = () =>
      createConnection().model('Plain', new Schema({ text: encrypted }, { collection: 'plains' }));
    expect(define).toThrow(
      'The field text of plains is encrypted, which needs EncryptionModule: put it into src/app.module.ts',
    );
  });
});
