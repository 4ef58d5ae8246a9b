import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { camelCase, capitalised, pascalCase, withArticle, wordsOf } from '../naming/words.ts';
import type { Field } from '../types/field.ts';
import { FIELD_TYPES, TYPES } from '../types/types.ts';
import { isAlwaysGiven } from './feature.ts';
import { parseFields } from './fields.ts';

const FORM = /^[a-z]+(-[a-z]+)*$/;
const MAX_LENGTH = 32;
/** Permissions and events that records have anyway, methods of every class, and routes of the platform's. */
const TAKEN = new Set(
  'create get list replace update remove read write created updated deleted restored transferred constructor stats batch export import restore transfer'.split(
    ' ',
  ),
);
/** What only makes sense where values are kept. */
const OF_STORED = new Set(['index', 'search', 'stats']);

/** Why a command does not take something. */
export const NO_OBJECTS =
  'part of an object with fields, which no command takes: let it take the values by themselves, such as street:string';

/** What everything of a command is called. */
export interface Command {
  /** In addresses, permissions and events: `assign`. */
  readonly name: string;
  /** Of methods. */
  readonly method: string;
  /** The class of what it takes: `AssignTicketDto`. */
  readonly Dto: string;
  /** `assign-ticket.dto` */
  readonly file: string;
  readonly operationId: string;
  /** `Assign a ticket` */
  readonly summary: string;
  readonly inputs: readonly Field[];
  /** The states that it takes the record to, by their fields. */
  readonly to: Readonly<Record<string, string>>;
  /** The same as `npm run field` writes them into the record. */
  readonly kept: readonly string[];
}

/** A name for something that is done: `assign`, `send-back`. @throws Refusal */
export function requireVerb(name: string, what: string): string {
  if (!FORM.test(name) || name.length > MAX_LENGTH)
    refuse(
      `"${name}" is not a valid name for ${what}: use a verb in lower case, such as assign or send-back`,
    );
  if (TAKEN.has(name)) refuse(`${what} cannot be called ${name}, which every feature has or may have`);
  return name;
}

/** @throws Refusal for a command that cannot be, or inputs that it cannot have */
export function commandOf(
  names: Names,
  name: string,
  texts: readonly string[],
  targets: readonly string[],
): Command {
  requireVerb(name, 'a command');
  const parts = texts.map((text) => text.split(':'));
  const inner = parts.find(([input = '']) => input.includes('.'))?.[0];
  if (inner !== undefined) refuse(`${inner} is ${NO_OBJECTS}`);
  const inputs = parseFields(parts.map((all) => all.filter((part) => !OF_STORED.has(part)).join(':')));
  for (const { name: input, server, unique, default: byDefault, existing } of inputs) {
    if (server || unique || byDefault !== undefined || existing !== undefined)
      refuse(
        `${input} cannot have server, unique, default= or existing=: a command takes its input as it is sent`,
      );
  }
  const to = targetsOf(targets);
  const set = inputs.find((input) => Object.hasOwn(to, input.name));
  if (set)
    refuse(`${set.name} is set by --to ${set.name}=${to[set.name]}: leave it out of what ${name} takes`);
  const words = wordsOf(name);
  const Verb = pascalCase(words);
  return {
    name,
    method: camelCase(words),
    Dto: `${Verb}${names.Record}Dto`,
    file: `${name}-${names.singular}.dto`,
    operationId: `${camelCase(words)}${names.Record}`,
    summary: `${capitalised(words.join(' '))} ${withArticle(names.resource)}`,
    inputs,
    to,
    kept: parts.map((all) => [...all.filter((part) => part !== 'required'), 'server'].join(':')),
  };
}

/** Reads `status=closed`. @throws Refusal for another form, or a field that is named twice */
function targetsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const to: Record<string, string> = {};
  for (const text of texts) {
    const [field = '', state = '', ...more] = text.split('=');
    if (field === '' || state === '' || more.length > 0)
      refuse(`--to takes a field and one of its states, such as status=closed, not "${text}"`);
    if (Object.hasOwn(to, field)) refuse(`--to names ${field} twice: a record is in one state of it`);
    to[field] = state;
  }
  return to;
}

/**
 * @param kept the field of the record that has the name of what a command takes, and keeps that
 * @throws Refusal where it is something else
 */
export function requireAlike(input: Field, kept: Field, names: Names): void {
  const { name } = input;
  // Of what only the server sets nobody has said more than its type.
  const typeOf = (field: Field) =>
    kept.server ? field.type.typeSource(field, names) + (field.list ? '[]' : '') : writtenType(field);
  const [said, is] = [typeOf(input), typeOf(kept)];
  const choices = [input, kept].map((field) => field.choices.join(','));
  if (said !== is || choices[0] !== choices[1]) {
    refuse(
      `${name} is ${writtenType(kept)} in ${names.plural}, where it is kept, and not ${writtenType(input)}: write that, or choose another name`,
    );
  }
  if (isAlwaysGiven(kept) && !input.required)
    refuse(`${name} always has a value in ${names.plural}, where it is kept: write ${name}:${is}:required`);
}

/** `enum:a,b:list`, as commands write it. */
function writtenType({ type, choices, target, list }: Field): string {
  const name = TYPES.find((each) => FIELD_TYPES[each] === type) ?? 'object';
  return [name, choices.join(','), target?.plural, list && 'list'].filter(Boolean).join(':');
}
