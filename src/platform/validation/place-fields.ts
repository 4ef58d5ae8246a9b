import { applyDecorators } from '@nestjs/common';
import { isCountry, isPhone, phoneOf } from './phone-and-country.js';
import { type Each, TextRule, TransformTexts } from './texts.js';

/** A telephone number, kept in the form of E.164: `+4930123456`. Numbers that no country has are refused. */
export function PhoneNumber(options: Each = {}): PropertyDecorator {
  const rule = 'must be a telephone number with the prefix of its country, such as +4930123456';
  return applyDecorators(
    TransformTexts(phoneOf, { ...options, note: 'Kept without spaces and other characters between digits.' }),
    TextRule('isPhoneNumber', isPhone, rule, options),
  );
}

/** A country by its two letters in ISO 3166-1: `DE`. */
export function Country(options: Each = {}): PropertyDecorator {
  const rule = 'must be the two letters of a country in ISO 3166-1, such as DE';
  return TextRule('isCountry', isCountry, rule, options);
}
