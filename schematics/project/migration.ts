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
import { edited, MIGRATIONS } from './layout.ts';
import type { Project } from './project.ts';

const FOLDER = 'src/migrations';
const MAX_LENGTH = 60;

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

/** The migration that gives the records that are there a value of each field that always has one, and its test. */
export function migrated(project: Project, names: Names, fields: readonly Field[]): [string, string][] {
  const values = fields.flatMap((field) => {
    const value = valueOf(field);
    return value === undefined ? [] : [{ name: field.name, value }];
  });
  if (values.length === 0) return [];
  const words = [...names.singular.split('-'), ...values.flatMap(({ name }) => wordsOf(name))];
  const numbers = project.filesIn(FOLDER).flatMap((path) => /\/(\d{4})-[^/]*$/.exec(path)?.[1] ?? []);
  const number = String(Math.max(0, ...numbers.map(Number)) + 1).padStart(4, '0');
  const name = `${number}-${words.join('-')}`.slice(0, MAX_LENGTH).replace(/-$/, '');
  const constant = camelCase(name.split('-').slice(1));
  const path = `${FOLDER}/${name}.ts`;
  const list = values.map((each) => `${each.name}: ${each.value}`).join(', ');
  return [
    [path, source(names, name, constant, list)],
    [
      MIGRATIONS,
      edited(project, MIGRATIONS, (text) => {
        const all = arrayIn(variableNamed(parse(text), 'migrations'), 'the list of migrations');
        const added = applyEdits(text, [addElement(all, constant)]);
        return withImports(added, { [constant]: { from: `./${name}.js`, kind: 'value' } });
      }),
    ],
    [`test/migrations-${name.slice(5)}.e2e-spec.ts`, testSource(names, name, list)],
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
