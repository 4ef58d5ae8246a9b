import { refuse } from '../naming/refusal.ts';
import { singularOf, wordsOf } from '../naming/words.ts';
import type { Field } from '../types/field.ts';
import { NESTED, NESTED_FLAGS, NOT_NESTED } from '../types/nested.ts';
import { FIELD_TYPES, TYPES } from '../types/types.ts';

const MAX_NESTED = 30;
const DOTTED = /^([a-zA-Z0-9]+)\.(.*)$/s;

/** Sorts what is said of fields from what is said of fields of objects: `address.street:string`. */
export function separated(texts: readonly string[]): {
  readonly own: readonly string[];
  readonly inner: ReadonlyMap<string, readonly string[]>;
} {
  const own: string[] = [];
  const inner = new Map<string, string[]>();
  for (const text of texts) {
    const [, parent, rest = ''] = DOTTED.exec(text) ?? [];
    if (parent === undefined) own.push(text);
    else inner.set(parent, [...(inner.get(parent) ?? []), rest]);
  }
  return { own, inner };
}

/**
 * Fields with those that objects have.
 * @param read reads a field of an object
 * @throws Refusal for what no object can have
 */
export function withNested(
  fields: readonly Field[],
  inner: ReadonlyMap<string, readonly string[]>,
  read: (text: string) => Field,
): Field[] {
  for (const [name, [first = '']] of inner) {
    if (!fields.some((field) => field.name === name)) {
      refuse(
        `${name}.${first} belongs to ${name}, which is not among the fields: write ${name}:object before it, or add it by hand to an object that is there`,
      );
    }
  }
  return fields.map((field) => {
    const texts = inner.get(field.name);
    if (texts === undefined) {
      if (field.type === FIELD_TYPES.object && field.list)
        refuse(
          `${field.name} is a list of objects, and does not say what they have: write ${field.name}.name:string`,
        );
      return field;
    }
    if (field.type !== FIELD_TYPES.object) refuse(`${field.name} is not an object, and cannot have fields`);
    if (field.server) refuse(`${field.name} cannot have server: its fields are sent`);
    return { ...field, type: NESTED, fields: innerFields(field, texts, read) };
  });
}

function innerFields(parent: Field, texts: readonly string[], read: (text: string) => Field): Field[] {
  const { name: whole, list } = parent;
  if (texts.length > MAX_NESTED) refuse(`${whole} has at most ${MAX_NESTED} fields`);
  const within = (list ? singularOf(wordsOf(whole)) : wordsOf(whole)).join('-');
  const fields = texts.map((text) => {
    if (text.startsWith('.') || DOTTED.test(text.split(':')[0] ?? ''))
      refuse(`${whole}.${text}: objects are one level deep`);
    const field = { ...read(text), within };
    const at = `${whole}.${field.name}`;
    const type = TYPES.find((each) => FIELD_TYPES[each] === field.type) ?? '';
    const why = NOT_NESTED[type];
    if (why !== undefined) refuse(`${at} cannot be of type ${type}: ${why}`);
    const flag = flagsOf(field).find((each) => !NESTED_FLAGS.some((known) => known === each));
    if (flag !== undefined) {
      refuse(`${at} cannot have ${flag}: a field of an object takes ${NESTED_FLAGS.join(', ')}`);
    }
    return field;
  });
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuse(`The field ${whole}.${twice} is declared twice`);
  return fields;
}

/** The flags that a field has, except those of lengths and values. */
function flagsOf(field: Field): string[] {
  const named = ['unique', 'index', 'encrypted', 'search', 'stats', 'server', 'list', 'required'] as const;
  return [
    ...named.filter((name) => field[name]),
    ...(field.default === undefined ? [] : ['default=']),
    ...(field.existing === undefined ? [] : ['existing=']),
    ...(field.later ? [field.later.strictly ? 'after=' : 'since='] : []),
  ];
}
