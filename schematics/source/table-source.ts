import { type Feature, filterOf, isAlwaysThere } from '../specification/feature.ts';
import type { Field } from '../specification/field.ts';
import { lengthsOf } from '../specification/lengths.ts';
import { capitalised, singularOf, wordsOf } from '../specification/words.ts';
import { MAX_ITEMS } from './rules.ts';
import { unsentSource } from './service-source.ts';
import { literal } from './values.ts';

/** Sources of values for the tests of a field. */
interface Samples {
  /** An expression of another value for each `n`. */
  readonly value: string;
  readonly accepts?: readonly string[];
  /** What is sent, and what becomes of it. */
  readonly becomes?: readonly (readonly [string, string])[];
  readonly refuses: readonly string[];
}

const repeated = (length: number) => (length === 0 ? "''" : length === 1 ? "'x'" : `'x'.repeat(${length})`);

function textSamples(field: Field): Samples {
  const { min, max } = lengthsOf(field);
  const words = wordsOf(field.name).join(' ');
  const short = `n.toString(36).padStart(${Math.max(min, 2)}, '-')${max < 3 ? `.slice(-${max})` : ''}`;
  const [start, end] = field.type === 'rich' ? ['<p>', '</p>'] : ['', ''];
  const room = max - start.length - end.length - 6;
  const label = `${start}${capitalised(words).slice(0, Math.max(0, room)).trim()} `;
  const fits = room >= 4 && label.length + end.length + 1 >= min;
  return {
    value: `${fits ? `\`${label}\${n}${end}\`` : short}`,
    accepts: [
      repeated(min),
      repeated(max),
      ...(max >= 5 && min <= 5 && field.type !== 'rich' ? ["'a < b'"] : []),
    ],
    ...(min <= 2 && max >= 2 && { becomes: [["' ab '", "'ab'"], ...richSamples(field)] as const }),
    refuses: [
      ...(min > 0 ? [repeated(min - 1)] : []),
      repeated(max + 1),
      '1',
      "['x']",
      "{ $ne: '' }",
      String.raw`'a\0b'`,
    ],
  };
}

function richSamples({ type, max }: Field): [string, string][] {
  return type === 'rich' && (max ?? 100) >= 40 ? [["'<b>a</b><script>b()</script>'", "'<b>a</b>'"]] : [];
}

function numberSamples({ type, min, max }: Field): Samples {
  const isWhole = type === 'integer';
  const first = min ?? (max === undefined ? 0 : max - 1000);
  const room = min !== undefined && max !== undefined ? Math.floor(max - min) : undefined;
  const step = room !== undefined && room < 1000 ? `(n % ${room + 1})` : 'n';
  const sum = first === 0 ? step : `${first} + ${step}`;
  const edges = [min, max].filter((edge) => edge !== undefined);
  const outside = [...(min === undefined ? [] : [min - 1]), ...(max === undefined ? [] : [max + 1])];
  return {
    value: sum,
    accepts:
      edges.length > 0
        ? edges.map(String)
        : isWhole
          ? ['-1', '0', 'Number.MAX_SAFE_INTEGER']
          : ['-1.5', '0', '1e300'],
    refuses: [
      ...outside.map(String),
      ...(isWhole ? [`${Math.trunc(min ?? 0)}.5`, ...(max === undefined ? ['2 ** 53'] : [])] : []),
      "'1'",
      'true',
      '[1]',
      '{ $gt: 0 }',
    ],
  };
}

function samplesOfOne(field: Field): Samples {
  switch (field.type) {
    case 'string':
    case 'text':
    case 'rich':
      return textSamples(field);
    case 'number':
    case 'integer':
      return numberSamples(field);
    case 'boolean':
      return { value: 'n % 2 === 0', accepts: ['true', 'false'], refuses: ["'true'", '1', '[true]'] };
    case 'date':
      return {
        value: 'new Date(Date.UTC(2031, 0, n)).toISOString()',
        accepts: ["'2028-02-29T23:59:59.999Z'"],
        becomes: [
          ["'2030-01-31T00:00:00Z'", "'2030-01-31T00:00:00.000Z'"],
          ["'2030-01-31t01:00:00.123456+01:00'", "'2030-01-31T00:00:00.123Z'"],
        ],
        refuses: [
          "'2030-02-31T00:00:00.000Z'",
          "'2030-01-31T00:00:00'",
          "'2030-01-31'",
          "'tomorrow'",
          '1',
          "['2030-01-31T00:00:00Z']",
        ],
      };
    case 'email':
      return {
        value: '`person-${n}@example.com`',
        becomes: [["' Ada@Example.COM '", "'ada@example.com'"]],
        refuses: ["''", "'nobody'", "'a@b'", "`${'a'.repeat(250)}@example.com`", '1', "['ada@example.com']"],
      };
    case 'url':
      return {
        value: '`https://example.com/${n}`',
        accepts: ["'http://example.com/a?b=c#d'"],
        refuses: [
          "''",
          "'example.com'",
          "'javascript:alert(1)'",
          "'ftp://example.com/'",
          "`https://example.com/${'a'.repeat(2048)}`",
          '1',
          "['https://example.com/']",
        ],
      };
    case 'enum': {
      const { choices } = field;
      return {
        value: `${literal(choices)}[n % ${choices.length}]`,
        accepts: choices.map(literal),
        refuses: [literal(`${choices[0]}?`), "''", '0', literal([choices[0]]), "{ $ne: '' }"],
      };
    }
    case 'object':
      return {
        value: '({ n, tags: [`tag ${n}`] })',
        accepts: ['{}', "{ deep: { list: [1, 'two', null] } }"],
        refuses: ["'text'", '1', '[]', "{ $where: '1' }", "{ 'a.b': 1 }", "{ a: 'x'.repeat(16_384) }"],
      };
    case 'ref':
      return { value: '', refuses: ["'1'", "'ffffffffffffffffffffffg'", '1', "{ $ne: '' }"] };
  }
}

