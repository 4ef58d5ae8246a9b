import { isAlwaysThere } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { literal } from '../types/source.ts';
import { camelCase, capitalised, wordsOf } from '../naming/words.ts';
import { unsentSource } from '../source/service-source.ts';
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
    migration: source(names, name, constant, lacking),
    test: testSource(names, name, lacking),
  }));
}

/** A migration and its test, by their paths. */
function named(
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
  const steps = [
    unindexed.length > 0 && `removeIndexes(context, '${names.collection}', ${literal(unindexed)})`,
    removed.length > 0 && `removeFields(context, '${names.collection}', ${literal(removed)})`,
    searched.length > 0 && `setListKeys(context, '${names.collection}', ${literal({ searched })})`,
  ].filter((step) => step !== false);
  if (steps.length === 0) return [];
  const used = ['removeFields', 'removeIndexes', 'setListKeys'].filter((name) =>
    steps.some((step) => step.startsWith(`${name}(`)),
  );
  const fields = removed.length + unindexed.length > 0 ? [...removed, ...unindexed] : searched;
  const words = ['remove', ...names.singular.split('-'), ...fields.flatMap(wordsOf)].join('-');
  return named(project, words, (name, constant) => ({
    migration: `import { type Migration, ${used.join(', ')} } from '../platform/migrations/migration.js';

/** ${capitalised(names.resources)} that were stored while they had fields that are gone. */
export const ${constant}: Migration = {
  name: '${name}',
  async up(context) {
${steps.map((step) => `await ${step};\n`).join('')}},
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

/** The migration that gives fields other names in what is stored, and its test. */
export function renamedFields(
  project: Project,
  { singular, plural, records, resources, collection }: Names,
  renamed: Readonly<Record<string, string>>,
  searched: readonly string[],
): [string, string][] {
  const isSearched = searched.length > 0;
  const words = Object.entries(renamed).flat().flatMap(wordsOf);
  return named(project, ['rename', ...singular.split('-'), ...words].join('-'), (name, constant) => ({
    migration: `import { type Migration, renameFields${isSearched ? ', setListKeys' : ''} } from '../platform/migrations/migration.js';

/** ${capitalised(resources)} stored while fields had other names. The previous version knows only those: stop it first. */
export const ${constant}: Migration = {
  name: '${name}',
  async up(context) {
    await renameFields(context, '${collection}', ${literal(renamed)});
${isSearched ? `    await setListKeys(context, '${collection}', ${literal({ searched })});\n` : ''}  },
};
`,
    test: `import { ${records} } from './features/${plural}.js';
import { describeRenamedFields } from './support/describe-renamed-fields.js';

describeRenamedFields(${records}, '${name}', ${literal(renamed)});
`,
  }));
}

/** The migration that deletes what a feature has stored that is gone, and its test. */
export function dropped(project: Project, { plural, resources, collection }: Names): [string, string][] {
  return named(project, `drop-${plural}`, (name, constant) => ({
    migration: `import type { Migration } from '../platform/migrations/migration.js';

/** ${capitalised(resources)}, which nothing reads any more. */
export const ${constant}: Migration = {
  name: '${name}',
  async up({ db }) {
    const found = await db.listCollections({ name: '${collection}' }).toArray();
    if (found.length > 0) await db.dropCollection('${collection}');
  },
};
`,
    test: `import { describeDrop } from './support/describe-drop.js';

describeDrop('${collection}', '${name}');
`,
  }));
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
  { resources, collection }: Names,
  name: string,
  constant: string,
  { given, keys }: Lacking,
): string {
  const values = given.size > 0 && `setWhereMissing(context, '${collection}', ${valuesSource(given)})`;
  const sorts = hasKeys(keys) && `setListKeys(context, '${collection}', ${keysSource(keys)})`;
  const steps = [values, sorts].filter((step) => step !== false);
  const used = [sorts && 'setListKeys', values && 'setWhereMissing'].filter(Boolean).join(', ');
  const about = values ? 'these fields' : 'what lists sort and search them by';
  const up =
    steps.length === 1
      ? `up: (context) => ${steps[0]},`
      : `async up(context) {\n${steps.map((step) => `await ${step};\n`).join('')}},`;
  return `import { type Migration, ${used} } from '../platform/migrations/migration.js';

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
