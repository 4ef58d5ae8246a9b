import type { Field, FieldType, Samples } from './field.ts';
import { plain } from './plain.ts';
import { decorator, DECIMAL, FIELDS, literal } from './source.ts';

const WHOLE = /^-?\d{1,15}$/;
const FRACTION = /^-?\d{1,12}\.\d{1,6}$/;

const NUMERIC = {
  ...plain('number'),
  flags: ['list', 'required', 'unique', 'index', 'server', 'min', 'max', 'default', 'existing'],
  filter: 'indexed',
  schemaType: 'Number',
} as const satisfies Partial<FieldType>;

export const NUMBERS: Readonly<Record<'number' | 'integer' | 'decimal', FieldType>> = {
  number: {
    ...NUMERIC,
    about: 'any number; for amounts of money there are `money` and `decimal`, which are exact',
    bounds: 'number',
    readValue: (text) => numberIn(text, 'number'),
    imports: { 'class-validator': 'IsNumber Max Min', [FIELDS]: 'QueryNumber' },
    rules: ({ min, max }, _names, each) => [
      isNumberRule(each),
      ...(min === undefined ? [] : [decorator('Min', min, each)]),
      ...(max === undefined ? [] : [decorator('Max', max, each)]),
    ],
    queryRules: ({ min, max }) => [decorator('QueryNumber', min, max)],
    answerRule: (_field, _names, each) => isNumberRule(each),
    example: (field) => within(field, 12.5),
    samples: (field) => ({
      ...samplesOf(field),
      accepts: edgesOf(field, ['-1.5', '0', '1e300']),
      refuses: refusedBy(field),
    }),
  },
  integer: {
    ...NUMERIC,
    about: 'a whole number that JSON carries exactly',
    bounds: 'whole number',
    readValue: (text) => numberIn(text, 'whole number'),
    imports: { 'class-validator': 'IsInt', [FIELDS]: 'QueryInteger SafeInteger' },
    rules: ({ min, max }, _names, each) => [decorator('SafeInteger', min, max, each)],
    queryRules: ({ min, max }) => [decorator('QueryInteger', min, max)],
    answerRule: (_field, _names, each) => decorator('IsInt', each),
    example: (field) => Math.trunc(within(field, 12)),
    samples: (field) => ({
      ...samplesOf(field),
      accepts: edgesOf(field, ['-1', '0', 'Number.MAX_SAFE_INTEGER']),
      refuses: refusedBy(field, [
        `${Math.trunc(field.min ?? 0)}.5`,
        ...(field.max === undefined ? ['2 ** 53'] : []),
      ]),
    }),
  },
  decimal: {
    ...plain('Types.Decimal128'),
    about: 'an exact number, a text in JSON: `"12.30"`',
    flags: ['required', 'unique', 'index', 'server', 'min', 'max'],
    bounds: 'number',
    readValue: () => undefined,
    filter: 'indexed',
    imports: {
      mongoose: 'Types default:mongoose',
      'class-validator': 'IsOptional',
      [DECIMAL]: 'ExactDecimal decimalText',
    },
    schemaType: 'mongoose.Schema.Types.Decimal128',
    note: () => 'A string, which keeps all its digits.',
    rules: ({ min, max }) => [decorator('ExactDecimal', min, max)],
    queryRules: ({ min, max }) => ['@IsOptional()', decorator('ExactDecimal', min, max)],
    answerType: () => 'string',
    answerRule: () => '@ExactDecimal()',
    answerValue: (stored) => `decimalText(${stored})`,
    example: (field) => within(field, 12.5).toFixed(2),
    samples: (field) => ({
      value: `(${samplesOf(field).value}).toFixed(2)`,
      accepts: edgesOf(field, ['-0.10', '1234567890123456789012345678901234']).map(literal),
      refuses: [
        ...refusedBy(field)
          .filter((refused) => /^-?\d/.test(refused))
          .map(literal),
        '1',
        "'1e3'",
        "'1,5'",
        "''",
      ],
    }),
  },
};

/** The number that a text is; without a negative zero, which is written otherwise than it is read. */
export function numberIn(text: string, noun: 'number' | 'whole number'): number | undefined {
  const isNumber = WHOLE.test(text) || (noun === 'number' && FRACTION.test(text));
  return isNumber ? Number(text) + 0 : undefined;
}

function isNumberRule(each: string | undefined): string {
  return decorator('IsNumber', each && '{}', each);
}

/** A number near the one that is wanted, within the bounds. */
function within({ min = -Infinity, max = Infinity }: Field, wanted: number): number {
  return Math.min(Math.max(wanted, min), max);
}

/** An expression of another number for each `n`, as far as there is room. */
function samplesOf({ min, max }: Field): Pick<Samples, 'value'> {
  const first = min ?? (max === undefined ? 0 : max - 1000);
  const room = min !== undefined && max !== undefined ? Math.floor(max - min) : undefined;
  const step = room !== undefined && room < 1000 ? `(n % ${room + 1})` : 'n';
  return { value: first === 0 ? step : `${first} + ${step}` };
}

function edgesOf({ min, max }: Field, otherwise: readonly string[]): readonly string[] {
  const edges = [min, max].filter((edge) => edge !== undefined);
  return edges.length > 0 ? edges.map(String) : otherwise;
}

function refusedBy({ min, max }: Field, own: readonly string[] = []): string[] {
  const outside = [...(min === undefined ? [] : [min - 1]), ...(max === undefined ? [] : [max + 1])];
  return [...outside.map(String), ...own, "'1'", 'true', '[1]', '{ $gt: 0 }'];
}
