import { isAlwaysThere } from '../specification/feature.ts';
import type { Field } from '../specification/field.ts';
import type { Names } from '../specification/names.ts';
import { refuse } from '../specification/refusal.ts';
import { camelCase, capitalised, wordsOf } from '../specification/words.ts';
import { applyEdits, parse } from '../source/edit.ts';
import { withImports } from '../source/imports.ts';
import { addElement, arrayIn, variableNamed } from '../source/places.ts';
import { unsentSource } from '../source/service-source.ts';
import { literal } from '../source/values.ts';
import { byShape, MIGRATIONS } from './layout.ts';
import type { Project } from './project.ts';

const FOLDER = 'src/migrations';
/** Most letters of a migration's name, without its number. */
const MAX_LENGTH = 55;

/** What the records that are there get; undefined where they need nothing. @throws Refusal where nobody can know */
function valueOf(field: Field): string | undefined {
  const { name, type, list, required, existing } = field;
  if (!isAlwaysThere(field)) return undefined;
  if (!required) return unsentSource(field);
  if (list) return '[]';
  if (type === 'object') return '{}';
  if (existing !== undefined) return type === 'date' ? `new Date(${literal(existing)})` : literal(existing);
  const canHave = type !== 'ref' && !field.unique && !field.encrypted;
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
  const numbers = project.filesIn(FOLDER).flatMap((path) => /\/(\d{4})-[^/]*$/.exec(path)?.[1] ?? []);
  const number = String(Math.max(0, ...numbers.map(Number)) + 1).padStart(4, '0');
  const isTaken = project.read(testOf(shortened(words))) !== undefined;
  // An earlier one may have the same name, or one that begins in the same way.
  const title = isTaken ? `${shortened(words, 5)}-${number}` : shortened(words);
  const name = `${number}-${title}`;
  const constant = camelCase(title.split('-'));
  const path = `${FOLDER}/${name}.ts`;
  const list = [...given].map(([field, value]) => `${field}: ${value}`).join(', ');
  return [
    [path, source(names, name, constant, list)],
    [
      MIGRATIONS,
      byShape(project, MIGRATIONS, (text) => {
        const all = arrayIn(variableNamed(parse(text), 'migrations'), 'the list of migrations');
        const added = applyEdits(text, [addElement(all, constant)]);
        return withImports(added, { [constant]: { from: `./${name}.js`, kind: 'value' } });
      }),
    ],
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
