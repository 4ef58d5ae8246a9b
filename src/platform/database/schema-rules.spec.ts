import { describe, expect, it } from '@jest/globals';
import mongoose, { Schema, type SchemaDefinition } from 'mongoose';
import { RECORD_OPTIONS } from './record.js';
import { SchemaRules } from './schema-rules.js';

/** The rules of a schema with one field of its own, once a model has been made of it. */
function rulesOf(
  definition: SchemaDefinition,
  change: (schema: Schema) => void = () => undefined,
): SchemaRules {
  const schema: Schema = new Schema(definition, RECORD_OPTIONS as object);
  change(schema);
  mongoose.createConnection().model('Note', schema);
  return new SchemaRules({ modelName: 'Note', schema });
}

const text = (options: object) => ({ text: { type: String, ...options } });

describe('what a schema declares that only documents of Mongoose would do', () => {
  it.each<[string, (schema: Schema) => unknown]>([
    ["pre('save')", (schema) => schema.pre('save', () => undefined)],
    ["pre('findOneAndUpdate')", (schema) => schema.pre('findOneAndUpdate', () => undefined)],
    ["post('find')", (schema) => schema.post('find', () => undefined)],
    ['plugin(stamps)', (schema) => schema.plugin(function stamps() {})],
    ["virtual('full')", (schema) => schema.virtual('full').get(() => 'x')],
    [
      "virtual('author')",
      (schema) => schema.virtual('author', { ref: 'User', localField: 'text', foreignField: '_id' }),
    ],
    ["method('close')", (schema) => schema.method('close', () => undefined)],
    ['toJSON', (schema) => schema.set('toJSON', { virtuals: true })],
  ])('stops the start: %s', (what, change) => {
    expect(() => rulesOf(text({}), change)).toThrow(
      `The schema of Note declares ${what}, which does nothing here: `,
    );
  });

  it.each<[string, object]>([
    ['lowercase', { lowercase: true }],
    ['uppercase', { uppercase: true }],
    ['trim', { trim: true }],
    ['set', { set: (value: unknown) => value }],
    ['get', { get: (value: unknown) => value }],
    ['alias', { alias: 'words' }],
    ['select', { select: false }],
    ['immutable', { immutable: true }],
    ['validate', { validate: () => true }],
  ])('stops the start: %s of a field, of an item and of a nested object', (what, options) => {
    const refusal = (place: string) => `${place} declares ${what}, which does nothing here: `;
    expect(() => rulesOf(text(options))).toThrow(refusal('Note.text'));
    if (what === 'alias') return;
    expect(() => rulesOf({ list: [{ type: String, ...options }] })).toThrow(refusal('Note.list'));
    expect(() => rulesOf({ part: new Schema(text(options)) })).toThrow(refusal('Note.part.text'));
    expect(() => rulesOf({ parts: [new Schema(text(options))] })).toThrow(refusal('Note.parts.text'));
    expect(() => rulesOf({ part: text(options) })).toThrow(refusal('Note.part.text'));
  });

  it.each([
    ['enum', { enum: ['a'] }],
    ['default', { default: 'a' }],
  ])('stops the start: %s within a nested object', (what, options) => {
    const refusal = `Note.part.text declares ${what}, which does nothing here: `;
    expect(() => rulesOf({ part: new Schema(text(options)) })).toThrow(refusal);
    expect(() => rulesOf({ part: text(options) })).toThrow(refusal);
  });

  it('is nothing of what Mongoose itself puts there', () => {
    expect(() => rulesOf({ ...text({ required: true }), parts: [new Schema(text({}))] })).not.toThrow();
  });
});

describe('what a schema declares that holds', () => {
  it.each<[string, object, unknown, unknown]>([
    ['enum', { type: String, enum: ['a', 'b'] }, 'b', 'c'],
    ['enum', { type: [String], enum: ['a', 'b'] }, ['a', 'b'], ['a', 'c']],
    ['min', { type: Number, min: 3 }, 3, 2],
    ['max', { type: Number, max: 3 }, 3, 4],
    ['max', { type: [{ type: Number, max: 3 }] }, [3], [3, 4]],
    ['minlength', { type: String, minlength: 2 }, 'ab', 'a'],
    ['maxlength', { type: String, maxlength: 2 }, 'ab', 'abc'],
    ['regexp', { type: String, match: /^a/ }, 'ab', 'ba'],
  ])('%s of a value that is written, without quoting it', (rule, options, good, bad) => {
    const rules = rulesOf({ field: options } as SchemaDefinition);
    rules.check({ field: good });
    rules.check({});
    expect(() => rules.check({ field: bad })).toThrow(
      `Note.field is to hold a value that its schema does not allow (${rule}): check it in the DTO`,
    );
  });

  it('defaults of a new record, made anew for each', () => {
    const rules = rulesOf({
      state: { type: String, default: 'draft' },
      tags: { type: [String], default: ['new'] },
      title: String,
      slug: { type: String, default: ({ title }: { title: string }) => title.toLowerCase() },
      list: [String],
    });
    const filled = (given: Record<string, unknown>) => {
      const record = { ...given };
      rules.fillIn(record, given);
      return record;
    };
    const first = filled({ title: 'Ada' });
    expect(first).toEqual({ title: 'Ada', state: 'draft', tags: ['new'], slug: 'ada' });
    expect(filled({ title: 'Ada' })['tags']).not.toBe(first['tags']);
    expect(filled({ title: 'B', state: 'sent', tags: [], slug: 'c' })).toEqual({
      title: 'B',
      state: 'sent',
      tags: [],
      slug: 'c',
    });
    // Null is a value: nothing.
    const nothing = {};
    rules.fillIn(nothing, { state: null, tags: null, slug: null });
    expect(nothing).toEqual({});
  });
});
