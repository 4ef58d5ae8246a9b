import { isISO31661Alpha2, isPhoneNumber } from 'class-validator';

/** Digits of the longest number and its plus sign. */
export const MAX_PHONE = 16;

const PHONE = /^\+[1-9]\d{3,14}$/;
/** What people write between the digits. A longer text is left for the rule to refuse. */
const SEPARATORS = /[\s()./-]/g;
const MAX_WRITTEN = 40;

/** A telephone number with the prefix of its country, as E.164 writes it: `+4930123456`. */
export function phoneOf(text: string): string {
  return text.length <= MAX_WRITTEN ? text.replaceAll(SEPARATORS, '') : text;
}

export function isPhone(text: string): boolean {
  return PHONE.test(text) && isPhoneNumber(text);
}

const COUNTRY = /^[A-Z]{2}$/;

export function isCountry(text: string): boolean {
  return COUNTRY.test(text) && isISO31661Alpha2(text);
}
