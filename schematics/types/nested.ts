import { runInNewContext } from 'node:vm';
import type { Names } from '../naming/names.ts';
import { pascalCase, singularOf, wordsOf } from '../naming/words.ts';
import type { Field, FieldType, Samples } from './field.ts';
import { plain } from './plain.ts';
import { decorator, literal } from './source.ts';

/** What the classes of a nested object are called: `TicketAddress`; of a list `TicketLine` for each item. */
export function nestedNames(field: Field, { Record, singular }: Names) {
  const words = field.list ? singularOf(wordsOf(field.name)) : wordsOf(field.name);
  const Class = Record + pascalCase(words);
  return { Class, Input: `${Class}Input`, Dto: `${Class}Dto`, file: `${singular}-${words.join('-')}`, words };
}

function typed(Class: string, each: string | undefined): string[] {
  return [
    ...(each === undefined ? ['@IsObject()'] : []),
    decorator('ValidateNested', each),
    `@Type(() => ${Class})`,
  ];
}

/** An object whose fields are said as well: `address:object address.street:string:required`. */
export const NESTED: FieldType = {
  ...plain('object'),
  about: '',
  flags: ['required', 'list'],
  sorts: false,
  compares: false,
  bounds: undefined,
  readValue: () => undefined,
  filter: 'indexed',
  imports: {
    'class-transformer': 'Type',
    'class-validator': 'IsObject IsOptional ValidateNested',
  },
  typeSource: (field, names) => nestedNames(field, names).Class,
  sentType: (field, names) => nestedNames(field, names).Input,
  schemaType: 'Object',
  schemaClass: (field, names) => nestedNames(field, names).Class,
  note: () => 'Replaced as a whole.',
  rules: (field, names, each) => typed(nestedNames(field, names).Input, each),
  queryRules: () => [],
  answerType: (field, names) => nestedNames(field, names).Dto,
  answerRule: (field, names, each) => typed(nestedNames(field, names).Dto, each).join('\n'),
  answerValue: (stored, isThere, field, names) => {
    const from = `${nestedNames(field, names).Dto}.from`;
    if (field.list) return `${stored}${isThere ? '' : '?'}.map(${from})`;
    return isThere ? `${from}(${stored})` : `(${stored} && ${from}(${stored}))`;
  },
  example: ({ fields = [] }) =>
    Object.fromEntries(fields.map((each) => [each.name, each.type.example(each)])),
  samples: nestedSamples,
};

/** The first of the values that an expression makes of a number, written out. */
function firstOf(source: string): string {
  return literal(runInNewContext(source, { n: 1 }));
}

/** The samples of an object are those of its fields. */
function nestedSamples({ fields = [] }: Field): Samples {
  const samples = fields.map((field) => {
    const { value, refuses } = field.type.samples(field);
    return { field, value, first: firstOf(value), refused: refuses[0] };
  });
  const first = (has: (field: Field) => boolean, ...more: string[]) => {
    const entries = samples
      .filter(({ field }) => has(field))
      .map((each) => `${each.field.name}: ${each.first}`);
    return `{ ${[...entries, ...more].join(', ')} }`;
  };
  const others = (field: Field) => (each: Field) => each !== field;
  const isRequired = ({ required }: Field) => required;
  const optional = fields.filter((field) => !field.required);
  const needed = fields.find(isRequired);
  const nulls = optional.map(({ name }) => `${name}: null`);
  return {
    value: `({ ${samples.map(({ field, value }) => `${field.name}: ${value}`).join(', ')} })`,
    becomes: optional.length > 0 ? [[first(isRequired), first(isRequired, ...nulls)]] : [],
    refuses: [
      "'text'",
      '1',
      first(isRequired, 'nothing: 1'),
      ...(needed ? [first(others(needed))] : []),
      ...samples
        .slice(0, 3)
        .map(({ field, refused }) =>
          first((each) => each.required && each !== field, `${field.name}: ${refused}`),
        ),
    ],
  };
}

/** The flags that fields of an object may have: what is looked for or only the server sets stands beside it. */
export const NESTED_FLAGS = ['required', 'min', 'max'] as const;
/** Types that have no place within an object, and why. */
export const NOT_NESTED: Readonly<Record<string, string>> = {
  object: 'objects are one level deep',
  ref: 'references are fields of the record',
  file: 'files are held by fields of the record',
  image: 'files are held by fields of the record',
  rich: 'rich texts are fields of the record',
};
