import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type IndexDefinition, type IndexOptions, Schema, type SchemaOptions, Types } from 'mongoose';
import { readState } from '../src/platform/migrations/database-state.js';
import { MigrationError } from '../src/platform/migrations/migration.js';
import { createTestApp } from './support/test-app.js';
import { UpgradeDatabase, visible } from './support/upgrades.js';

type Declared = [keys: IndexDefinition, options?: IndexOptions];

let database: UpgradeDatabase;

beforeEach(async () => {
  database = await UpgradeDatabase.create();
});
afterEach(() => database.close());

/** A schema of the collection `things` with these indexes, in place of the one before. */
function declare(indexes: readonly Declared[], options: SchemaOptions = {}): void {
  const schema = new Schema({}, { strict: false, collection: 'things', ...options });
  for (const [keys, its] of indexes) schema.index(keys, its);
  if (database.connection.models['Thing']) database.connection.deleteModel('Thing');
  database.connection.model('Thing', schema);
}

const things = () => database.db.collection('things');

const names = async () => (await things().indexes()).map(({ name }) => name);

async function state() {
  const models = Object.values(database.connection.models);
  const { isCurrent, indexes } = await readState(database.db, [], models);
  const [comparison] = indexes;
  return {
    isCurrent,
    missing: comparison?.missing.map(({ name }) => name),
    changed: comparison?.changed.map(({ found, differences }) => [found.name, ...differences]),
    undeclared: comparison?.undeclared.map(({ name }) => name),
  };
}

const CURRENT = { isCurrent: true, missing: [], changed: [], undeclared: [] };

/** What a schema can say of an index, and how it may be changed. */
const KINDS: [what: string, first: Declared, second: Declared, differences: string[]][] = [
  ['a plain one that becomes unique', [{ a: 1 }], [{ a: 1 }, { unique: true }], ['unique']],
  [
    'a unique one that becomes sparse',
    [{ a: 1 }, { unique: true }],
    [{ a: 1 }, { unique: true, sparse: true }],
    ['sparse'],
  ],
  [
    'one that ends records',
    [{ a: 1 }, { expireAfterSeconds: 0 }],
    [{ a: 1 }, { expireAfterSeconds: 60 }],
    ['expireAfterSeconds'],
  ],
  ['one with `expires`', [{ a: 1 }, { expires: '2h' }], [{ a: 1 }], ['expireAfterSeconds']],
  [
    'a partial one',
    [
      { a: 1 },
      {
        partialFilterExpression: {
          b: { $gt: new Date(0) },
          c: new Types.ObjectId('66f1a0c2e4b0a1b2c3d4e5f6'),
        },
      },
    ],
    [
      { a: 1 },
      {
        partialFilterExpression: {
          b: { $gt: new Date(1) },
          c: new Types.ObjectId('66f1a0c2e4b0a1b2c3d4e5f6'),
        },
      },
    ],
    ['partialFilterExpression'],
  ],
  [
    'one of a language',
    [{ a: 1 }, { collation: { locale: 'de', strength: 2 } }],
    [{ a: 1 }, { collation: { locale: 'de' } }],
    ['collation'],
  ],
  [
    'one of a language with its own rules',
    [{ a: 1 }, { collation: { locale: 'fr_CA' } }],
    [{ a: 1 }, { collation: { locale: 'simple' } }],
    ['collation'],
  ],
  [
    'a text',
    [{ a: 'text', b: 'text', c: -1 }, { name: 'words' }],
    [
      { a: 'text', b: 'text', c: -1 },
      { name: 'words', weights: { b: 3 } },
    ],
    ['weights'],
  ],
  [
    'a text in a language',
    [{ a: 'text' }, { default_language: 'german' }],
    [{ a: 'text' }],
    ['default_language'],
  ],
  [
    'one of some keys only',
    [{ '$**': 1 }, { wildcardProjection: { a: 1 } }],
    [{ '$**': 1 }, { wildcardProjection: { b: 1 } }],
    ['wildcardProjection'],
  ],
  ['one under a name', [{ a: 1 }, { name: 'mine' }], [{ b: 1 }, { name: 'mine' }], ['key']],
  [
    'one whose keys change places',
    [{ a: 1, b: 1 }, { name: 'mine' }],
    [{ b: 1, a: 1 }, { name: 'mine' }],
    ['key'],
  ],
  ['one that is hidden', [{ a: 1 }, { hidden: true } as IndexOptions], [{ a: 1 }], ['hidden']],
  ['a hashed one', [{ a: 'hashed' }, { name: 'mine' }], [{ a: 1 }, { name: 'mine' }], ['key']],
  ['a place', [{ a: '2dsphere' }], [{ a: '2dsphere' }, { sparse: true }], ['sparse']],
];

