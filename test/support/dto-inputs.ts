import * as fc from 'fast-check';
import {
  type Check,
  type Constructor,
  type FieldRules,
  rulesOf,
} from '../../src/platform/validation/rules.js';

type Values = fc.Arbitrary<unknown>;
type Input = Readonly<Record<string, unknown>>;
type Mutation = (input: Input) => Input;

/** Keys that every object has by inheritance. */
export const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

/** One character as people see it, or a part of one that grows, shrinks, or counts otherwise when it is composed. */
const CHARACTERS = [
  ...'a Z 0 é e\u0301 \u0301 \u0316 \u0130 \u212a \ufb2c \u1112\u1161\u11ab 😀 🖥\ufe0f ❤\ufe0e \ufe0f 👩\u200d👩 \u202e'.split(
    ' ',
  ),
  ' ',
  '\u3000',
  '\ufeff',
  '\u1f82'.normalize('NFD'),
];
const POISON = ['\0', '\ud800', '\udc00', '\udfffa', 'a\udbff'];
const KEYS = [
  ...'a id _id $gt $where a.b 0 a\0 \ud800 💥 _bsontype prototype then length toJSON'.split(' '),
  '',
  ' ',
  'name ',
];

const numbers = fc.constantFrom(
  0,
  -0,
  1,
  -1,
  0.5,
  100,
  101,
  2 ** 53,
  1e300,
  5e-324,
  // What a JSON parser makes of 1e400.
  Infinity,
  -Infinity,
);
const numerals = fc.constantFrom(
  ...'0 -0 1 007 20 100 101 -1 +1 1.0 1e1 0x10 １ 10001 999999999999999 9999999999999999 1e400 NaN'.split(
    ' ',
  ),
  '',
  ' 1',
);
const texts = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 12 }).map((parts) => parts.join(''));
const poisoned = fc
  .tuple(texts, fc.constantFrom(...POISON), texts)
  .map(([before, poison, after]) => before + poison + after);
const keys = fc.oneof(
  fc.constantFrom(...KEYS),
  fc.constantFrom(...INHERITED),
  fc.string({ unit: 'grapheme', maxLength: 5 }),
);
const leaves = fc.oneof(numbers, numerals, texts, poisoned, fc.constantFrom<unknown>(null, true, false));

/** Anything that a JSON parser can give. `__proto__` and other inherited names are keys of the object itself. */
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
    { arbitrary: leaves, weight: 4 },
    { arbitrary: fc.array(tie('json'), { maxLength: 4 }), weight: 1 },
    { arbitrary: objectsOf(keys, tie('json'), 5), weight: 2 },
  ),
}));

function objectsOf(names: fc.Arbitrary<string>, values: Values, maxLength: number): fc.Arbitrary<Input> {
  return fc.array(fc.tuple(names, values), { maxLength }).map((entries) => Object.fromEntries(entries));
}

const harmless = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.constant(null));
const metadata = objectsOf(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.oneof(harmless, fc.array(harmless, { maxLength: 3 }), objectsOf(fc.constant('a'), harmless, 1)),
  4,
);
const emails = fc
  .tuple(
    fc.stringMatching(/^[a-zA-Z0-9é]{1,12}$/),
    fc.constantFrom('example.com', 'EXAMPLE.org', 'a-b.co.uk', 'bücher.de'),
  )
  .map(([local, domain]) => `${local}@${domain}`);

