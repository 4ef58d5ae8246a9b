import { describe, expect, it } from '@jest/globals';
import { Schema } from 'mongoose';
import { entriesOf, sortKeyOf, termsOf } from '../validation/folded.js';
import { ListQuery } from './list-query.js';
import type { ListDeclaration } from './lists.js';
import { StoredRecord } from './record.js';
import { LIST_PARAMETERS, resource } from './resource.js';

class Ticket extends StoredRecord {}

interface Rest {
  readonly lists?: readonly ListDeclaration[];
  readonly search?: readonly string[];
  readonly stats?: readonly string[];
  readonly shared?: true;
}

function declared(rest: Rest, more: object = {}) {
  const schema = new Schema(
    {
      ownerId: Schema.Types.ObjectId,
      title: String,
      secret: { type: String, encrypted: true },
      count: Number,
      tags: [String],
      data: Schema.Types.Mixed,
      state: String,
      ...more,
    },
    { timestamps: true, collection: 'tickets' },
  );
  const made = resource({ name: 'ticket', record: Ticket, schema, ...rest });
  return { made, indexes: schema.indexes().map(([keys]) => Object.keys(keys).join(' ')) };
}

describe('lists that are declared', () => {
  it('have an index each, with an owner and, when told, without', () => {
    const { indexes } = declared({
      lists: [{ equal: ['state', 'count'], sort: 'createdAt', everybody: true }, { sort: 'title' }],
      search: ['title'],
      stats: ['state'],
    });
    expect(indexes).toEqual([
      'ownerId state count createdAt _id',
      'state count createdAt _id',
      'ownerId _title _id',
      'ownerId _words createdAt _id',
      'ownerId state createdAt _id',
    ]);
  });

  it.each<[Rest, string]>([
    [{ lists: [{ sort: 'secret' }] }, 'lists name secret, which is encrypted'],
    [{ lists: [{ equal: ['secret'], sort: 'count' }] }, 'lists name secret, which is encrypted'],
    [{ search: ['secret'] }, 'lists name secret, which is encrypted'],
    [{ stats: ['secret'] }, 'lists name secret, which is encrypted'],
    [{ lists: [{ sort: 'tags' }] }, 'nothing can be sorted by tags'],
    [{ lists: [{ sort: 'data' }] }, 'nothing can be sorted by data'],
    [{ lists: [{ sort: 'other' }] }, 'lists name other, and the schema has no such field'],
    [
      { lists: [{ equal: ['count'], sort: 'count' }] },
      'a list sorts by count, of which it is given one value',
    ],
    [{ search: ['count'] }, 'search names count, which is no text'],
    [{ lists: Array.from({ length: 9 }, () => ({ sort: 'count' })) }, 'has 9 lists, and may have 8'],
  ])('stop the start: %j', (rest, message) => {
    expect(() => declared(rest)).toThrow(`resource 'ticket': ${message}`);
  });

  it.each(LIST_PARAMETERS)('stop the start where a field is called %s', (name) => {
    expect(() => declared({}, { [name]: String })).toThrow(
      `no field can be called ${name}, which is a parameter of lists. Rename it`,
    );
  });

  it('are what a query can be made of', () => {
    expect(() => ListQuery(declared({}).made)).toThrow(
      "resource 'ticket' declares no lists: extend PageQuery",
    );
  });
});

describe('a text, folded', () => {
  it('has one key in every case and form, and of a long one the beginning', () => {
    expect(new Set(['Straße', 'STRASSE', 'strasse'].map(sortKeyOf)).size).toBe(1);
    expect(new Set(['ΟΔΟΣ', 'οδος', 'Οδοσ'].map(sortKeyOf)).size).toBe(1);
    expect(new Set(['é', 'e\u0301', 'É'].map(sortKeyOf)).size).toBe(1);
    expect([...sortKeyOf('😀'.repeat(100))]).toHaveLength(64);
    expect(sortKeyOf('ﬃ'.repeat(100))).toHaveLength(64);
  });

  it('is found by its words and their beginnings', () => {
    expect(entriesOf('Ab, AB-c')).toEqual(['a', 'ab', 'c']);
    expect(entriesOf('x'.repeat(1000)).at(-1)).toBe('x'.repeat(64));
    expect(entriesOf('x'.repeat(1000))).toHaveLength(17);
    expect(termsOf('b Ünïcode ｂ')).toEqual(['unicode', 'b']);
  });
});