describe('indexes that a schema declares', () => {
  it('are created at the end, after what migrations do', async () => {
    declare([[{ a: 1 }, { unique: true }], [{ b: -1, _id: -1 }]]);
    expect(await state()).toEqual({
      isCurrent: false,
      missing: ['a_1', 'b_-1__id_-1'],
      changed: [],
      undeclared: [],
    });
    await things().insertMany([{ a: 1 }, { a: 1 }]);
    await database.upgrade([
      visible('0001-first', () =>
        things()
          .deleteOne({})
          .then(() => undefined),
      ),
    ]);
    expect(await names()).toEqual(['_id_', 'a_1', 'b_-1__id_-1']);
    expect(await state()).toEqual(CURRENT);
  });

  it.each(KINDS)('are found again as they were declared: %s', async (_, first) => {
    declare([first]);
    await database.upgrade([]);
    expect(await names()).toHaveLength(2);
    expect(await state()).toEqual(CURRENT);
  });

  it('are found again under another name, or with options that say nothing', async () => {
    await things().createIndex({ a: 1 }, { name: 'other' });
    declare([[{ a: 1 }, { unique: false, sparse: false }]]);
    await database.upgrade([]);
    expect(await names()).toEqual(['_id_', 'other']);
    expect(await state()).toEqual(CURRENT);
  });

  it('take the collation of their collection', async () => {
    declare([[{ a: 1 }]], { collation: { locale: 'en', strength: 2 } });
    await database.upgrade([]);
    expect(await state()).toEqual(CURRENT);
    await things().insertOne({ a: 'Ada' });
    expect(await things().findOne({ a: 'ada' })).toMatchObject({ a: 'Ada' });
  });

  it('may stand beside others on the same keys where MongoDB lets them', async () => {
    const partial = { partialFilterExpression: { b: { $exists: true } } };
    declare([[{ a: 1 }], [{ a: 1 }, { name: 'partial', ...partial }]]);
    await database.upgrade([]);
    expect(await names()).toEqual(['_id_', 'a_1', 'partial']);
    expect(await state()).toEqual(CURRENT);
  });

  it('that records are in the way of are told with the fields, and without a value', async () => {
    await things().insertMany([
      { a: 'secret', b: 1 },
      { a: 'secret', b: 1 },
    ]);
    declare([[{ a: 1, b: 1 }, { unique: true }]]);
    const failed = database.upgrade([]);
    await expect(failed).rejects.toThrow(MigrationError);
    await expect(failed).rejects.toThrow(
      'The indexes a_1_b_1 of things cannot be created: several records have the same a, b',
    );
    expect(await state()).toMatchObject({ isCurrent: false, missing: ['a_1_b_1'] });
  });
});

describe('an index that cannot be created', () => {
  it('keeps no other collection from its own', async () => {
    const other = new Schema({}, { strict: false, collection: 'others' });
    other.index({ b: 1 });
    declare([[{ a: 1 }, { unique: true }]]);
    database.connection.model('Other', other);
    await things().insertMany([{ a: 1 }, { a: 1 }]);
    await expect(database.upgrade([])).rejects.toThrow('The indexes a_1 of things cannot be created');
    expect(await database.db.collection('others').indexExists('b_1')).toBe(true);
  });
});

describe('an index that has been changed in its schema', () => {
  it.each(KINDS)('is told with what to do, and stays: %s', async (_, first, second, differences) => {
    declare([first]);
    await database.upgrade([]);
    const [, name = ''] = await names();
    declare([second]);
    expect(await state()).toEqual({
      isCurrent: false,
      missing: [],
      changed: [[name, ...differences]],
      undeclared: [],
    });
    const failed = database.upgrade([]);
    await expect(failed).rejects.toThrow(MigrationError);
    await expect(failed).rejects.toThrow(
      `The index ${name} of things differs from its schema (${differences.join(', ')}). ` +
        `Drop it, in a migration or by hand with db.things.dropIndex("${name}"), and migrate again.`,
    );
    expect(await names()).toEqual(['_id_', name]);
  });

  it('does not keep others from being created, and is created once it was dropped', async () => {
    declare([[{ a: 1 }]]);
    await database.upgrade([]);
    declare([[{ a: 1 }, { unique: true }], [{ b: 1 }]]);
    await expect(database.upgrade([])).rejects.toThrow('differs from its schema (unique)');
    expect(await names()).toEqual(['_id_', 'a_1', 'b_1']);
    await database.upgrade([
      visible('0001-drop', () =>
        things()
          .dropIndex('a_1')
          .then(() => undefined),
      ),
    ]);
    expect(await state()).toEqual(CURRENT);
  });

  it('by a newer version of the code is fine for those that still run', async () => {
    declare([[{ a: 1 }]]);
    await database.upgrade([visible('0001-first')]);
    declare([[{ a: 1 }, { unique: true }]]);
    expect(await state()).toMatchObject({ isCurrent: true, changed: [['a_1', 'unique']] });
  });
});

describe('an index that no schema declares', () => {
  it('is told, and still there after an upgrade', async () => {
    await things().createIndex({ z: 1 });
    declare([[{ a: 1 }]]);
    await database.upgrade([]);
    expect(await names()).toEqual(['_id_', 'z_1', 'a_1']);
    expect(await state()).toEqual({ ...CURRENT, undeclared: ['z_1'] });
  });

  it('is told by a start in development and test, which leaves it', async () => {
    const { db } = database;
    await db.collection('projects').createIndex({ description: 1 });
    const test = await createTestApp({ MONGODB_URI: database.uri });
    expect(test.logs).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        event: 'index_undeclared',
        collection: 'projects',
        index: 'description_1',
      }),
    );
    expect(await db.collection('projects').indexExists('description_1')).toBe(true);
    await test.close();
  });

  it('is no other model’s of the same collection', async () => {
    declare([[{ a: 1 }]]);
    const other = new Schema({}, { strict: false, collection: 'things' });
    other.index({ b: 1 });
    database.connection.model('Other', other);
    await database.upgrade([]);
    expect(await state()).toEqual(CURRENT);
  });
});

// The last: the log of an application that failed to start is where later ones of the same process write to.
describe('a start that records are in the way of', () => {
  it.each(['', 'x', 'xx', 'xxx'])(
    'tells the fields, though the values are long and in another script (%p)',
    async (start) => {
      const name = start + '語😀'.repeat(40);
      const ownerId = new Types.ObjectId();
      const records = database.db.collection('projects');
      await records.insertMany([1, 2].map(() => ({ ownerId, name })));
      await expect(createTestApp({ MONGODB_URI: database.uri })).rejects.toThrow(
        'several records have the same ownerId, name',
      );
    },
  );
});
