import type { Feature } from '../specification/feature.ts';
import type { Field } from '../specification/field.ts';
import { applyEdits, parse } from './edit.ts';
import { withImports } from './imports.ts';
import { addMember, classNamed } from './places.ts';
import { enumSource, indexSource, propSource } from './schema-source.ts';

/** The schema's file with further fields. */
export function withFields(text: string, fields: readonly Field[], feature: Feature): string {
  const { names } = feature;
  const record = classNamed(parse(text), names.Record);
  const start = record.getFullStart();
  const enums = fields
    .filter(({ type }) => type === 'enum')
    .map((field) => `\n\n${enumSource(field, names)}`);
  const indexes = fields.map((field) => indexSource(field, feature)).join('');
  const edits = [
    { from: start, to: start, text: enums.join('') },
    addMember(record, fields.map((field) => propSource(field, names)).join('\n')),
  ];
  return withImports(applyEdits(text, edits).trimEnd() + `\n${indexes}`);
}
