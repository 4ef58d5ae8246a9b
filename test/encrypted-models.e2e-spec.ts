import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type HydratedDocument, type Model, Schema, Types } from 'mongoose';
import { createNotes, newNote, type Note, type Notes, OWN } from './support/encrypted-notes.js';

const TEXT = 'The password of the safe is Kumquat.';
const FORM = /^enc:v1:k1:[\w-]{38,}$/;
const FAILS = { code: 'INTERNAL_ERROR', status: 500 };

describe("Mongoose's own operations", () => {
  let own: Notes;
  let model: Model<Note>;

  beforeAll(async () => {
    own = await createNotes();
    ({ model } = own);
  });
  afterAll(() => own.test.close());

  const made = (fields: Partial<Note> = {}) => model.create({ ...newNote({ text: TEXT }), ...fields });
  const read = ({ _id }: Pick<Note, '_id'>) => own.notes.get(OWN, String(_id));

  /** The texts are encrypted in the database, and the repository reads them. */
  const holds = async (note: Pick<Note, '_id'>, texts: Partial<Note>): Promise<void> => {
    const stored = await own.stored(note);
    for (const field of Object.keys(texts)) expect(stored[field]).toMatch(FORM);
    expect(await read(note)).toMatchObject(texts);
  };

  it.each<[string, (fields: Pick<Note, 'text' | 'hint'>) => Promise<Note>]>([
    ['create', (fields) => model.create(newNote(fields))],
    ['save', (fields) => new model(newNote(fields)).save()],
    ['insertOne', (fields) => model.insertOne(newNote(fields))],
    ['insertMany', async (fields) => (await model.insertMany([newNote(fields)]))[0] as Note],
    [
      'a lean insertMany',
      async (fields) => (await model.insertMany([newNote(fields)], { lean: true }))[0] as Note,
    ],
    [
      'an upsert by _id',
      async (fields) => {
        const _id = new Types.ObjectId();
        await model.updateOne({ _id }, { $set: newNote(fields) }, { upsert: true });
        return (await model.findById(_id)) as Note;
      },
    ],
    [
      'a found upsert by _id',
      async (fields) => {
        const [filter, options] = [{ _id: new Types.ObjectId() }, { upsert: true, new: true } as const];
        return (await model.findOneAndUpdate(filter, { $setOnInsert: newNote(fields) }, options)) as Note;
      },
    ],
  ])('write a new record by %s', async (_, write) => {
    const note = await write({ text: TEXT, hint: 'six' });
    expect(note).toMatchObject({ text: TEXT, hint: 'six' });
    await holds(note, { text: TEXT, hint: 'six' });
  });

  it.each<[string, (note: Note, text: string) => Promise<unknown>]>([
    ['save', (note, text) => (note as HydratedDocument<Note>).set({ text }).save()],
    [
      'save after find',
      async ({ _id }, text) => {
        const found = await model.findById(_id);
        return found?.set({ text }).save();
      },
    ],
    ['updateOne', ({ _id }, text) => model.updateOne({ _id }, { text })],
    ['updateOne with $set', ({ _id }, text) => model.updateOne({ _id }, { $set: { text } })],
    [
      'updateOne with $eq',
      ({ _id }, text) => model.updateOne({ _id: { $eq: _id }, title: 'Note' }, { text }),
    ],
    ['updateOne of a document', (note, text) => (note as HydratedDocument<Note>).updateOne({ text })],
    ['updateMany of one', ({ _id }, text) => model.updateMany({ _id }, { text })],
    ['findOneAndUpdate', ({ _id }, text) => model.findOneAndUpdate({ _id }, { text })],
    ['findByIdAndUpdate', ({ _id }, text) => model.findByIdAndUpdate(String(_id).toUpperCase(), { text })],
    ['replaceOne', ({ _id }, text) => model.replaceOne({ _id }, newNote({ text }))],
    ['findOneAndReplace', ({ _id }, text) => model.findOneAndReplace({ _id }, newNote({ text }))],
  ])('change a record by %s', async (_, change) => {
    const note = await made();
    await change(note, 'changed');
    await holds(note, { text: 'changed' });
  });

  it.each<[string, (note: Note) => Promise<unknown>]>([
    ['null', ({ _id }) => model.updateOne({ _id }, { text: null })],
    ['$unset', ({ _id }) => model.updateOne({ _id }, { $unset: { text: 1 } })],
    ['$unset in many', ({ _id }) => model.updateMany({ _id: { $in: [_id] } }, { $unset: { text: 1 } })],
    ['save', (note) => (note as HydratedDocument<Note>).set({ text: undefined }).save()],
    ['a replacement', ({ _id }) => model.replaceOne({ _id }, newNote({}))],
  ])('remove a text by %s', async (_, remove) => {
    const note = await made();
    await remove(note);
    expect((await own.stored(note))['text'] ?? null).toBeNull();
    expect((await model.findById(note._id))?.text ?? null).toBeNull();
  });

  it.each<[string, (note: Note) => Promise<Partial<Note> | null | undefined>]>([
    ['find', async ({ _id }) => (await model.find({ _id }))[0]],
    ['a lean find', async ({ _id }) => (await model.find({ _id }).lean())[0]],
    ['findOne', ({ _id }) => model.findOne({ _id, title: 'Note' })],
    ['a lean findOne', ({ _id }) => model.findOne({ _id }).lean()],
    ['findById', ({ _id }) => model.findById(String(_id))],
    ['a cursor', ({ _id }) => model.find({ _id }).cursor().next()],
    ['a lean cursor', ({ _id }) => model.find({ _id }).lean().cursor().next()],
    [
      'a stream',
      async ({ _id }) => {
        for await (const note of model.find({ _id })) return note;
        return undefined;
      },
    ],
    ['a projection', ({ _id }) => model.findOne({ _id }, 'text hint')],
    ['a projection that leaves others out', ({ _id }) => model.findOne({ _id }, '-title -version').lean()],
    ['findOneAndUpdate', ({ _id }) => model.findOneAndUpdate({ _id }, { title: 'x' })],
    [
      'findOneAndUpdate after it',
      ({ _id }) => model.findOneAndUpdate({ _id }, { title: 'x' }, { new: true }),
    ],
    [
      'findOneAndUpdate with metadata',
      async ({ _id }) =>
        (await model.findOneAndUpdate({ _id }, { title: 'x' }, { includeResultMetadata: true })).value,
    ],
    ['findOneAndReplace', ({ _id }) => model.findOneAndReplace({ _id }, newNote({}))],
    ['findOneAndDelete', ({ _id }) => model.findOneAndDelete({ _id })],
    ['a lean findByIdAndDelete', ({ _id }) => model.findByIdAndDelete(_id).lean()],
  ])('read a record by %s', async (_, readBy) => {
    const note = await own.notes.insert(newNote({ text: TEXT, hint: 'six' }));
    expect(await readBy(note)).toMatchObject({ text: TEXT, hint: 'six' });
  });

  it('read many at once, each its own text', async () => {
    const ownerId = new Types.ObjectId();
    const texts = Array.from({ length: 250 }, (_, index) => `${TEXT} ${index}`);
    await model.insertMany(texts.map((text) => ({ ...newNote({ text }), ownerId })));
    const found = await model.find({ ownerId }).sort({ _id: 1 }).batchSize(100).lean();
    expect(found.map(({ text }) => text)).toEqual(texts);
  });

  it('read nothing where there is nothing', async () => {
    const _id = new Types.ObjectId();
    expect(await model.findOne({ _id })).toBeNull();
    expect(await model.findOneAndUpdate({ _id }, { text: TEXT }).lean()).toBeNull();
    expect(await model.findOneAndDelete({ _id })).toBeNull();
    expect(await model.exists({ _id })).toBeNull();
  });

  it('leave out what a projection leaves out', async () => {
    const { _id } = await made();
    const found = await model.findOne({ _id }, { _id: 0, title: 1 }).lean();
    expect(found).toEqual({ title: 'Note' });
  });

  it('know a document that was read to be unchanged, and write only what was changed', async () => {
    const { _id } = await made({ hint: 'six' });
    const found = (await model.findById(_id)) as HydratedDocument<Note>;
    expect(found.isModified()).toBe(false);
    const before = await own.stored(found);
    await found.save();
    expect(await own.stored(found)).toEqual(before);
    await found.set({ hint: 'seven' }).save();
    expect(await own.stored(found)).toMatchObject({
      text: before['text'],
      hint: expect.not.stringMatching('seven'),
    });
    expect(found).toMatchObject({ text: TEXT, hint: 'seven' });
  });

  it('leave the text in a document whose save fails, which may be tried again', async () => {
    const note = await made();
    const twin = new model({ ...newNote({ text: 'twin' }), _id: note._id });
    await expect(twin.save()).rejects.toThrow(/duplicate/);
    expect(twin).toMatchObject({ text: 'twin', isNew: true });
    twin._id = new Types.ObjectId();
    await twin.save();
    await holds(twin, { text: 'twin' });
    await own.test.connection.collection('trial_notes').deleteOne({ _id: note._id });
    await expect(note.set({ text: 'late' }).save()).rejects.toThrow(/No document found/);
    expect(note.text).toBe('late');
  });

  it('belong to a transaction, of which all or nothing happens', async () => {
    const note = await made();
    const [changed, inserted] = ['changed within', new Types.ObjectId()];
    await expect(
      own.model.db.transaction(async (session) => {
        await model.create([{ ...newNote({ text: TEXT }), _id: inserted }], { session });
        await model.updateOne({ _id: note._id }, { text: changed }, { session });
        expect(await model.findById(note._id).session(session)).toMatchObject({ text: changed });
        throw new Error('Not today');
      }),
    ).rejects.toThrow('Not today');
    expect(await model.findById(note._id)).toMatchObject({ text: TEXT });
    expect(await model.findById(inserted)).toBeNull();
  });

  it('populate a record', async () => {
    const schema = new Schema<{ note: Types.ObjectId }>({
      note: { type: Schema.Types.ObjectId, ref: 'TrialNote' },
    });
    const links = own.model.db.model('TrialLink', schema);
    const link = await links.create({ note: (await made())._id });
    expect(await links.findById(link._id).populate('note')).toMatchObject({ note: { text: TEXT } });
    expect(await links.findById(link._id).populate('note').lean()).toMatchObject({ note: { text: TEXT } });
  });

  it('hydrate what was read', async () => {
    const { _id } = await made();
    expect(model.hydrate((await model.findById(_id).lean()) as Note)).toMatchObject({ text: TEXT });
  });

  it('obey select: false', async () => {
    const schema = new Schema({ text: { type: String, encrypted: true, select: false } });
    const hidden = own.model.db.model('Hidden', schema, 'hidden');
    const { _id } = await hidden.create({ text: TEXT });
    expect((await hidden.findById(_id))?.text).toBeUndefined();
    expect((await hidden.findById(_id).select('+text'))?.text).toBe(TEXT);
  });

  it('encrypt the fields of discriminators, through every model of the collection', async () => {
    const base = own.model.db.model('TrialPart', new Schema({ name: String }, { collection: 'parts' }));
    const secret = base.discriminator('SecretPart', new Schema({ text: { type: String, encrypted: true } }));
    const part = await secret.create({ name: 'a', text: TEXT });
    expect((await own.test.connection.collection('parts').findOne({ _id: part._id }))?.['text']).toMatch(
      FORM,
    );
    expect(await base.findById(part._id)).toMatchObject({ text: TEXT });
    expect((await base.find({ _id: part._id }).lean())[0]).toMatchObject({ text: TEXT });
    await base.updateOne({ _id: part._id, __t: 'SecretPart' }, { text: 'new' });
    expect((await own.test.connection.collection('parts').findOne({ _id: part._id }))?.['text']).toMatch(
      FORM,
    );
    await expect(base.find({ text: 'new' }, null, { strictQuery: false })).rejects.toThrow(/encrypted/);
    expect(await secret.findById(part._id)).toMatchObject({ text: 'new' });
  });

  it('encrypt for the collection that a model stands on', async () => {
    const elsewhere = own.model.db.model<Note>('Elsewhere', model.schema, 'elsewhere');
    const note = await elsewhere.create(newNote({ text: TEXT }));
    const raw = own.test.connection.collection<Note>('elsewhere');
    expect((await raw.findOne({ _id: note._id }))?.text).toMatch(FORM);
    expect(await elsewhere.findById(note._id)).toMatchObject({ text: TEXT });
    await own.test.connection
      .collection('trial_notes')
      .insertOne((await raw.findOne({ _id: note._id })) as object);
    await expect(model.findById(note._id)).rejects.toMatchObject(FAILS);
    await own.test.connection.collection('trial_notes').deleteOne({ _id: note._id });
  });

  it('take the keys of their own connection', async () => {
    const other = await createNotes();
    const note = await other.model.create(newNote({ text: TEXT }));
    expect(await other.model.findById(note._id)).toMatchObject({ text: TEXT });
    await own.test.connection.collection('trial_notes').insertOne(await other.stored(note));
    await expect(model.findById(note._id)).rejects.toMatchObject(FAILS);
    await own.test.connection.collection('trial_notes').deleteOne({ _id: note._id });
    await other.test.close();
  });
});
