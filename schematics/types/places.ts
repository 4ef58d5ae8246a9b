import { isCountry, isPhone, MAX_PHONE, phoneOf } from '../../src/platform/validation/phone-and-country.ts';
import type { FieldType } from './field.ts';
import { plain } from './plain.ts';
import { decorator } from './source.ts';

const COUNTRIES = ['DE', 'FR', 'JP', 'US', 'BR', 'KE', 'IN'];

/** Types whose values lead to people and places. */
export const PLACES: Readonly<Record<'phone' | 'country', FieldType>> = {
  phone: {
    ...plain('string'),
    about: 'a telephone number as E.164 writes it: `+4930123456`',
    flags: ['list', 'required', 'unique', 'index', 'encrypted', 'server', 'existing'],
    bounds: undefined,
    readValue: (text) => (isPhone(phoneOf(text)) ? phoneOf(text) : undefined),
    filter: 'indexed',
    imports: {
      'class-validator': 'IsOptional IsString',
      '../../platform/validation/place-fields.js': 'PhoneNumber',
    },
    schemaType: 'String',
    maxUnits: () => MAX_PHONE,
    rules: (_field, _names, each) => [decorator('PhoneNumber', each)],
    queryRules: () => ['@IsOptional()', '@PhoneNumber()'],
    answerRule: (_field, _names, each) => decorator('IsString', each),
    example: () => '+4930123456',
    samples: () => ({
      value: '`+1415555${2000 + n}`',
      becomes: [["'+49 (30) 123-456'", "'+4930123456'"]],
      refuses: [
        "''",
        "'030123456'",
        "'+12'",
        "'+49301234567890123'",
        "'+4930x'",
        '4930123456',
        "['+4930123456']",
      ],
    }),
  },
  country: {
    ...plain('string'),
    about: 'a country by its two letters in ISO 3166-1: `DE`',
    flags: ['list', 'required', 'index', 'stats', 'server', 'default', 'existing'],
    bounds: undefined,
    readValue: (text) => (isCountry(text) ? text : undefined),
    filter: 'indexed',
    imports: { 'class-validator': 'IsOptional', '../../platform/validation/place-fields.js': 'Country' },
    schemaType: 'String',
    maxUnits: () => 2,
    rules: (_field, _names, each) => [decorator('Country', each)],
    queryRules: () => ['@IsOptional()', '@Country()'],
    answerRule: (_field, _names, each) => decorator('Country', each),
    example: () => 'DE',
    samples: () => ({
      value: `${JSON.stringify(COUNTRIES).replaceAll('"', "'")}[n % ${COUNTRIES.length}]`,
      accepts: ["'GB'"],
      refuses: ["'ZZ'", "'de'", "'DEU'", "''", '1', "['DE']", "{ $ne: '' }"],
    }),
  },
};
