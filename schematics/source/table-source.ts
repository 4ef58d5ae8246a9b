import { type Feature, filterOf, isAlwaysThere } from '../specification/feature.ts';
import type { Field, Samples } from '../types/field.ts';
import type { Names } from '../naming/names.ts';
import { singularOf, wordsOf } from '../naming/words.ts';
import { listsSource } from './schema-source.ts';
import { MAX_ITEMS } from './rules.ts';
import { unsentSource } from './service-source.ts';

/** The samples of one item, made to those of a list. */
function samplesOfList(field: Field): Samples {
  const {
    value,
    accepts = [],
    becomes = [],
    refuses,
  } = field.type.samples({
    ...field,
    list: false,
    name: singularOf(wordsOf(field.name)).join(' '),
  });
  const isList = (source: string) => source.startsWith('[');
  return {
    value: `[${value}]`,
    accepts: [...(field.required ? [] : ['[]']), ...(accepts.length > 0 ? [`[${accepts.join(', ')}]`] : [])],
    becomes: becomes.map(([sent, stored]) => [`[${sent}]`, `[${stored}]`] as const),
    refuses: [
      // The parser refuses what JSON cannot carry, and names the item.
      ...refuses.filter((refused) => refused !== '2 ** 53').map((refused) => `[${refused}]`),
      '[null]',
      ...(field.required ? ['[]'] : []),
      `Array.from({ length: ${MAX_ITEMS + 1} }, (_, n) => ${value})`,
      ...refuses.filter((refused) => !isList(refused)).slice(0, 2),
    ],
  };
}

/** How several values are given: texts may hold commas. */
export function severalKind({ type }: Field): 'given again' | 'commas' {
  return type.maxUnits ? 'given again' : 'commas';
}

function isExact(field: Field, names: Names): boolean {
  return /Decimal128|StoredMoney/.test(field.type.typeSource(field, names));
}

/** What the tests know of a field: one entry of the feature's table. */
export function entrySource(field: Field, { names, fields }: Pick<Feature, 'names' | 'fields'>): string {
  const { name, required, unique, list, encrypted, target, server, several, later } = field;
  const {
    value,
    accepts = [],
    becomes = [],
    refuses,
  } = list ? samplesOfList(field) : field.type.samples(field);
  const unsent = isAlwaysThere(field) ? unsentSource(field) : undefined;
  const filter = filterOf(field, fields);
  return `${name}: {
${[
  required && 'required: true',
  unique && 'unique: true',
  list && 'list: true',
  field.fields && 'nested: true',
  encrypted && 'encrypted: true',
  [field, ...(field.fields ?? [])].some((each) => isExact(each, names)) && 'exact: true',
  server && 'server: true',
  filter && `filter: '${filter}'`,
  several && `several: '${severalKind(field)}'`,
  unsent !== undefined && `unsent: ${field.type.defaults?.inTests ?? unsent}`,
  later && `${later.strictly ? 'after' : 'since'}: '${later.than}'`,
  field.type.holds
    ? "ref: '/api/v1/files'"
    : target
      ? `ref: '/api/v1/${target.plural}'`
      : `value: (n) => ${value}`,
  accepts.length > 0 && `accepts: [${accepts.join(', ')}]`,
  becomes.length > 0 && `becomes: [${becomes.map(([sent, stored]) => `[${sent}, ${stored}]`).join(', ')}]`,
  `refuses: [${refuses.join(', ')}]`,
]
  .filter(Boolean)
  .join(',\n')},
},
`;
}

/** The table of a feature's tests, without its imports. */
export function tableSource(feature: Feature): string {
  const { names, fields, shared, lists } = feature;
  const isTimed = fields.some((field) => field.type.defaults && field.default !== undefined);
  return `${isTimed ? "import { expect } from '@jest/globals';\n" : ''}import type { Feature } from '../support/feature.js';

export const ${names.records}: Feature = {
  path: '/api/v1/${names.plural}',
  resource: '${names.resource}',
  collection: '${names.collection}',${shared ? '\n  shared: true,' : ''}${listsSource(lists, fields)}
  fields: {
${fields.map((field) => entrySource(field, feature)).join('')}},
};
`;
}

/** The test of a feature; what is special about it is added below. */
export function specSource({ names }: Feature): string {
  return `import { ${names.records} } from './features/${names.plural}.js';
import { describeFeature } from './support/describe-feature.js';

describeFeature(${names.records});
`;
}