const urls = fc
  .tuple(
    fc.constantFrom('http', 'https', 'HTTPS'),
    fc.constantFrom('example.com', 'bücher.de:8080', '127.0.0.1', '[::1]'),
    fc.stringMatching(/^(?:\/[a-z%?#&=@.é]{0,8})?$/),
  )
  .map(([scheme, host, path]) => `${scheme}://${host}${path}`);
const ids = fc.stringMatching(/^[0-9a-fA-F]{24}$/);
const times = fc
  .date({ min: new Date(0), max: new Date('9999-12-30T00:00:00.000Z'), noInvalidDate: true })
  .chain((time) => {
    const local = time.toISOString().slice(0, -1);
    return fc.constantFrom(`${local}Z`, `${local}z`, `${local}456+00:00`, `${local.slice(0, -4)}-00:30`);
  });

/** A text of about so many characters, each counted as one and of up to three units, padded at times. */
function textsOf(min: number, max: number): fc.Arbitrary<string> {
  const lengths = fc.oneof(
    fc.integer({ min, max: Math.min(max, min + 20) }),
    fc.constantFrom(min, max, Math.max(min, max - 1)),
  );
  return fc
    .tuple(
      lengths,
      fc.constantFrom('a', 'é', 'Z', '😀', '🖥\ufe0f', '\u1f82'),
      fc.constantFrom('', '', ' ', '\t '),
    )
    .map(([length, character, padding]) => padding + character.repeat(length) + padding);
}

function constraintsOf(field: FieldRules, name: string): readonly unknown[] | undefined {
  return field.checks.find((check: Check) => check.name === name)?.constraints;
}

function boundsOf(field: FieldRules): [min: number, max: number] {
  const min = Number(constraintsOf(field, 'min')?.[0] ?? 0);
  return [min, Number(constraintsOf(field, 'max')?.[0] ?? Math.max(min, 1000))];
}

/** Values that the rules of a field let pass, as far as they tell; what is not known here is only narrowed. */
function validOf(field: FieldRules): Values {
  const maxLength = Number(constraintsOf(field, 'arrayMaxSize')?.[0] ?? 5);
  if (!constraintsOf(field, 'isArray')) return validOne(field);
  return fc.oneof(
    fc.array(validOne(field), { maxLength: Math.min(3, maxLength) }),
    validOne(field).map((value) => Array.from({ length: maxLength }, () => value)),
  );
}

const amounts = fc.record({
  amount: fc.integer({ min: -100_000, max: 100_000 }).map((cents) => (cents / 100).toFixed(2)),
  currency: fc.constantFrom('EUR', 'USD', 'KWD'),
});

function decimalOf(field: FieldRules, share: number): string {
  const [min, max] = boundsOf(field);
  return (min + ((max - min) * share) / 64).toFixed(2);
}

/** Several values as a query has them: between commas, or each by itself. */
function severalOf(field: FieldRules): Values {
  const [item, isRepeated] = constraintsOf(field, 'isSeveral') as [Constructor, boolean];
  const [rules] = rulesOf(item);
  if (!rules) return fc.constant('');
  const values = fc.array(validOne(rules), { minLength: 1, maxLength: 3 });
  return values.map((all) => (isRepeated ? all : all.join()));
}

/** The same of one item, where it is a list. */
function validOne(field: FieldRules): Values {
  const has = (name: string) => constraintsOf(field, name) !== undefined;
  // As a query writes it, where the field reads that.
  const written = (value: unknown) =>
    field.transforms.length > 0 ? fc.constantFrom(value, String(value)) : fc.constant(value);
  if (has('isSeveral')) return severalOf(field);
  if (has('isDay')) return times.map((time) => time.slice(0, 10));
  if (has('isPhoneNumber')) return fc.integer({ min: 2000, max: 9999 }).map((end) => `+1415555${end}`);
  if (has('isCountry')) return fc.constantFrom('DE', 'FR', 'JP');
  if (has('isDecimal128')) return fc.integer({ min: 0, max: 64 }).map((share) => decimalOf(field, share));
  if (has('isMoney')) return amounts;
  if (has('isUrl')) return urls;
  if (has('isReference')) return ids;
  if (has('isDate')) return times;
  if (has('isEmail')) return emails;
  if (has('isMetadata')) return metadata;
  if (has('isIn')) return fc.constantFrom(...(constraintsOf(field, 'isIn')?.[0] as unknown[]));
  if (has('matches')) return fc.stringMatching(constraintsOf(field, 'matches')?.[0] as RegExp);
  if (has('isBoolean')) return fc.constantFrom(true, false).chain(written);
  if (has('isInt')) {
    const [min, max] = boundsOf(field);
    const small = fc.integer({ min, max: Math.min(max, min + 20) });
    const integers = fc.oneof(small, fc.integer({ min, max }), fc.constantFrom(min, max));
    return integers.chain(written);
  }
  if (has('isNumber')) {
    const [min, max] = boundsOf(field);
    return fc
      .integer({ min: 0, max: 64 })
      .map((share) => min + ((max - min) * share) / 64)
      .chain(written);
  }
  const [min, max] = (constraintsOf(field, 'isLength') ?? [0, 100]) as [number, number];
  const [bytes] = (constraintsOf(field, 'maxBytes') ?? [max]) as [number];
  return textsOf(min, Math.min(max, bytes));
}

/** Values at the edges of what the rules of a field let pass, and just beyond. */
function edgesOf(field: FieldRules): Values {
  const [min, max] = boundsOf(field);
  const integers = [min - 1, min, max, max + 1, min + 0.5].flatMap((value) => [value, String(value)]);
  const [shortest, longest] = (constraintsOf(field, 'isLength') ?? [0, 100]) as [number, number];
  const lengths = [shortest - 1, shortest, longest, longest + 1, 3 * longest, 3 * longest + 1];
  const edgy = fc
    .tuple(fc.constantFrom(...lengths), fc.constantFrom(...CHARACTERS))
    .map(([length, character]) => character.repeat(Math.max(0, length)));
  const isNumeric = constraintsOf(field, 'isInt') ?? constraintsOf(field, 'isNumber');
  const edges = isNumeric ? fc.constantFrom<unknown>(...integers) : edgy;
  if (!constraintsOf(field, 'isArray')) return edges;
  const length = Number(constraintsOf(field, 'arrayMaxSize')?.[0] ?? 5);
  return fc.oneof(
    edges.map((edge) => [edge]),
    validOne(field).map((value) => Array.from({ length: length + 1 }, () => value)),
  );
}

/** A valid value where another kind is expected, as attackers of databases and of careless code send it. */
const WRAPPINGS = [
  (value: unknown) => [value],
  (value: unknown) => [value, value],
  (value: unknown) => ({ $gt: value }),
  (value: unknown) => ({ 0: value, length: 1 }),
  (value: unknown) => `${String(value)}\0`,
] as const;

function set(name: string, value: unknown): Mutation {
  return (input) => Object.fromEntries([...Object.entries(input), [name, value]]);
}

function drop(name: string): Mutation {
  return (input) => Object.fromEntries(Object.entries(input).filter(([key]) => key !== name));
}

/** Puts one thing wrong, or nearly: a value of another kind, at an edge, wrapped, poisoned; or one field more or less. */
function mutationsOf(fields: readonly FieldRules[]): fc.Arbitrary<Mutation> {
  const ofFields = fields.map((field) => {
    const { name } = field;
    const valid = validOf(field);
    const wrapped = fc.tuple(valid, fc.constantFrom(...WRAPPINGS)).map(([value, wrap]) => wrap(value));
    const values = fc.oneof(leaves, json, edgesOf(field), wrapped, valid);
    return fc.oneof(
      { arbitrary: values.map((value) => set(name, value)), weight: 4 },
      { arbitrary: fc.constant(drop(name)), weight: 1 },
    );
  });
  const ofKeys = fc.tuple(keys, json).map(([key, value]) => set(key, value));
  return fc.oneof({ arbitrary: fc.oneof(...ofFields), weight: 5 }, { arbitrary: ofKeys, weight: 1 });
}

/** Inputs of a DTO class: valid ones made from its rules, the same with up to three faults, and any JSON at all. */
export function inputsOf(type: Constructor): Values {
  const fields = rulesOf(type);
  // Optional fields are mostly absent: some exclude each other.
  const entries = fields.map((field) => {
    const entry = validOf(field).map((value) => [[field.name, value] as const]);
    return field.optional
      ? fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, { arbitrary: entry, weight: 1 })
      : entry;
  });
  const valid: fc.Arbitrary<Input> = fc.tuple(...entries).map((each) => Object.fromEntries(each.flat()));
  const mutated = fc
    .tuple(valid, fc.array(mutationsOf(fields), { minLength: 1, maxLength: 3 }))
    .map(([input, mutations]) => mutations.reduce((result, mutate) => mutate(result), input));
  // Fastify's queries and path parameters have no prototype.
  const bare = valid.map((input) => Object.assign(Object.create(null) as Input, input));
  return fc.oneof(
    { arbitrary: valid, weight: 3 },
    { arbitrary: bare, weight: 1 },
    { arbitrary: mutated, weight: 5 },
    { arbitrary: json, weight: 1 },
  );
}
