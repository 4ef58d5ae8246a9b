import { isAlwaysThere } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
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
  if (list) return '[]';
  if (type.empty !== undefined) return type.empty;
  if (existing !== undefined) return type.writeValue(existing);
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

/** The migration that gives the records that are there what they lack, and its test; nothing where they lack nothing. */
export function migrated(
  project: Project,
  names: Names,
  given: ReadonlyMap<string, string>,
): [string, string][] {
  if (given.size === 0) return [];
  const words = [...names.singular.split('-'), ...[...given.keys()].flatMap(wordsOf)].join('-');
  const time = timeAfter(project.filesIn(FOLDER));
  const isTaken = project.read(testOf(shortened(words))) !== undefined;
  // An earlier one may have the same name, or one that begins in the same way.
  const title = isTaken ? `${shortened(words, time.length + 1)}-${time}` : shortened(words);
  const name = `${time}-${title}`;
  const constant = camelCase(title.split('-'));
  const path = `${FOLDER}/${name}.ts`;
  const list = [...given].map(([field, value]) => `${field}: ${value}`).join(', ');
  return [
    [path, source(names, name, constant, list)],
    [testOf(title), testSource(names, name, list)],
  ];
}

function source({ resources, collection }: Names, name: string, constant: string, values: string): string {
  return `import { type Migration, setWhereMissing } from '../platform/migrations/migration.js';

/** ${capitalised(resources)} that were stored before they had these fields. */
export const ${constant}: Migration = {
  name: '${name}',
  up: (context) => setWhereMissing(context, '${collection}', { ${values} }),
};
`;
}

function testSource({ plural, records }: Names, name: string, values: string): string {
  return `import { ${records} } from './features/${plural}.js';
import { describeNewFields } from './support/describe-new-fields.js';

describeNewFields(${records}, '${name}', { ${values} });
`;
}
