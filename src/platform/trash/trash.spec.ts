import { expect, it } from '@jest/globals';
import { Schema } from 'mongoose';
import { StoredRecord } from '../database/record.js';
import { resource } from '../database/resource.js';
import { Trash } from './trash.js';

const trashOf = (fields: Record<string, unknown>) => {
  const schema = new Schema({ ownerId: Schema.Types.ObjectId, ...fields } as never, { collection: 'things' });
  const things = resource({ name: 'thing', record: StoredRecord, schema, permissions: [], trash: true });
  return new Trash({} as never, things, {} as never, {} as never, undefined, undefined);
};

it.each([
  [{ trashedAt: Date }, 'no field can be called trashedAt'],
  [{ name: { type: String, index: true } }, 'declare its indexes on the schema, not in @Prop'],
])('refuses a feature with the fields %j', (fields, message) => {
  expect(() => trashOf(fields)).toThrow(`resource 'thing': with a trash, ${message}`);
});
