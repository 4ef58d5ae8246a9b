import { isAlwaysThere } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { literal } from '../types/source.ts';
import { camelCase, capitalised, wordsOf } from '../naming/words.ts';
import { unsentSource } from '../source/service-source.ts';
import { parse } from '../source/edit.ts';
import { optionalProperty, variableNamed } from '../source/places.ts';
import { filesOf } from './layout.ts';
import { hadAbility } from './manifest.ts';
import type { Project } from './project.ts';

const FOLDER = 'src/migrations';
/** Most letters of a migration's name, without its time. */
const MAX_LENGTH = 55;

/** What the records that are there get; undefined where they need nothing. @throws Refusal where nobody can know */
function valueOf(field: Field): string | undefined {
  const { name, type, list, required, existing } = field;
  if (!isAlwaysThere(field)) return undefined;
  if (!required) return unsentSource(field);
  if (type.empty !== undefined) return type.empty;
  if (existing !== undefined) return list ? `[${type.writeValue(existing)}]` : type.writeValue(existing);
  const canHave = type.flags.includes('existing') && !field.unique && !field.encrypted;
  return canHave
    ? refuse(`${name} is required, so it needs existing=…: the value for existing records`)
    : refuse(`${name} cannot be required: there is no value for existing records. Make it optional`);
}

/** What the records that are there get of each field, by its name; only of those that need it. */
export function givenTo(fields: readonly Field[]): Map<string, string> {
  return new Map(
    fields.flatMap((field): [string, string][] => {
      const value = valueOf(field);
      return value === undefined ? [] : [[field.name, value]];
    }),
  );
}

function shortened(words: string, room = 0): string {
  return words.slice(0, MAX_LENGTH - room).replace(/-$/, '');
}

/** The time in UTC to the second, which orders migrations; later than those that are there, whatever the clock says. */
function timeAfter(paths: readonly string[]): string {
  const times = paths.flatMap((path) => /\/(\d{14})-[^/]*$/.exec(path)?.[1] ?? []);
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  return String(Math.max(Number(now), ...times.map((time) => Number(time) + 1)));
}

function testOf(title: string): string {
  return `test/migrations-${title}.e2e-spec.ts`;
}

/** What lists are sorted and searched by beside the texts of records. */
export interface Keys {
  readonly sorted: readonly string[];
  readonly searched: readonly string[];
}

/** What the records that are there lack. */
export interface Lacking {
  /** Values by the names of fields. */
  readonly given: ReadonlyMap<string, string>;
  readonly keys: Keys;
}

/** The migration that gives the records that are there what they lack, and its test; nothing where they lack nothing. */
export function migrated(project: Project, names: Names, lacking: Lacking): [string, string][] {
  const { given, keys } = lacking;
  const keyed = [...new Set([...keys.sorted, ...keys.searched])];
  if (given.size + keyed.length === 0) return [];
  const described = given.size > 0 ? [...given.keys()] : [...keyed, 'keys'];
  const words = [...names.singular.split('-'), ...described.flatMap(wordsOf)].join('-');
  return named(project, words, (name, constant) => ({
    migration: source(collectionsOf(project, names), names, name, constant, lacking),
    test: testSource(names, name, lacking),
  }));
}

/** A migration and its test, by their paths. */
export function named(
  project: Project,
  words: string,
  write: (name: string, constant: string) => { migration: string; test: string },
): [string, string][] {
  const time = timeAfter(project.filesIn(FOLDER));
  const isTaken = project.read(testOf(shortened(words))) !== undefined;
  // An earlier one may have the same name, or one that begins in the same way.
  const title = isTaken ? `${shortened(words, time.length + 1)}-${time}` : shortened(words);
  const name = `${time}-${title}`;
  const { migration, test } = write(name, camelCase(title.split('-')));
  return [
    [`${FOLDER}/${name}.ts`, migration],
    [testOf(title), test],
  ];
}

/** A function of `migration.js`, and what it is given beside the collection. */
export type Call = readonly [name: string, given: string];

export function callsSource(collections: readonly string[], calls: readonly Call[]): string {
  return inEach(collections, (of) =>
    calls.map(([name, given]) => `await ${name}(context, ${of}, ${given});\n`).join(''),
  );
}

/** What becomes of fields that a feature no longer has. */
export interface Unread {
  /** Deleted. */
  readonly removed: readonly string[];
  /** Stay, without their indexes. */
  readonly unindexed: readonly string[];
  /** What is still searched, where one of them was. */
  readonly searched: readonly string[];
}

