import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { exportsOf } from '../source/exported.ts';
import type { Renaming } from '../source/renamed-places.ts';
import { sayings } from '../source/sayings.ts';
import { requireFieldName } from '../specification/fields.ts';
import { PLAIN_FIELD } from '../types/plain-field.ts';
import { FIELD_TYPES } from '../types/types.ts';
import { textOf } from './layout.ts';
import { objectOf } from './renamed-object.ts';
import type { Project } from './project.ts';

/** Whether a name is that of a field within an object: `address.zip`. */
export function isWithin(name: string): boolean {
  return name.includes('.');
}

/** The whole new name of a field within an object: `address.postcode` for `postcode`. @throws Refusal */
export function wholeName(from: string, to: string): string {
  const [object = ''] = from.split('.');
  if (!isWithin(to)) return `${object}.${to}`;
  return to.startsWith(`${object}.`)
    ? to
    : refuse(`${from} stays within ${object}: write ${from}:<new name>`);
}

/**
 * What is renamed where a field within an object gets another name.
 * @param from `address.zip`
 * @param to `address.postcode`
 * @throws Refusal when it cannot be renamed
 */
export function renamingWithin(project: Project, names: Names, from: string, to: string): Renaming {
  const [field = '', ...inner] = from.split('.');
  const [old, fresh] = [inner.join('.'), to.slice(field.length + 1)];
  const object = objectOf(project, names, field);
  if (!object) refuse(`${names.plural} has no object ${field} with fields of its own`);
  if (!object.names.includes(old)) refuse(`${field} of ${names.plural} has no field ${old}`);
  requireFieldName(fresh, true);
  if (object.names.includes(fresh)) refuse(`${field} of ${names.plural} has the field ${fresh} already`);
  const exported = exportsOf(textOf(project, `${object.file}.schema.ts`));
  const declared = declaredFor(names, exported, object.words.join('-'), old, fresh);
  const twice = [...declared.values()].find((name) => exported.includes(name));
  if (twice !== undefined) refuse(`${to} would declare ${twice}, which already exists; choose another name`);
  const described = { fields: object.fields, names: object.names, lists: [], shared: true };
  return {
    names,
    from: old,
    to: fresh,
    declared,
    said: sayings(described, names, old, fresh),
    later: new Set(),
    within: object,
  };
}

/** What the schema's file of an object declares for a field of several words, and what it is to be called. */
function declaredFor(
  names: Names,
  exported: readonly string[],
  within: string,
  ...fields: readonly [from: string, to: string]
): Map<string, string> {
  const [old, fresh] = fields.map((name) =>
    FIELD_TYPES.enum.declares?.({ ...PLAIN_FIELD, name, within, type: FIELD_TYPES.enum }, names),
  );
  return old && fresh && exported.includes(old.constant)
    ? new Map([
        [old.constant, fresh.constant],
        [old.type, fresh.type],
      ])
    : new Map();
}
