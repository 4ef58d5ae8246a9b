import type { Names } from '../naming/names.ts';
import type { Feature } from './feature.ts';
import { parseFields } from './fields.ts';
import { parseLists, withLists } from './lists.ts';

/** A feature as a command says it. @throws Refusal for what cannot be */
export function featureOf(
  names: Names,
  fields: readonly string[],
  lists: readonly string[],
  shared: boolean,
): Feature {
  const parsed = parseFields(fields);
  const declared = parseLists(lists, parsed, shared);
  return { names, fields: withLists(parsed, declared), shared, lists: declared };
}
