import { MAX_RICH_TEXT } from '../../src/platform/validation/bounds.ts';
import { capitalised, singularOf, wordsOf } from '../naming/words.ts';
import type { Field, FieldType, Length, Samples } from './field.ts';
import { lengthsOf, maxUnitsOf } from './lengths.ts';
import { plain } from './plain.ts';
import { decorator, FIELDS } from './source.ts';

const STRING: Length = { min: 1, minRequired: 1, max: 200, limit: 1000 };
const TEXT: Length = { min: 0, minRequired: 1, max: 2000, limit: 20_000 };
const RICH: Length = { min: 0, minRequired: 0, max: 10_000, limit: MAX_RICH_TEXT };

/** What the texts of people have in common. */
function written(length: Length) {
  return {
    ...plain('string'),
    bounds: length,
    schemaType: 'String',
    maxUnits: (field) => maxUnitsOf(field, length),
    answerRule: (_field, _names, each) => decorator('IsString', each),
  } satisfies Partial<FieldType>;
}

export const TEXTS: Readonly<Record<'string' | 'text' | 'rich', FieldType>> = {
  string: {
    ...written(STRING),
    about: 'a short text, 1 to 200 characters',
    flags: [
      'list',
      'required',
      'unique',
      'index',
      'encrypted',
      'search',
      'server',
      'min',
      'max',
      'default',
      'existing',
    ],
    readValue: (text) => text.normalize('NFC'),
    filter: 'contains',
    imports: { 'class-validator': 'IsOptional IsString', [FIELDS]: 'Name' },
    rules: nameRules,
    queryRules: (field, names) => ['@IsOptional()', ...nameRules(field, names)],
    example: (field) => {
      const words = wordsOf(field.name);
      return sized(
        field,
        STRING,
        field.list ? singularOf(words).join(' ') : `${capitalised(words.join(' '))} 1`,
      );
    },
    samples: (field) => samplesOf(field, STRING),
  },
  text: {
    ...written(TEXT),
    about: 'a longer text, up to 2,000 characters',
    flags: ['required', 'encrypted', 'search', 'server', 'min', 'max', 'default', 'existing'],
    compares: false,
    readValue: (text) => text,
    filter: 'indexed',
    imports: { 'class-validator': 'IsOptional IsString', [FIELDS]: 'Text' },
    rules: textRules,
    queryRules: (field) => ['@IsOptional()', ...textRules(field)],
    example: (field) => sized(field, TEXT, `Some ${wordsOf(field.name).join(' ')}`),
    samples: (field) => samplesOf(field, TEXT),
  },
  rich: {
    ...written(RICH),
    about: 'HTML, sanitised, up to 10,000 characters',
    // Its values are not copied out of the record.
    schemaOptions: () => ['rich: true'],
    flags: ['required', 'encrypted', 'server', 'max', 'existing'],
    sorts: false,
    compares: false,
    // Only what needs no sanitising.
    readValue: (text) => (/[<>&]/.test(text) ? undefined : text),
    filter: 'indexed',
    imports: {
      'class-validator': 'IsOptional IsString',
      '../../platform/validation/rich-text.js': 'RichText',
    },
    note: () => 'HTML; what is unsafe is removed.',
    rules: richRules,
    queryRules: (field) => ['@IsOptional()', ...richRules(field)],
    example: (field) => {
      const html = `<p>Some <em>${wordsOf(field.name).join(' ')}</em></p>`;
      return html.length <= lengthsOf(field, RICH).max ? html : 'x';
    },
    samples: (field) => samplesOf(field, RICH, '<p>', '</p>'),
  },
};

function nameRules(field: Field, _names: unknown, each?: string): string[] {
  const { min, max } = lengthsOf(field, STRING);
  const options = [min > 1 && `min: ${min}`, each !== undefined && 'each: true'].filter(Boolean);
  return [decorator('Name', max, options.length > 0 ? `{ ${options.join(', ')} }` : undefined)];
}

function textRules(field: Field): string[] {
  const { min, max } = lengthsOf(field, TEXT);
  return [decorator('Text', min, max)];
}

function richRules(field: Field): string[] {
  return [decorator('RichText', lengthsOf(field, RICH).max)];
}

/** A text of an allowed length that says what it is. */
function sized(field: Field, length: Length, text: string): string {
  const { min, max } = lengthsOf(field, length);
  return text.slice(0, max).trim().padEnd(min, 'x');
}

function repeated(length: number): string {
  return length === 0 ? "''" : length === 1 ? "'x'" : `'x'.repeat(${length})`;
}

/** Samples of texts; of HTML in a paragraph, when it is given. */
function samplesOf(field: Field, length: Length, start = '', end = ''): Samples {
  const { min, max } = lengthsOf(field, length);
  const words = wordsOf(field.name).join(' ');
  const isHtml = start !== '';
  const short = `n.toString(36).padStart(${Math.max(min, 2)}, '-')${max < 3 ? `.slice(-${max})` : ''}`;
  const room = max - start.length - end.length - 6;
  const label = `${start}${capitalised(words).slice(0, Math.max(0, room)).trim()} `;
  const fits = room >= 4 && label.length + end.length + 1 >= min;
  const sanitised = ["'<b>a</b><script>b()</script>'", "'<b>a</b>'"] as const;
  return {
    value: fits ? `\`${label}\${n}${end}\`` : short,
    accepts: [repeated(min), repeated(max), ...(max >= 5 && min <= 5 && !isHtml ? ["'a < b'"] : [])],
    ...(min <= 2 &&
      max >= 2 && { becomes: [["' AB '", "'AB'"], ...(isHtml && max >= 40 ? [sanitised] : [])] }),
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
