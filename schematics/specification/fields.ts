import type { Field } from '../types/field.ts';
import { refuse } from '../naming/refusal.ts';
import { fieldNameFault } from './reserved.ts';
import { EXCLUSIVE, type Flag, FLAGS, VALUED } from '../types/flags.ts';
import { numberIn } from '../types/numbers.ts';
import { FIELD_TYPES, TYPES, type TypeName } from '../types/types.ts';
import { separated, withNested } from './nesting.ts';
import { withDepths } from './rules.ts';
import { parsedValue } from './values.ts';

const MAX_NAME = 40;
const MAX_FIELDS = 50;
const NAME = /^[a-z][a-zA-Z0-9]*$/;
/** Most characters of a text whose words are looked for. */
const MAX_SEARCHED = 2000;
/** Room that a unique field must leave, so that its values do not run out. */
const UNIQUE_ROOM = 1000;

/** @throws Refusal for what no field can be called */
export function requireFieldName(name: string, isWithin = false): void {
  if (!NAME.test(name) || name.length > MAX_NAME) {
    refuse(
      `"${name}" is not a valid field name: use camel case, such as dueAt, with at most ${MAX_NAME} letters`,
    );
  }
  const fault = fieldNameFault(name, isWithin);
  if (fault !== undefined) refuse(`A field cannot be called ${name}: ${fault}`);
}

/**
 * Reads `status:enum:draft,sent:default=draft`.
 * @throws Refusal that names the field and what is wrong with it
 */
export function parseField(text: string, isWithin = false): Field {
  const [name = '', typeName = '', ...rest] = text.split(':');
  requireFieldName(name, isWithin);
  const type = TYPES.find((known) => known === typeName);
  if (type === undefined) {
    refuse(`${name} has the unknown type "${typeName}"; there are ${TYPES.join(', ')}`);
  }
  const { readWord } = FIELD_TYPES[type];
  const word = readWord?.(name, rest.shift() ?? '');
  const flags = flagsOf(name, type, rest);
  const field = withBounds(
    type,
    {
      name,
      type: FIELD_TYPES[type],
      list: flags.has('list'),
      required: flags.has('required'),
      unique: flags.has('unique'),
      index: flags.has('index'),
      encrypted: flags.has('encrypted'),
      search: flags.has('search'),
      stats: flags.has('stats'),
      server: flags.has('server'),
      several: false,
      choices: [],
      ...word,
    },
    flags,
  );
  return withValues({ ...field, ...laterOf(flags) }, flags);
}

function laterOf(flags: ReadonlyMap<Flag, string>): Pick<Field, 'later'> {
  const than = flags.get('after') ?? flags.get('since');
  return than === undefined ? {} : { later: { than, strictly: flags.has('after'), depth: 1 } };
}

/**
 * @param there the fields that a feature has already
 * @throws Refusal also for a field that is there twice
 */
export function parseFields(texts: readonly string[], there: readonly Field[] = []): Field[] {
  const { own, inner } = separated(texts);
  const fields = withNested(
    own.map((text) => parseField(text)),
    inner,
    (text) => parseField(text, true),
  );
  if (fields.length > MAX_FIELDS) refuse(`A feature has at most ${MAX_FIELDS} fields`);
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuse(`The field ${twice} is declared twice`);
  return withDepths(fields, there);
}

/** The flags with their values. A value may hold colons: what is no flag belongs to the one before. */
function flagsOf(name: string, type: TypeName, parts: readonly string[]): Map<Flag, string> {
  const flags = new Map<Flag, string>();
  let last: Flag | undefined;
  for (const part of parts) {
    const [word = '', ...value] = part.split('=');
    const flag = FLAGS.find((known) => known === word && VALUED.has(known) === value.length > 0);
    if (flag === undefined) {
      if (last !== 'default' && last !== 'existing') {
        refuse(`${name} has the unknown flag "${part}"; there are ${FLAGS.map(written).join(', ')}`);
      }
      flags.set(last, `${flags.get(last)}:${part}`);
      continue;
    }
    if (flags.has(flag)) refuse(`${name} has the flag ${flag} twice`);
    if (!FIELD_TYPES[type].flags.includes(flag)) {
      refuse(`${name} cannot have ${written(flag)}: a field of type ${type} takes ${takes(type)}`);
    }
    flags.set(flag, value.join('='));
    last = flag;
  }
  const pair = EXCLUSIVE.find(([a, b]) => flags.has(a) && flags.has(b));
  if (pair) refuse(`${name} cannot have both ${written(pair[0])} and ${written(pair[1])}: ${pair[2]}`);
  return flags;
}

function takes(type: TypeName): string {
  return FIELD_TYPES[type].flags.map(written).join(', ');
}

function written(flag: Flag): string {
  return VALUED.has(flag) ? `${flag}=` : flag;
}

function withBounds(type: TypeName, field: Field, flags: ReadonlyMap<Flag, string>): Field {
  const { name, unique } = field;
  const { bounds } = field.type;
  const [min, max] = (['min', 'max'] as const).map((flag) => boundOf(field, flag, flags.get(flag)));
  if (min !== undefined && max !== undefined && min > max) refuse(`${name} has a min= above its max=`);
  if (typeof bounds === 'object') {
    const { limit } = bounds;
    if ((max ?? 1) < 1 || (max ?? 1) > limit)
      refuse(`${name} has max=${max}; a ${type} may have 1 to ${limit}`);
    if ((min ?? 1) < bounds.min || (min ?? 0) > (max ?? bounds.max)) {
      refuse(`${name} has min=${min}; it must be from ${bounds.min} to ${max ?? bounds.max}`);
    }
    if (field.search && (max ?? bounds.max) > MAX_SEARCHED)
      refuse(`${name} cannot have search with max= above ${MAX_SEARCHED}: each word is an entry of an index`);
    if (unique && (max ?? bounds.max) < 3) refuse(`${name} is unique, and needs max=3 at least`);
  } else if (unique && min !== undefined && max !== undefined && max - min < UNIQUE_ROOM) {
    refuse(`${name} is unique, and needs room for ${UNIQUE_ROOM} values between min= and max=`);
  }
  return { ...field, ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

function boundOf({ name, type }: Field, flag: 'min' | 'max', text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const noun = type.bounds === 'number' ? type.bounds : 'whole number';
  return numberIn(text, noun) ?? refuse(`${name} has ${flag}=${text}, which is no ${noun}`);
}

function withValues(field: Field, flags: ReadonlyMap<Flag, string>): Field {
  const [byDefault, existing] = (['default', 'existing'] as const).map((flag) => {
    const text = flags.get(flag);
    return text === undefined ? undefined : parsedValue(field, flag, text);
  });
  if (existing !== undefined && !field.required) {
    refuse(`${field.name} cannot have existing=: records without an optional field need no value`);
  }
  return {
    ...field,
    ...(byDefault !== undefined && { default: byDefault }),
    ...(existing !== undefined && { existing }),
  };
}
