import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { parse } from '../source/edit.ts';
import { exportsOf } from '../source/exported.ts';
import { type Described, textsIn } from '../source/fields-there.ts';
import { classNamed, optionalProperty, variableNamed } from '../source/places.ts';
import type { Renaming } from '../source/renamed-places.ts';
import { sayings } from '../source/sayings.ts';
import { requireFieldName } from '../specification/fields.ts';
import { PLAIN_FIELD } from '../types/plain-field.ts';
import { FIELD_TYPES } from '../types/types.ts';
import { byShape, filesOf } from './layout.ts';
import { nestedFilesOf, pastTests } from './less-fields.ts';
import { mayBeStored } from './manifest.ts';
import { type Existing, existing } from './more-fields.ts';
import { describedOf } from './more-lists.ts';
import { changed, type Project } from './project.ts';
import { declaredByObject, withRenamedObject } from './renamed-object.ts';
import { pathsAbout, withNewNames } from './renamed-code.ts';
import { renamedFields } from './rename-migration.ts';
import { isWithin, renamingWithin, wholeName } from './renamed-within.ts';
import type { Noted } from './rule.ts';
import { type Sentences, sentencesOf } from './sentences.ts';

/** Most places that are listed one by one. */
const MAX_LISTED = 40;

/** What is known of the feature. */
interface Known extends Existing {
  readonly described: Described;
}

/**
 * What `npm run field -- invoices dueAt:payBy --rename` writes: the fields have their new names wherever it is clear
 * that it is they who are meant, and a migration renames what is stored.
 * @throws Refusal when they cannot be renamed
 */
export function withRenamed(project: Project, names: Names, pairs: readonly string[]): Noted {
  const known = { described: describedOf(project, names), ...existing(project, names) };
  const renamed = pairs.map(pairOf);
  requirePossible(project, names, renamed, known);
  const renamings = renamed.map(([from, to]) =>
    isWithin(from) ? renamingWithin(project, names, from, to) : renamingOf(project, known, names, [from, to]),
  );
  const past = new Map(pastTests(project, names, new Set(renamed.map(([from]) => from))));
  const current = changed(project, past);
  const { changes: followed, unclear } = withNewNames(current, names, renamings);
  const changes = new Map(followed);
  for (const [from, to] of renamed) {
    for (const [path, text] of withRenamedObject(changed(current, changes), names, from, to))
      changes.set(path, text);
  }
  const sentences = sentencesOf(
    current,
    changes,
    pathsAbout(current, names),
    renamings.map(({ from }) => from),
  );
  const searched = byShape(changed(project, changes), filesOf(names).schema, (text) =>
    textsIn(optionalProperty(variableNamed(parse(text), names.records), 'search')),
  );
  const isSearched = renamed.some(([, to]) => searched?.includes(to));
  const lists = renamings.flatMap(({ within }) => (within?.list ? [within.field] : []));
  const migration = renamedFields(project, names, renamed, {
    lists: new Set(lists),
    searched: isSearched ? (searched ?? []) : [],
  });
  return {
    changes: new Map([...past, ...changes, ...migration]),
    notes: notesOf(renamed, unclear, sentences),
  };
}

/** `dueAt:payBy`, or `dueAt>payBy`, or `address.zip:postcode`. @throws Refusal */
function pairOf(text: string): [from: string, to: string] {
  const [from = '', to = '', ...more] = text.split(/[:>]/);
  if (from === '' || to === '' || more.length > 0) {
    refuse(
      `"${text}" does not give an old and a new name: write dueAt:payBy, or "dueAt>payBy" in quotes because of the shell`,
    );
  }
  return isWithin(from) ? [from, wholeName(from, to)] : [from, to];
}

