import { ownImports } from './own-imports.ts';
import type { Feature } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import { sentFields } from '../specification/feature.ts';
import { filterSource, fromSource, inputSource, outputSource } from './dto-source.ts';
import { applyEdits, type Edit, parse } from './edit.ts';
import { withImports } from './imports.ts';
import { addMember, addProperty, classNamed, methodNamed, objectIn } from './places.ts';

/**
 * The DTOs' file with further fields.
 * @param given what stands for a field in records that lack it: the version before may still write such
 */
export function withFields(
  text: string,
  fields: readonly Field[],
  feature: Feature,
  given: ReadonlyMap<string, string>,
): string {
  const { names, shared } = feature;
  const source = parse(text);
  const answered = classNamed(source, `${names.Record}Dto`);
  const from = objectIn(methodNamed(answered, 'from'), 'the object of from');
  const filters = fields.map((field) => filterSource(field, feature)).filter(Boolean);
  const sent = sentFields(fields);
  const edits: Edit[] = [
    addMember(
      classNamed(source, `Create${names.Record}Dto`),
      sent.map((field) => inputSource(field, feature)).join('\n'),
    ),
    addMember(answered, fields.map((field) => outputSource(field, names)).join('\n'), 'from'),
    addProperty(from, fields.map((field) => fromSource(field, names, given.get(field.name))).join('')),
  ];
  if (filters.length > 0) {
    const query = classNamed(source, `List${names.Feature}Query`);
    edits.push(addMember(query, filters.join('\n'), shared ? undefined : 'owner'));
  }
  return withImports(applyEdits(text, edits), ownImports(feature).dto);
}