/** The migration for fields that are gone, and its test; nothing where all may stay as it is. */
export function removedFields(project: Project, names: Names, unread: Unread): [string, string][] {
  const { removed, unindexed, searched } = unread;
  const calls = [
    unindexed.length > 0 && (['removeIndexes', literal(unindexed)] as const),
    removed.length > 0 && (['removeFields', literal(removed)] as const),
    searched.length > 0 && (['setListKeys', literal({ searched })] as const),
  ].filter((call) => call !== false);
  if (calls.length === 0) return [];
  const used = calls.map(([call]) => call).toSorted();
  const fields = removed.length + unindexed.length > 0 ? [...removed, ...unindexed] : searched;
  const words = ['remove', ...names.singular.split('-'), ...fields.flatMap(wordsOf)].join('-');
  return named(project, words, (name, constant) => ({
    migration: `import { type Migration, ${used.join(', ')} } from '../platform/migrations/migration.js';

/** ${capitalised(names.resources)} that were stored while they had fields that are gone. */
export const ${constant}: Migration = {
  name: '${name}',
  async up(context) {
${callsSource(collectionsOf(project, names), calls)}},
};
`,
    test: unreadTestSource(names, name, unread),
  }));
}

function unreadTestSource({ plural, records }: Names, name: string, unread: Unread): string {
  const { removed, unindexed, searched } = unread;
  const isGoing = removed.length + unindexed.length > 0;
  const isSearched = searched.length > 0;
  return `import { ${records} } from './features/${plural}.js';
${isSearched ? "import { describeListKeys } from './support/describe-list-keys.js';\n" : ''}${isGoing ? "import { describeRemovedFields } from './support/describe-removed-fields.js';\n" : ''}
${isGoing ? `describeRemovedFields(${records}, '${name}', ${literal({ removed, unindexed })});\n` : ''}${isSearched ? `describeListKeys(${records}, '${name}', ${literal({ searched })});\n` : ''}`;
}

/** The migration that deletes what a feature has stored that is gone, and its test. */
export function dropped(project: Project, names: Names): [string, string][] {
  const { plural, resources } = names;
  const collections = collectionsOf(project, names);
  return named(project, `drop-${plural}`, (name, constant) => ({
    migration: `import type { Migration } from '../platform/migrations/migration.js';

/** ${capitalised(resources)}, which nothing reads any more. */
export const ${constant}: Migration = {
  name: '${name}',
  async up({ db }) {
${inEach(
  collections,
  (of) => `const found = await db.listCollections({ name: ${of} }).toArray();
    if (found.length > 0) await db.dropCollection(${of});
`,
)}},
};
`,
    test: `import { describeDrop } from './support/describe-drop.js';

${collections.map((each) => `describeDrop('${each}', '${name}');\n`).join('')}`,
  }));
}

/** Where the records of a feature are: those in the trash are elsewhere. */
export function collectionsOf(project: Project, names: Names): string[] {
  const { plural, records, collection } = names;
  const schema = project.read(filesOf(names).schema);
  const hasTrash =
    schema === undefined
      ? hadAbility(project, plural, 'trash')
      : optionalProperty(variableNamed(parse(schema), records), 'trash') !== undefined;
  return hasTrash ? [collection, `${collection}_trash`] : [collection];
}

/** What is done to a collection, or to each of several. */
export function inEach(collections: readonly string[], done: (of: string) => string): string {
  const [only, ...others] = collections.map((each) => literal(each));
  if (only !== undefined && others.length === 0) return done(only);
  return `for (const collection of ${literal(collections)}) {\n${done('collection')}}\n`;
}

function valuesSource(given: ReadonlyMap<string, string>): string {
  return `{ ${[...given].map(([field, value]) => `${field}: ${value}`).join(', ')} }`;
}

function keysSource({ sorted, searched }: Keys): string {
  return literal({ ...(sorted.length > 0 && { sorted }), ...(searched.length > 0 && { searched }) });
}

function hasKeys({ sorted, searched }: Keys): boolean {
  return sorted.length + searched.length > 0;
}

function source(
  collections: readonly string[],
  { resources }: Names,
  name: string,
  constant: string,
  { given, keys }: Lacking,
): string {
  const calls: Call[] = [
    ...(given.size > 0 ? [['setWhereMissing', valuesSource(given)] as const] : []),
    ...(hasKeys(keys) ? [['setListKeys', keysSource(keys)] as const] : []),
  ];
  const used = calls.map(([call]) => call).toSorted();
  const about = given.size > 0 ? 'these fields' : 'what lists sort and search them by';
  const [first] = calls;
  const up =
    calls.length * collections.length === 1
      ? `up: (context) => ${first?.[0]}(context, '${collections[0]}', ${first?.[1]}),`
      : `async up(context) {\n${callsSource(collections, calls)}},`;
  return `import { type Migration, ${used.join(', ')} } from '../platform/migrations/migration.js';

/** ${capitalised(resources)} stored before they had ${about}. */
export const ${constant}: Migration = {
  name: '${name}',
  ${up}
};
`;
}

function testSource({ plural, records }: Names, name: string, { given, keys }: Lacking): string {
  const values = given.size > 0;
  return `import { ${records} } from './features/${plural}.js';
${hasKeys(keys) ? "import { describeListKeys } from './support/describe-list-keys.js';\n" : ''}${values ? "import { describeNewFields } from './support/describe-new-fields.js';\n" : ''}
${values ? `describeNewFields(${records}, '${name}', ${valuesSource(given)});\n` : ''}${hasKeys(keys) ? `describeListKeys(${records}, '${name}', ${keysSource(keys)});\n` : ''}`;
}