/** @throws Refusal */
function requirePossible(
  project: Project,
  names: Names,
  renamed: readonly [string, string][],
  { fields, exported }: Known,
): void {
  const { plural } = names;
  const all = renamed.flat();
  const twice = all.find((name, index) => all.indexOf(name) !== index);
  if (twice !== undefined) refuse(`${twice} is named twice: rename one after the other`);
  for (const [from, to] of renamed) {
    if (isWithin(from)) {
      const [object = ''] = from.split('.');
      if (all.includes(object)) refuse(`${object} is renamed itself: rename one after the other`);
      continue;
    }
    if (!fields.includes(from)) refuse(`${plural} has no field ${from}`);
    requireFieldName(to);
    if (fields.includes(to)) refuse(`${plural} has the field ${to} already`);
    const others = new Set([...exported, ...exportsOfObjects(project, names, fields)]);
    const declared = [...declaredFor(project, names, exported, from, to).values()].find((name) =>
      others.has(name),
    );
    if (declared !== undefined)
      refuse(`${to} would declare ${declared}, which already exists; choose another name`);
    if (mayBeStored(project, plural, to)) {
      refuse(
        `Stored values of ${to}, which was removed, would be mistaken for those of ${from}: delete them first with npm run field -- ${plural} ${to} --remove --drop`,
      );
    }
    requireUnbound(project, names, from, to);
  }
}

/** @throws Refusal for a field whose values, or whose files, go by its name */
function requireUnbound(project: Project, names: Names, from: string, to: string): void {
  const { plural } = names;
  const property = byShape(project, filesOf(names).schema, (text) =>
    classNamed(parse(text), names.Record).members.find(({ name }) => name?.getText() === from),
  );
  if (property && optionalProperty(property, 'encrypted')) {
    refuse(
      `${from} is encrypted, and its stored values are bound to its name: add ${to} (npm run field -- ${plural} ${to}:string:encrypted), have the service write ${to} and answer ${from} where that is not set yet, and remove ${from} once no record has it any more`,
    );
  }
  const taken = nestedFilesOf(project, names, from).length > 0 && nestedFilesOf(project, names, to)[0];
  if (taken) refuse(`${taken[0]} already exists; choose another name`);
}

/** What the files of the objects of a feature export. */
function exportsOfObjects(project: Project, names: Names, fields: readonly string[]): string[] {
  const paths = fields.flatMap((field) => nestedFilesOf(project, names, field).map(([path]) => path));
  return paths.flatMap((path) => exportsOf(project.read(path) ?? ''));
}

/** What files declare for a field that is one of several words, or an object, and what it is to be called. */
function declaredFor(
  project: Project,
  names: Names,
  exported: readonly string[],
  from: string,
  to: string,
): Map<string, string> {
  const [old, fresh] = [from, to].map((name) =>
    FIELD_TYPES.enum.declares?.({ ...PLAIN_FIELD, name, type: FIELD_TYPES.enum }, names),
  );
  const ofWords: [string, string][] =
    old && fresh && exported.includes(old.constant)
      ? [
          [old.constant, fresh.constant],
          [old.type, fresh.type],
        ]
      : [];
  return new Map([...ofWords, ...declaredByObject(project, names, from, to)]);
}

function renamingOf(
  project: Project,
  { described, exported }: Known,
  names: Names,
  [from, to]: readonly [string, string],
): Renaming {
  return {
    names,
    from,
    to,
    declared: declaredFor(project, names, exported, from, to),
    said: sayings(described, names, from, to),
    later: new Set(described.fields.filter(({ later }) => later?.than === from).map(({ name }) => name)),
  };
}

function notesOf(
  renamed: readonly [string, string][],
  unclear: readonly string[],
  { reworded, left }: Sentences,
): string[] {
  const pairs = renamed.map(([from, to]) => `${from} to ${to}`).join(', ');
  // Where a place is unclear, its text is listed already.
  const placeOf = (line: string) => line.split(': ', 1)[0];
  const listed = new Set(unclear.map(placeOf));
  return [
    `A migration renames stored values (${pairs}) at the next start or by npm run migrate. Stop every process of the previous version first: it knows only the old names, and nothing reads what it still writes under them.`,
    'Clients send and get the new names from then on. The old ones are refused, with their filters and errors.',
    ...listOf('These comments and texts were reworded:', reworded),
    ...listOf(
      'These comments and texts have the words of an old name, and stay as they are; reword those that mean the field:',
      left.filter((line) => !listed.has(placeOf(line))),
    ),
    ...listOf(
      'These places name something of an old name, and nobody can tell whether it is the field; change those that mean it:',
      unclear,
    ),
  ];
}

/** A sentence with places below it; nothing where there are none. */
function listOf(sentence: string, places: readonly string[]): string[] {
  if (places.length === 0) return [];
  const listed = places.slice(0, MAX_LISTED).map((place) => `\n  ${place}`);
  const more = places.length > listed.length ? `\n  and ${places.length - listed.length} more` : '';
  return [`${sentence}${listed.join('')}${more}`];
}
