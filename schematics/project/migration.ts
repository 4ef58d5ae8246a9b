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
    ? refuse(`${name} is required, and needs existing=…: what the records get that are there`)
    : refuse(
        `${name} cannot be required: there is no value for the records that are there. Make it optional`,
      );
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
  const time = timeAfter(project.filesIn(FOLDER));
  const isTaken = project.read(testOf(shortened(words))) !== undefined;
  // An earlier one may have the same name, or one that begins in the same way.
  const title = isTaken ? `${shortened(words, time.length + 1)}-${time}` : shortened(words);
  const name = `${time}-${title}`;
  const constant = camelCase(title.split('-'));
  const path = `${FOLDER}/${name}.ts`;
  return [
    [path, source(names, name, constant, lacking)],
    [testOf(title), testSource(names, name, lacking)],
  ];
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

/** ${capitalised(resources)} that were stored before they had ${about}. */
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
