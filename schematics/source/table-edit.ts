import type { Feature } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import { applyEdits, parse } from './edit.ts';
import { addProperty, objectIn, propertyNamed, variableNamed } from './places.ts';
import { entrySource } from './table-source.ts';

/** The table of a feature's tests with further fields. */
export function withFields(text: string, fields: readonly Field[], feature: Feature): string {
  const table = variableNamed(parse(text), feature.names.records);
  const entries = objectIn(propertyNamed(table, 'fields'), 'the object fields');
  return applyEdits(text, [
    addProperty(entries, fields.map((field) => entrySource(field, feature)).join('')),
  ]);
}
