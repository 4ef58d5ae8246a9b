import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { type Feature, filterOf, type List } from '../specification/feature.ts';
import { costOf, parseLists, withLists } from '../specification/lists.ts';
import type { Field } from '../types/field.ts';
import { type Described, describedIn } from '../source/fields-there.ts';
import {
  controllerWithLists,
  dtoWithLists,
  type MoreLists,
  schemaWithLists,
  serviceWithLists,
  tableWithLists,
} from '../source/lists-edit.ts';
import { byShape, editedFiles, filesOf } from './layout.ts';
import { type Keys, migrated } from './migration.ts';
import type { Changes, Project } from './project.ts';

/** What is asked for: lists as commands write them, and fields to be searched and counted. */
export interface Wanted {
  readonly lists: readonly string[];
  readonly search: readonly string[];
  readonly stats: readonly string[];
}

/** What is written, and what it costs, in lines for people. */
export interface Listed {
  readonly changes: Changes;
  /** What the records that are there lack for it. */
  readonly keys: Keys;
  readonly costs: readonly string[];
}

/** What is known of the fields of a feature that is there. @throws Refusal when it is not */
export function describedOf(project: Project, names: Names): Described {
  const { schema, dto } = filesOf(names);
  const text = project.read(schema);
  if (text === undefined) refuse(`There is no feature ${names.plural}: ${schema} is missing`);
  return byShape(project, dto, (dtoText) => describedIn(text, dtoText, names));
}

/**
 * What a feature that is there writes to have further lists, to be searched and counted, without its migration.
 * @throws Refusal when it cannot
 */
export function withMoreLists(project: Project, names: Names, wanted: Wanted): Listed {
  const described = describedOf(project, names);
  const { shared } = described;
  const lists = listsOf(described, wanted.lists);
  for (const flag of ['search', 'stats'] as const) {
    for (const name of wanted[flag]) requirePossible(described, names, flag, name);
  }
  const marked = described.fields.map((field) => ({
    ...field,
    search: field.search || wanted.search.includes(field.name),
    stats: field.stats || wanted.stats.includes(field.name),
  }));
  const fields = withLists(marked, lists);
  const several = fields.filter((field, index) => field.several && !described.fields[index]?.several);
  const feature: Feature = { names, fields, shared, lists: [...described.lists, ...lists] };
  const more: MoreLists = { feature, lists, search: wanted.search, stats: wanted.stats, several };
  const files = filesOf(names);
  const edits = [
    [files.schema, schemaWithLists],
    [files.dto, dtoWithLists],
    [files.service, serviceWithLists],
    [files.controller, controllerWithLists],
    [files.table, tableWithLists],
  ] as const;
  const sortedBefore = new Set(described.lists.map(({ sort }) => sort));
  return {
    changes: new Map(editedFiles(project, edits, more)),
    keys: {
      sorted: [...new Set(lists.map(({ sort }) => sort))].filter(
        (sort) =>
          !sortedBefore.has(sort) && fields.some((field) => field.name === sort && isText(field, names)),
      ),
      searched: wanted.search.length > 0 ? fields.filter(({ search }) => search).map(({ name }) => name) : [],
    },
    costs: costOf({
      lists,
      fields: fields.map((field) => ({
        ...field,
        search: wanted.search.includes(field.name),
        stats: wanted.stats.includes(field.name),
      })),
    }),
  };
}

/** The same with the migration: `npm run feature -- tickets --list status+dueAt` of a feature that is there. */
export function moreLists(project: Project, names: Names, wanted: Wanted): Listed {
  const listed = withMoreLists(project, names, wanted);
  const migration = migrated(project, names, { given: new Map(), keys: listed.keys });
  return { ...listed, changes: new Map([...listed.changes, ...migration]) };
}

/** Whether a list in its order goes by a key of its own. */
function isText({ type, ...field }: Field, names: Names): boolean {
  return (
    type.schemaType === 'String' && !type.schemaOptions({ ...field, type }, names).includes("format: 'day'")
  );
}

/** @throws Refusal for what is there already, or cannot be */
function listsOf({ fields, names, lists, shared }: Described, texts: readonly string[]): List[] {
  for (const text of texts) {
    for (const name of text.split(':')[0]?.split('+') ?? [])
      requireOfType(fields, names, name, `--list ${text}`);
  }
  const known = new Set([...fields.map(({ name }) => name), 'createdAt', 'updatedAt']);
  const there = lists
    .filter(({ equal, sort }) => [...equal, sort].every((name) => known.has(name)))
    .map(({ equal, sort, everybody }) => [...equal, sort].join('+') + (everybody ? ':all' : ''));
  return parseLists([...there, ...texts], fields, shared).slice(there.length);
}

function requireOfType(fields: readonly Field[], names: readonly string[], name: string, what: string): void {
  if (!names.includes(name) || fields.some((field) => field.name === name)) return;
  refuse(
    `${what} names ${name}, whose rules are your own: declare it in the schema by hand, as docs/adding-a-feature.md shows under Lists`,
  );
}

function requirePossible(
  { fields, names: all }: Described,
  names: Names,
  flag: 'search' | 'stats',
  name: string,
): void {
  requireOfType(fields, all, name, flag);
  const field = fields.find((each) => each.name === name);
  if (!field)
    refuse(`${names.plural} has no field ${name}; a new one has a type, such as ${name}:string:${flag}`);
  if (field[flag]) refuse(`${name} has ${flag} already`);
  if (!field.type.flags.includes(flag))
    refuse(`${name} cannot have ${flag}: values of its type are not for it`);
  if (field.encrypted || field.list)
    refuse(`${name} cannot have ${flag}: ${field.encrypted ? 'it is encrypted' : 'it has several values'}`);
  if (flag === 'stats' && filterOf(field, fields) === 'contains') refuse(`${name} cannot have stats`);
}
