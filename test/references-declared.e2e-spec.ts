import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import mongoose, { type IndexOptions, Schema, type SchemaDefinition } from 'mongoose';
import { createApp } from '../src/app.js';
import { AppModule } from '../src/app.module.js';
import { RECORD_OPTIONS, StoredRecord } from '../src/platform/database/record.js';
import { References } from '../src/platform/database/references.js';
import { RecordsModule } from '../src/platform/database/records.module.js';
import { Repositories } from '../src/platform/database/repositories.js';
import { resource } from '../src/platform/database/resource.js';
import { connectionOf, createTestApp, testConfig, type TestApp } from './support/test-app.js';

const { ObjectId } = mongoose.Schema.Types;
const TO_PROJECT = { type: ObjectId, ref: 'Project' };

/** A schema of records that belong to users, with these fields and an index that begins with each. */
function schemaOf(fields: SchemaDefinition, options: IndexOptions = {}): Schema {
  const schema = new Schema({ ownerId: { type: ObjectId }, ...fields }, { ...RECORD_OPTIONS });
  // What refers to a record.
  for (const field of Object.keys(fields)) schema.index({ [field]: 1, createdAt: -1 }, options);
  return schema;
}

describe('a declaration of a reference', () => {
  let test: TestApp;
  let number = 0;

  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const declare = (schema: Schema) => {
    const model = connectionOf(test.app).model<StoredRecord>(`Declared${++number}`, schema);
    const declaration = resource({
      name: `declaration ${number}`,
      record: StoredRecord,
      schema,
      permissions: [],
    });
    return test.app.get(Repositories).of(model, declaration);
  };

  it.each<[string, Schema]>([
    ['one field', schemaOf({ projectId: TO_PROJECT })],
    ['several', schemaOf({ projectId: TO_PROJECT, otherId: { ...TO_PROJECT, required: true } })],
    [
      'an index of those that have it',
      schemaOf({ projectId: TO_PROJECT }, { partialFilterExpression: { projectId: { $exists: true } } }),
    ],
  ])('is honoured for %s', (_, schema) => {
    expect(declare(schema)).toBeDefined();
    expect(() => test.app.get(References).check()).not.toThrow();
  });

  it.each<[string, Schema, string]>([
    ['a list', schemaOf({ all: [TO_PROJECT] }), 'must be one ObjectId'],
    ['a list as a whole', schemaOf({ all: { type: [ObjectId], ref: 'Project' } }), 'must be one ObjectId'],
    ['a part of a record', schemaOf({ part: new Schema({ projectId: TO_PROJECT }) }), 'must be one ObjectId'],
    ['a part without a schema', schemaOf({ part: { projectId: TO_PROJECT } }), 'must be one ObjectId'],
    ['a list of parts', schemaOf({ parts: [{ projectId: TO_PROJECT }] }), 'must be one ObjectId'],
    ['a text', schemaOf({ projectId: { type: String, ref: 'Project' } }), 'must be one ObjectId'],
    ['a model found later', schemaOf({ projectId: { type: ObjectId, ref: () => 'Project' } }), 'by a text'],
    [
      'no index',
      new Schema({ ownerId: { type: ObjectId }, projectId: TO_PROJECT }, { ...RECORD_OPTIONS }),
      'needs an index that begins with it',
    ],
    [
      'an index that lacks some',
      schemaOf({ projectId: TO_PROJECT }, { partialFilterExpression: { open: true } }),
      'needs an index that begins with it',
    ],
  ])('is refused at once for %s', (_, schema, problem) => {
    expect(() => declare(schema)).toThrow(/^The reference Declared\d+\.[\w.]+ /);
    expect(() => declare(schema)).toThrow(problem);
  });

  it('keeps the application from being built where there is no repository of what it leads to', async () => {
    const lost = schemaOf({ lostId: { type: ObjectId, ref: 'Lost' } });
    class Referring extends StoredRecord {}
    const referring = resource({ name: 'referring', record: Referring, schema: lost, permissions: [] });
    Module({ imports: [RecordsModule.for(referring)] })(AppModule);
    await expect(createApp(testConfig({ LOG_LEVEL: 'silent' }))).rejects.toThrow(
      'Referring.lostId refers to Lost, which has no repository',
    );
  });
});
