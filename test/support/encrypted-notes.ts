import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import type { Records } from '../../src/platform/database/records.js';
import { Repositories } from '../../src/platform/database/repositories.js';
import { resource } from '../../src/platform/database/resource.js';
import { scopeOf, type UserId } from '../../src/platform/access/caller.js';
import { connectionOf, createTestApp, type TestApp } from './test-app.js';

@Schema({ ...RECORD_OPTIONS, collection: 'trial_notes' })
export class Note extends OwnedRecord {
  @Prop({ type: String, required: true })
  title!: string;

  @Prop({ type: String, encrypted: true })
  text?: string | null;

  @Prop({ type: String, encrypted: true })
  hint?: string | null;
}

const NoteSchema = SchemaFactory.createForClass(Note);

// Lists of an owner's notes.
NoteSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });

const trialNotes = resource({ name: 'note', record: Note, schema: NoteSchema, permissions: [] });

/** An application with a feature whose records have encrypted fields. */
export interface Notes {
  readonly test: TestApp;
  readonly model: Model<Note>;
  readonly notes: Records<Note>;
  /** What the database holds, as it stands there. */
  stored(note: Pick<Note, '_id'>): Promise<Readonly<Record<string, unknown>>>;
  /** Writes past everything that encrypts. */
  overwrite(note: Pick<Note, '_id'>, fields: object): Promise<void>;
}

export const OWNER = '66f1a0c2e4b0a1b2c3d4e5f6' as UserId;
export const OWN = scopeOf(OWNER);

export function newNote(fields: Pick<Note, 'text' | 'hint'>): Parameters<Records<Note>['insert']>[0] {
  return { ownerId: new Types.ObjectId(OWNER), title: 'Note', ...fields };
}

/** @param env of the application: another key, another application's database */
export async function createNotes(env: Readonly<Record<string, string>> = {}): Promise<Notes> {
  const test = await createTestApp(env);
  const model = connectionOf(test.app).model<Note>('TrialNote', NoteSchema);
  await model.createIndexes();
  const raw = test.connection.collection('trial_notes');
  return {
    test,
    model,
    notes: test.app.get(Repositories).of(model, trialNotes),
    stored: async ({ _id }) => ({ ...(await raw.findOne({ _id })) }),
    overwrite: async ({ _id }, fields) => void (await raw.updateOne({ _id }, { $set: fields })),
  };
}
