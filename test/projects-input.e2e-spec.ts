import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { at, createProject, type ProjectJson, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

/** A chain of `levels` objects, one in the other. */
function nested(levels: number): object {
  return levels === 1 ? { end: true } : { a: nested(levels - 1) };
}

/** A chain of `levels` containers, of which all but the first are lists. */
function nestedLists(levels: number): object {
  let inner: unknown[] = ['end'];
  for (let level = 2; level < levels; level++) inner = [inner];
  return { a: inner };
}

const named = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]));
const keys = (count: number) => named(...Array.from({ length: count }, (_, index) => `k${index}`));

/** A metadata object of so many bytes as JSON. */
const sized = (bytes: number) => ({ a: 'x'.repeat(bytes - '{"a":""}'.length) });

describe('what a project takes', () => {
  let test: TestApp;
  let ada: TestClient;
  let project: ProjectJson;
  let url: string;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
    project = await createProject(ada, { metadata: { kept: true } });
    url = at(project);
  });
  afterAll(() => test.close());

  /** Expects POST, PUT and PATCH to be refused with one fault at `path`, and the project to stay as it was. */
  async function expectRefused(fields: object, path: string) {
    const before = (await ada.get(url)).body;
    const body = { name: 'Sent', ...fields };
    for (const answer of [
      await ada.post(PROJECTS, body),
      await ada.put(url, body),
      await ada.patch(url, body),
    ]) {
      expect(answer.outcome).toBe('400 VALIDATION_ERROR');
      expect(answer.body.details).toEqual([{ path, message: expect.any(String) }]);
    }
    expect((await ada.get(url)).body).toEqual(before);
  }

  /** Expects POST, PUT and PATCH to answer the fields as they were sent, and so does a later read. */
  async function expectAccepted(fields: object) {
    const created = await createProject(ada, { name: 'Sent', ...fields });
    expect(created).toEqual({ ...created, ...fields });
    expect((await ada.get(at(created))).body.data).toEqual(created);
    await ada.delete(at(created));
    for (const method of ['PUT', 'PATCH']) {
      await ada.put(url, { name: 'Before' });
      const { status, body } = await ada.send(method, url, { name: 'After', ...fields });
      expect([status, body.data]).toEqual([200, { ...body.data, ...fields }]);
      expect((await ada.get(url)).body).toEqual(body);
    }
  }

  describe('unknown fields', () => {
    it.each([
      ['id', 'ffffffffffffffffffffffff'],
      ['_id', 'ffffffffffffffffffffffff'],
      ['ownerId', 'ffffffffffffffffffffffff'],
      ['owner', 'ffffffffffffffffffffffff'],
      ['version', 7],
      ['__v', 7],
      ['createdAt', '2020-01-01T00:00:00.000Z'],
      ['updatedAt', '2020-01-01T00:00:00.000Z'],
      ['$set', { name: 'x' }],
      ['$unset', { name: 1 }],
      ['constructor', { prototype: { polluted: true } }],
      ['toString', 1],
      ['hasOwnProperty', 1],
      ['name ', 'x'],
      ['', 'x'],
    ])('refuses %j', async (field, value) => {
      await expectRefused({ [field]: value }, field);
    });

    it('names each of them', async () => {
      const { body } = await ada.post(PROJECTS, { nam: 'x', id: '1' });
      const paths = (body.details as { path: string }[]).map(({ path }) => path);
      expect(paths).toEqual(['nam', 'id', 'name']);
    });

    it('never lets a body choose another project than the path', async () => {
      const other = await createProject(ada);
      await ada.put(url, { name: 'Stolen', id: other.id, _id: other.id });
      expect((await ada.get(at(other))).body.data).toEqual(other);
    });

    it.each(['null', '[]', '"text"', '1', 'true', '[{"name":"x"}]'])('refuses the body %s', async (body) => {
      const outcomes = [await ada.post(PROJECTS, body), await ada.put(url, body), await ada.patch(url, body)];
      expect(outcomes.map(({ outcome }) => outcome)).toEqual(
        Array.from({ length: 3 }, () => '400 VALIDATION_ERROR'),
      );
    });
  });

  describe('text', () => {
    it.each([
      ['a number', 1],
      ['a list', ['x']],
      ['an object', { $ne: null }],
      ['a flag', true],
      ['101 characters', 'x'.repeat(101)],
      ['101 emoji', '😀'.repeat(101)],
      ['NUL', 'a\0b'],
      ['a lone high surrogate', 'a\ud800'],
      ['a lone low surrogate', '\udc00a'],
      ['only white space', ' \t\n\u00a0\u3000'],
      ['nothing', ''],
      ['a megabyte of variation selectors', `a${'\ufe0f'.repeat(330_000)}`],
    ])('refuses a name of %s', async (_, name) => {
      await expectRefused({ name }, 'name');
    });

    it.each([
      ['one character', 'x'],
      ['100 characters', 'x'.repeat(100)],
      ['100 emoji', '😀'.repeat(100)],
      ['100 characters with variation selectors', '❤\ufe0f'.repeat(100)],
      ['100 characters of three units each', '\u{1f170}\ufe0f'.repeat(100)],
      ['mark-up', '<script>alert(1)</script> & "more"'],
      ['what databases and regular expressions read', '$where {"$gt": ""} (.*)+$ \\ %00'],
      ['the NFC form of what was sent', '\u1e9b\u0323'],
      ['line separators', 'a\u2028b\u2029c\nd'],
    ])('accepts a name of %s', async (_, name) => {
      await expectAccepted({ name });
    });

    it.each([
      ['501 characters', 'x'.repeat(501)],
      ['501 emoji', '😀'.repeat(501)],
      ['NUL', '\0'],
      ['a lone surrogate', '\udfff'],
      ['a number', 0],
      ['an object', {}],
      ['a megabyte of variation selectors', '\ufe0f'.repeat(330_000)],
    ])('refuses a description of %s', async (_, description) => {
      await expectRefused({ description }, 'description');
    });

    it.each([
      ['nothing', ''],
      ['500 characters', 'x'.repeat(500)],
      ['500 emoji', '😀'.repeat(500)],
    ])('accepts a description of %s', async (_, description) => {
      await expectAccepted({ description });
    });

    it('trims names and descriptions before it counts', async () => {
      const padding = ' '.repeat(1000);
      const { body } = await ada.put(url, {
        name: `${padding}${'n'.repeat(100)}${padding}`,
        description: `${padding}${'d'.repeat(500)}${padding}`,
      });
      expect(body.data).toMatchObject({ name: 'n'.repeat(100), description: 'd'.repeat(500) });
    });
  });

  describe('metadata', () => {
    const FORBIDDEN = [
      '$where',
      '$',
      'a.b',
      '.',
      'a\0b',
      '\0',
      '\ud800',
      '_bsontype',
      'constructor',
      'prototype',
    ];

    it.each(FORBIDDEN)('refuses the key %j at any depth', async (key) => {
      const bad = { [key]: 1 };
      for (const metadata of [bad, { a: bad }, { a: [{ b: bad }] }, { a: { b: { c: { d: bad } } } }]) {
        await expectRefused({ metadata }, 'metadata');
      }
    });

    it.each([
      ['at the top', '{"name":"x","metadata":{"__proto__":{"a":1}}}'],
      ['deep down', '{"name":"x","metadata":{"a":[{"b":{"__proto__":1}}]}}'],
      ['escaped', '{"name":"x","metadata":{"\\u005f_proto__":1}}'],
      ['beside the fields', '{"name":"x","__proto__":{"polluted":true}}'],
    ])('refuses __proto__ %s in the parser', async (_, body) => {
      for (const answer of [await ada.post(PROJECTS, body), await ada.put(url, body)]) {
        expect(answer.outcome).toBe('400 MALFORMED_JSON');
      }
    });

    it.each([
      ['metadata.n', '1e400'],
      ['metadata.n', '1e-400'],
      ['metadata.n', '9007199254740993'],
      ['metadata.n', '-9007199254740992'],
      ['metadata.n.a.1', '{"a":[0,1e999]}'],
      ['metadata.n.0.b.0', '[{"b":[12345678901234567890]}]'],
    ])('refuses at %s what JavaScript cannot hold of %s', async (path, value) => {
      const body = `{"name":"x","metadata":{"n":${value}}}`;
      const answers = [
        await ada.post(PROJECTS, body),
        await ada.put(url, body),
        await ada.patch(url, `{"metadata":{"n":${value}}}`),
      ];
      for (const answer of answers) {
        expect(answer.outcome).toBe('400 VALIDATION_ERROR');
        expect(answer.body.details).toEqual([expect.objectContaining({ path })]);
      }
    });

    it.each([
      ['-0', '0'],
      ['[-0.0, 1.50e1]', '[0,15]'],
      ['9007199254740991', '9007199254740991'],
      ['0.1000000000000000055511151231257827', '0.1'],
      ['"9007199254740993, 1e400"', '"9007199254740993, 1e400"'],
    ])('answers the number %s as %s', async (sent, answered) => {
      const { outcome, text } = await ada.patch(url, `{"metadata":{"n":${sent}}}`);
      expect(outcome).toBe('200');
      expect(text).toContain(`"metadata":{"n":${answered}}`);
      expect((await ada.get(url)).text).toContain(`"metadata":{"n":${answered}}`);
    });

    it.each([
      ['a list', []],
      ['a text', '{}'],
      ['a number', 0],
      ['a flag', false],
      ['NUL in a text', { a: ['x\0'] }],
      ['a lone surrogate in a text', { a: { b: '\ud83d' } }],
      ['six levels of objects', nested(6)],
      ['six levels of lists', nestedLists(6)],
      ['201 keys', keys(201)],
      ['201 keys at several levels', { a: keys(100), b: keys(99) }],
      ['more than 16 KiB', sized(16 * 1024 + 1)],
      ['more than 16 KiB of two-byte characters', { a: 'é'.repeat(8 * 1024) }],
    ])('refuses %s', async (_, metadata) => {
      await expectRefused({ metadata }, 'metadata');
    });

    it.each([
      ['an empty object', {}],
      ['empty objects and lists within', { a: {}, b: [], c: [{}, []] }],
      ['five levels of objects', nested(5)],
      ['five levels of lists', nestedLists(5)],
      ['200 keys', keys(200)],
      ['200 keys at several levels', { a: keys(99), b: keys(99) }],
      ['16 KiB', sized(16 * 1024)],
      ['8,000 items, which are no keys', { a: Array.from({ length: 8_000 }, () => 0) }],
      ['every kind of value', { a: [null, true, 'x', 0, -1.5, 1e308, 5e-324], n: null }],
      ['dates and ids as the texts they are', { d: '2020-01-01T00:00:00.000Z', i: 'f'.repeat(24) }],
      ['keys that mean something elsewhere', named('a$b', '', ' ', 'length', 'then', '_id', '__v', 'id')],
      ['names of methods as keys', named('toString', 'toJSON', 'toBSON', 'toObject', 'valueOf', 'call')],
      ['keys that Mongoose knows', { ...named('isMongooseMap', 'schema', 'get'), _doc: {}, type: 'String' }],
    ])('accepts %s', async (_, metadata) => {
      await expectAccepted({ metadata });
    });

    it('is replaced whole', async () => {
      await ada.put(url, { name: 'Whole', metadata: { a: { b: 1, c: 2 } } });
      const { body } = await ada.patch(url, { metadata: { a: { d: 3 } } });
      expect(body.data.metadata).toEqual({ a: { d: 3 } });
    });

    it('takes the last of keys that are sent twice', async () => {
      const { body } = await ada.patch(url, '{"metadata":{"a":1,"a":{"b":2}}}');
      expect(body.data.metadata).toEqual({ a: { b: 2 } });
    });
  });
});
