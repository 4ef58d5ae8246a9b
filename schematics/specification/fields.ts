import type { Field } from './field.ts';
import { type Names, namesOf } from './names.ts';
import { refuse } from './refusal.ts';
import { fieldNameFault } from './reserved.ts';
import { ALLOWED, BOUNDS, EXCLUSIVE, type Flag, FLAGS, TYPES, type TypeName, VALUED } from './types.ts';
import { parsedValue } from './values.ts';

const MAX_NAME = 40;
const MAX_FIELDS = 50;
const MAX_CHOICES = 50;
const NAME = /^[a-z][a-zA-Z0-9]*$/;
const CHOICE = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;
/** Room that a unique field must leave, so that its values do not run out. */
const UNIQUE_ROOM = 1000;

/**
 * Reads `status:enum:draft,sent:default=draft`.
 * @throws Refusal that names the field and what is wrong with it
 */
export function parseField(text: string): Field {
  const [name = '', typeName = '', ...rest] = text.split(':');
  if (!NAME.test(name) || name.length > MAX_NAME) {
    refuse(
      `"${name}" is no name of a field: write a word in camel case, such as dueAt, of at most ${MAX_NAME} letters`,
    );
  }
  const fault = fieldNameFault(name);
  if (fault !== undefined) refuse(`A field cannot be called ${name}: ${fault}`);
  const type = TYPES.find((known) => known === typeName);
  if (type === undefined) {
    refuse(`${name} has the unknown type "${typeName}"; there are ${TYPES.join(', ')}`);
  }
  const choices = type === 'enum' ? choicesOf(name, rest.shift()) : [];
  const target = type === 'ref' ? targetOf(name, rest.shift()) : undefined;
  const flags = flagsOf(name, type, rest);
  const field = withBounds(
    {
      name,
      type,
      list: flags.has('list'),
      required: flags.has('required'),
      unique: flags.has('unique'),
      index: flags.has('index'),
      encrypted: flags.has('encrypted'),
      choices,
      ...(target && { target }),
    },
    flags,
  );
  return withValues(field, flags);
}

/** @throws Refusal also for a field that is there twice */
export function parseFields(texts: readonly string[]): Field[] {
  if (texts.length > MAX_FIELDS) refuse(`A feature has at most ${MAX_FIELDS} fields`);
  const fields = texts.map(parseField);
  const names = fields.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) refuse(`The field ${twice} is there twice`);
  return fields;
}

function choicesOf(name: string, text = ''): string[] {
  const choices = text.split(',');
  const wrong = choices.find((choice) => !CHOICE.test(choice));
  if (wrong !== undefined) {
    refuse(
      `${name} has the choice "${wrong}"; write words of letters, digits, - and _, such as enum:draft,sent`,
    );
  }
  if (new Set(choices).size !== choices.length) refuse(`${name} has the same choice twice`);
  if (choices.length < 2 || choices.length > MAX_CHOICES) refuse(`${name} needs 2 to ${MAX_CHOICES} choices`);
  return choices;
}

function targetOf(name: string, text = ''): Names {
  if (text === '') refuse(`${name} does not say what it refers to; write ref:projects`);
  return namesOf(text);
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
    if (!ALLOWED[type].flags.includes(flag)) {
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
  return ALLOWED[type].flags.map(written).join(', ');
}

function written(flag: Flag): string {
  return VALUED.has(flag) ? `${flag}=` : flag;
}

function withBounds(field: Field, flags: ReadonlyMap<Flag, string>): Field {
  const { name, type, unique } = field;
  const [min, max] = (['min', 'max'] as const).map((flag) => boundOf(field, flag, flags.get(flag)));
  const lengths = type === 'string' || type === 'text' || type === 'rich' ? BOUNDS[type] : undefined;
  if (min !== undefined && max !== undefined && min > max) refuse(`${name} has a min= above its max=`);
  if (lengths) {
    const { limit } = lengths;
    if ((max ?? 1) < 1 || (max ?? 1) > limit)
      refuse(`${name} has max=${max}; a ${type} may have 1 to ${limit}`);
    if ((min ?? 1) < lengths.min || (min ?? 0) > (max ?? lengths.max)) {
      refuse(`${name} has min=${min}; it must be from ${lengths.min} to ${max ?? lengths.max}`);
    }
    if (unique && (max ?? lengths.max) < 3) refuse(`${name} is unique, and needs max=3 at least`);
  } else if (unique && min !== undefined && max !== undefined && max - min < UNIQUE_ROOM) {
    refuse(`${name} is unique, and needs room for ${UNIQUE_ROOM} values between min= and max=`);
  }
  return { ...field, ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

function boundOf({ name, type }: Field, flag: 'min' | 'max', text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const isDecimal = type === 'number' && /^-?\d{1,12}(\.\d{1,6})?$/.test(text);
  if (!isDecimal && !/^-?\d{1,15}$/.test(text)) {
    refuse(`${name} has ${flag}=${text}, which is no ${type === 'number' ? 'number' : 'whole number'}`);
  }
  // Without a negative zero, which is written otherwise than it is read.
  return Number(text) + 0;
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