/** The samples of one item, made to those of a list. */
function samplesOfList(field: Field): Samples {
  const {
    value,
    accepts = [],
    becomes = [],
    refuses,
  } = samplesOfOne({
    ...field,
    list: false,
    name: singularOf(wordsOf(field.name)).join(' '),
  });
  const isList = (source: string) => source.startsWith('[');
  return {
    value: `[${value}]`,
    accepts: ['[]', ...(accepts.length > 0 ? [`[${accepts.join(', ')}]`] : [])],
    becomes: becomes.map(([sent, stored]) => [`[${sent}]`, `[${stored}]`] as const),
    refuses: [
      ...refuses.map((refused) => `[${refused}]`),
      '[null]',
      `Array.from({ length: ${MAX_ITEMS + 1} }, (_, n) => ${value})`,
      ...refuses.filter((refused) => !isList(refused)).slice(0, 2),
    ],
  };
}

/** What the tests know of a field: one entry of the feature's table. */
export function entrySource(field: Field, { fields }: Pick<Feature, 'fields'>): string {
  const { name, required, unique, list, encrypted, target } = field;
  const { value, accepts = [], becomes = [], refuses } = list ? samplesOfList(field) : samplesOfOne(field);
  const unsent = isAlwaysThere(field) ? unsentSource(field) : undefined;
  const filter = filterOf(field, fields);
  return `${name}: {
${[
  required && 'required: true',
  unique && 'unique: true',
  list && 'list: true',
  encrypted && 'encrypted: true',
  filter && `filter: '${filter}'`,
  unsent !== undefined && `unsent: ${unsent}`,
  target ? `ref: '/api/v1/${target.plural}'` : `value: (n) => ${value}`,
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
  const { names, fields, shared } = feature;
  return `import type { Feature } from '../support/feature.js';

export const ${names.records}: Feature = {
  path: '/api/v1/${names.plural}',
  resource: '${names.resource}',
  collection: '${names.collection}',
${shared ? '  shared: true,\n' : ''}  fields: {
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
