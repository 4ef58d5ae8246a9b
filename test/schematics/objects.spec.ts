import { describe, expect, it } from '@jest/globals';
import { parseFields } from '../../schematics/specification/fields.ts';

describe('an object', () => {
  it('may have fields itself', () => {
    const fields = parseFields(
      'address:object name:string address.street:string:required address.total:integer'.split(' '),
    );
    expect(fields.map(({ name, fields: inner }) => [name, inner?.map((each) => each.name)])).toEqual([
      ['address', ['street', 'total']],
      ['name', undefined],
    ]);
  });

  it('is tried with values that are written out', () => {
    const [address] = parseFields(
      'address:object address.name:string:required address.builtOn:day'.split(' '),
    );
    const { becomes = [], refuses = [] } = address?.type.samples(address) ?? {};
    expect(refuses).toContain("{ name: 'Name 1', nothing: 1 }");
    expect([...becomes.flat(), ...refuses].join(' ')).not.toContain('=>');
  });

  it.each([
    ['lines.sku:string', /^lines.sku:string belongs to lines, which is not among the fields/],
    ['name:string name.first:string', /^name is not an object, and cannot have fields/],
    ['lines:object:list', /^lines is a list of objects, and does not say what they have/],
    ['a:object:server a.b:string', /^a cannot have server: its fields are sent/],
    ['a:object a.b:object', /^a.b cannot be of type object: objects are one level deep/],
    ['a:object a.b.c:string', /objects are one level deep/],
    ['a:object a.b:ref:projects', /^a.b cannot be of type ref: references are fields of the record/],
    ['a:object a.b:rich', /^a.b cannot be of type rich/],
    ['a:object a.b:string:unique', /^a.b cannot have unique: a field of an object takes required, min, max/],
    ['a:object a.b:string:list', /^a.b cannot have list/],
    ['a:object a.b:string:default=x', /^a.b cannot have default=/],
    ['a:object a.b:string a.b:date', /^The field a.b is declared twice/],
    ['a:object a.id:string', /^A field cannot be called id/],
  ])('cannot have the fields %s', (fields, message) => {
    expect(() => parseFields(fields.split(' '))).toThrow(message);
  });
});
