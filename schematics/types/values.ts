import { isURL } from 'class-validator';
import { isMailbox, mailboxOf, MAX_MAILBOX } from '../../src/platform/validation/mailbox.ts';
import { isDay, timeOf } from '../../src/platform/validation/utc-time.ts';
import { MAX_WEB_URL, WEB_URL_CHARACTERS, WEB_URL_FORM } from '../../src/platform/validation/web-url.ts';
import type { Field, FieldType, Samples } from './field.ts';
import { plain } from './plain.ts';
import { decorator, FIELDS, literal } from './source.ts';

/** Types whose values have a form of their own. */
export const VALUES: Readonly<Record<'boolean' | 'date' | 'day' | 'email' | 'url', FieldType>> = {
  boolean: {
    ...plain('boolean'),
    about: 'true or false',
    flags: ['required', 'index', 'stats', 'server', 'default', 'existing'],
    bounds: undefined,
    readValue: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
    filter: 'always',
    imports: { 'class-validator': 'IsBoolean', [FIELDS]: 'QueryFlag' },
    schemaType: 'Boolean',
    rules: () => ['@IsBoolean()'],
    queryRules: () => ['@QueryFlag()'],
    answerRule: () => '@IsBoolean()',
    example: () => true,
    samples: () => ({ value: 'n % 2 === 0', accepts: ['true', 'false'], refuses: ["'true'", '1', '[true]'] }),
  },
  date: {
    ...plain('Date'),
    about: 'an instant, as RFC 3339 writes it; answered in UTC',
    flags: ['required', 'unique', 'index', 'server', 'default', 'existing', 'after', 'since'],
    bounds: undefined,
    defaults: {
      read: (text) => (text === 'now' ? text : undefined),
      ofSchema: '() => new Date()',
      ofService: 'NOW',
      inTests: String.raw`expect.stringMatching(/^\d{4}-\d\d-\d\dT/)`,
      about: 'The time of writing',
    },
    // A day is its beginning.
    readValue: (text) => (timeOf(text) ?? timeOf(`${text}T00:00:00Z`))?.toISOString(),
    writeValue: (value) => `new Date(${literal(value)})`,
    filter: 'indexed',
    imports: {
      'class-validator': 'IsDate IsOptional',
      [FIELDS]: 'UtcTime',
      '../../platform/database/defaults.js': 'NOW',
    },
    note: noteOf,
    schemaType: 'Date',
    rules: () => ['@UtcTime()'],
    queryRules: () => ['@IsOptional()', '@UtcTime()'],
    answerRule: () => '@IsDate()',
    example: (field) => `${2030 + depthOf(field)}-01-31T00:00:00.000Z`,
    samples: (field) =>
      later(field, {
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
      }),
  },
  day: {
    ...plain('string'),
    about: 'a day without a time: `2026-01-31`',
    flags: ['required', 'unique', 'index', 'server', 'default', 'existing', 'after', 'since'],
    bounds: undefined,
    readValue: (text) => (isDay(text) ? text : undefined),
    filter: 'indexed',
    imports: { 'class-validator': 'IsOptional', '../../platform/validation/day.js': 'CalendarDay' },
    schemaType: 'String',
    schemaOptions: () => ["format: 'day'"],
    note: noteOf,
    rules: () => ['@CalendarDay()'],
    queryRules: () => ['@IsOptional()', '@CalendarDay()'],
    answerRule: () => '@CalendarDay()',
    example: (field) => `${2030 + depthOf(field)}-01-31`,
    samples: (field) =>
      later(field, {
        value: 'new Date(Date.UTC(2031, 0, n)).toISOString().slice(0, 10)',
        accepts: ["'2028-02-29'", "'0001-01-01'"],
        refuses: ["'2030-02-31'", "'2030-1-31'", "'2030-01-31T00:00:00Z'", "''", '1', "['2030-01-31']"],
      }),
  },
  email: {
    ...plain('string'),
    about: 'an e-mail address, in small letters',
    flags: ['list', 'required', 'unique', 'index', 'encrypted', 'server', 'existing'],
    bounds: undefined,
    readValue: (text) => (isMailbox(mailboxOf(text)) ? mailboxOf(text) : undefined),
    filter: 'indexed',
    imports: { 'class-validator': 'IsOptional IsString', [FIELDS]: 'EmailAddress' },
    schemaType: 'String',
    maxUnits: () => MAX_MAILBOX,
    rules: (_field, _names, each) => [decorator('EmailAddress', each)],
    queryRules: () => ['@IsOptional()', '@EmailAddress()'],
    answerRule: (_field, _names, each) => decorator('IsString', each),
    example: () => 'ada@example.com',
    samples: () => ({
      value: '`person-${n}@example.com`',
      becomes: [["' Ada@Example.COM '", "'ada@example.com'"]],
      refuses: [
        "''",
        "'nobody'",
        "'a@b'",
        `\`\${'a'.repeat(${MAX_MAILBOX - 4})}@example.com\``,
        '1',
        "['ada@example.com']",
      ],
    }),
  },
  url: {
    ...plain('string'),
    about: 'an address of http or https, up to 2,048 characters',
    flags: ['list', 'required', 'unique', 'index', 'encrypted', 'server', 'existing'],
    bounds: undefined,
    readValue: (text) =>
      text.length <= MAX_WEB_URL && isURL(text, WEB_URL_FORM) && WEB_URL_CHARACTERS.test(text)
        ? text
        : undefined,
    filter: 'indexed',
    imports: { 'class-validator': 'IsOptional IsString', [FIELDS]: 'WebUrl' },
    schemaType: 'String',
    maxUnits: () => MAX_WEB_URL,
    rules: (_field, _names, each) => [decorator('WebUrl', each)],
    queryRules: () => ['@IsOptional()', '@WebUrl()'],
    answerRule: (_field, _names, each) => decorator('IsString', each),
    example: () => 'https://example.com/',
    samples: () => ({
      value: '`https://example.com/${n}`',
      accepts: ["'http://example.com/a?b=c#d'"],
      refuses: [
        "''",
        "'example.com'",
        "'javascript:alert(1)'",
        "'ftp://example.com/'",
        `\`https://example.com/\${'a'.repeat(${MAX_WEB_URL})}\``,
        '1',
        "['https://example.com/']",
      ],
    }),
  },
};

function depthOf({ later: rule }: Field): number {
  return rule?.depth ?? 0;
}

function noteOf({ later: rule }: Field): string {
  if (!rule) return '';
  return rule.strictly ? `Later than ${rule.than}.` : `Not earlier than ${rule.than}.`;
}

/** The samples of a field that is later than another: a century for each rule, and leap years stay such. */
function later(field: Field, samples: Samples): Samples {
  const depth = depthOf(field);
  if (depth === 0) return samples;
  const shifted = (source: string) =>
    source.replaceAll(/\b20(\d\d)\b/g, (_, years: string) => `2${depth}${years}`);
  const { value, accepts = [], becomes = [], refuses } = samples;
  return {
    value: shifted(value),
    accepts: accepts.filter((source) => /\b20\d\d\b/.test(source)).map(shifted),
    becomes: becomes.map(([sent, answered]) => [shifted(sent), shifted(answered)] as const),
    refuses,
  };
}
