import { METADATA } from '../../src/platform/validation/bounds.ts';
import { type Names, namesOf } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { constantCase, pascalCase, pluralOf, withArticle, wordsOf } from '../naming/words.ts';
import type { Declaration, Field, FieldType } from './field.ts';
import { plain } from './plain.ts';
import { decorator, FIELDS, literal, MONEY } from './source.ts';

const MAX_CHOICES = 50;
const CHOICE = /^[A-Za-z][A-Za-z0-9_-]{0,39}$/;
const METADATA_SIZE = `${METADATA.bytes / 1024} KiB`;

/** Types that are more than a value: one of several words, an object, a record of another feature. */
export const STRUCTURES: Readonly<Record<'enum' | 'object' | 'money' | 'ref', FieldType>> = {
  enum: {
    ...plain('string'),
    about: 'one of the words after it: `enum:draft,sent`',
    flags: ['list', 'required', 'index', 'stats', 'server', 'default', 'existing'],
    readWord: (name, word) => ({ choices: choicesOf(name, word) }),
    bounds: undefined,
    readValue: (text, { choices }) => choices.find((choice) => choice === text),
    filter: 'always',
    imports: { 'class-validator': 'IsIn IsOptional' },
    declares: declarationOf,
    typeSource: (field, names) => declarationOf(field, names).type,
    schemaType: 'String',
    schemaOptions: (field, names) => [`enum: ${declarationOf(field, names).constant}`],
    rules: (field, names, each) => [isIn(field, names, each)],
    queryRules: (field, names) => ['@IsOptional()', isIn(field, names)],
    answerType: (field, names) => declarationOf(field, names).type,
    answerRule: isIn,
    example: ({ choices }) => choices[0],
    samples: ({ choices }) => ({
      value: `${literal(choices)}[n % ${choices.length}]`,
      accepts: choices.map(literal),
      refuses: [literal(`${choices[0]}?`), "''", '0', literal([choices[0]]), "{ $ne: '' }"],
    }),
  },
  object: {
    ...plain('Metadata'),
    about: `a JSON object of the client, up to ${METADATA_SIZE}, or [one with fields](#objects)`,
    flags: ['list', 'required', 'server'],
    sorts: false,
    compares: false,
    bounds: undefined,
    readValue: () => undefined,
    empty: '{}',
    filter: 'indexed',
    imports: {
      mongoose: 'default:mongoose',
      '../../platform/validation/is-metadata.js': 'IsMetadata type:Metadata',
    },
    schemaType: 'mongoose.Schema.Types.Mixed',
    note: () => `At most ${METADATA_SIZE}, ${METADATA.depth} levels, ${METADATA.keys} keys.`,
    rules: () => ['@IsMetadata()'],
    queryRules: () => ['@IsMetadata()'],
    answerRule: () => '@IsMetadata()',
    example: () => ({ colour: 'blue', tags: ['web'] }),
    samples: () => ({
      value: '({ n, tags: [`tag ${n}`] })',
      accepts: ['{}', "{ deep: { list: [1, 'two', null] } }"],
      refuses: [
        "'text'",
        '1',
        '[]',
        "{ $where: '1' }",
        "{ 'a.b': 1 }",
        `{ a: 'x'.repeat(${literal(METADATA.bytes).replace(/(\d{3})$/, '_$1')}) }`,
      ],
    }),
  },
  money: {
    ...plain('StoredMoney'),
    about: 'an exact amount in a currency: `{"amount": "12.30", "currency": "EUR"}`',
    flags: ['required', 'server'],
    sorts: false,
    compares: false,
    bounds: undefined,
    readValue: () => undefined,
    filter: 'indexed',
    imports: {
      mongoose: 'default:mongoose',
      'class-validator': 'IsOptional',
      [MONEY]: 'InMoney moneyJson type:MoneyJson type:StoredMoney',
    },
    schemaType: 'mongoose.Schema.Types.Mixed',
    note: () => 'In a currency of ISO 4217, with no more decimals than it has.',
    rules: () => ['@InMoney()'],
    queryRules: () => ['@IsOptional()', '@InMoney()'],
    answerType: () => 'MoneyJson',
    answerRule: () => '@InMoney()',
    answerValue: (stored) => `moneyJson(${stored})`,
    example: () => ({ amount: '12.30', currency: 'EUR' }),
    samples: () => ({
      value: "({ amount: n.toFixed(2), currency: 'EUR' })",
      accepts: ["{ amount: '-0.10', currency: 'USD' }", "{ amount: '5', currency: 'JPY' }"],
      refuses: [
        "{ amount: '0.5', currency: 'JPY' }",
        "{ amount: 1, currency: 'EUR' }",
        "{ amount: '1', currency: 'euro' }",
        "{ amount: '1' }",
        "{ amount: '1', currency: 'EUR', tax: '0' }",
        "'12.30'",
        '12.3',
      ],
    }),
  },
  ref: {
    ...plain('Types.ObjectId'),
    about: 'the id of a record of another feature: `ref:projects`',
    flags: ['required', 'unique', 'server'],
    readWord: (name, word) => ({ choices: [], target: targetOf(name, word) }),
    bounds: undefined,
    readValue: () => undefined,
    filter: 'always',
    imports: {
      mongoose: 'Types default:mongoose',
      'class-validator': 'IsOptional',
      [FIELDS]: 'RecordId Reference',
    },
    schemaType: 'mongoose.Schema.Types.ObjectId',
    schemaOptions: ({ target }) => (target ? [`ref: ${literal(target.Record)}`] : []),
    note: ({ target }) => (target ? `Id of ${withArticle(target.resource)} that the caller may read.` : ''),
    rules: () => ['@Reference()'],
    queryRules: () => ['@IsOptional()', '@Reference()'],
    answerType: () => 'string',
    answerRule: () => '@RecordId()',
    answerValue: (stored, isThere) => `${stored}${isThere ? '' : '?'}.toHexString()`,
    example: () => '66f1a0c2e4b0a1b2c3d4e5f7',
    // The tests create the record that a reference is to.
    samples: () => ({ value: '', refuses: ["'1'", "'ffffffffffffffffffffffg'", '1', "{ $ne: '' }"] }),
  },
};

function choicesOf(name: string, text: string): string[] {
  const choices = text.split(',');
  const wrong = choices.find((choice) => !CHOICE.test(choice));
  if (wrong !== undefined) {
    refuse(
      `${name} has the choice "${wrong}"; write words of letters, digits, - and _, such as enum:draft,sent`,
    );
  }
  if (new Set(choices).size !== choices.length) refuse(`${name} has the same choice twice`);
  if (choices.length < 2 || choices.length > MAX_CHOICES) refuse(`${name} needs 2 to ${MAX_CHOICES} choices`);
  return choices;
}

function targetOf(name: string, text: string): Names {
  if (text === '') refuse(`${name} does not say what it refers to; write ref:projects`);
  return namesOf(text);
}

/** `export const INVOICE_STATUSES = …` and the type of its items, `InvoiceStatus`. */
function declarationOf({ name, within, choices }: Field, { RECORD, Record }: Names): Declaration {
  const words = wordsOf(within === undefined ? name : `${within}-${name}`);
  const constant = `${RECORD}_${constantCase(pluralOf(words))}`;
  const type = Record + pascalCase(words);
  const source = `export const ${constant} = [${choices.map(literal).join(', ')}] as const;
export type ${type} = (typeof ${constant})[number];
`;
  return { constant, type, source };
}

function isIn(field: Field, names: Names, each?: string): string {
  return decorator('IsIn', declarationOf(field, names).constant, each);
}
