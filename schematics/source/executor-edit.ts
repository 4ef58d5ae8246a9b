import type { Names } from '../naming/names.ts';
import { literal } from '../types/source.ts';
import { applyEdits, parse } from './edit.ts';
import { addElement, addProperty, arrayIn, objectIn, optionalProperty, variableNamed } from './places.ts';

/** The schema's file, whose resource has a permission more. */
export function schemaWithPermission(text: string, names: Names, verb: string, shared: boolean): string {
  const declared = objectIn(variableNamed(parse(text), names.records), 'the object of the resource');
  const there = optionalProperty(declared, 'permissions');
  if (there) return applyEdits(text, [addElement(arrayIn(there, 'the list permissions'), literal(verb))]);
  const all = [...(shared ? [] : ['read']), 'write', verb];
  return applyEdits(text, [addProperty(declared, `permissions: ${literal(all)}`)]);
}

/** The table of a feature's tests with a further entry of an object of its own. */
export function tableWithEntry(
  text: string,
  names: Names,
  property: 'commands' | 'starts',
  entry: string,
): string {
  const table = objectIn(variableNamed(parse(text), names.records), 'the object of the table');
  const there = table.properties.find((each) => each.name?.getText() === property);
  // At the end: what looks for the table's fields finds its own first.
  if (!there) return applyEdits(text, [addProperty(table, `${property}: { ${entry} }`)]);
  return applyEdits(text, [addProperty(objectIn(there, `the object ${property}`), entry)]);
}
