import { applyDecorators } from '@nestjs/common';
import { ValidateBy } from 'class-validator';
import { Types } from 'mongoose';
import { TransformTexts } from './texts.js';

/** Digits that MongoDB's decimals hold. */
const DIGITS = 34;
const FORM = /^(-?)0*(\d+)(?:\.(\d+))?$/;

/** The number in units of its last decimal, and the number of decimals: `12.30` is 1230 and 2. */
function partsOf(text: string): { units: bigint; decimals: number } {
  const [, sign = '', whole = '', decimals = ''] = FORM.exec(text) ?? [];
  return { units: BigInt(sign + whole + decimals), decimals: decimals.length };
}

/** Less than 0, 0 or more, as the first decimal is less than, equal to or more than the second. */
export function compareDecimals(a: string, b: string): number {
  const [one, other] = [partsOf(a), partsOf(b)];
  const scale = Math.max(one.decimals, other.decimals);
  const [left, right] = [one, other].map(({ units, decimals }) => units * 10n ** BigInt(scale - decimals));
  return left === right ? 0 : (left ?? 0n) < (right ?? 0n) ? -1 : 1;
}

/** The exact number in a text; undefined if it is not a number or has too many digits. */
export function decimalOf(text: string): Types.Decimal128 | undefined {
  const [, sign = '', whole, decimals] = text.length <= 2 * DIGITS ? (FORM.exec(text) ?? []) : [];
  if (whole === undefined) return undefined;
  const digits = (whole + (decimals ?? '')).replace(/^0+/, '');
  if (digits.length > DIGITS || (decimals ?? '').length > DIGITS) return undefined;
  const written = decimals === undefined ? whole : `${whole}.${decimals}`;
  return Types.Decimal128.fromString(digits === '' ? written : sign + written);
}

/** A decimal as it is written in JSON: with all digits and without an exponent. */
export function decimalText(decimal: Types.Decimal128): string;
export function decimalText(decimal: Types.Decimal128 | null | undefined): string | undefined;
export function decimalText(decimal: Types.Decimal128 | null | undefined): string | undefined {
  if (!decimal) return undefined;
  const [written = '', exponent] = decimal.toString().split('E');
  if (exponent === undefined) return written;
  const [, sign = '', whole = '', decimals = ''] = FORM.exec(written) ?? [];
  const digits = whole + decimals;
  const point = whole.length + Number(exponent);
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  const padded = digits.padStart(digits.length - Math.min(point - 1, 0), '0');
  const end = padded.length - digits.length + point;
  return `${sign}${padded.slice(0, end)}.${padded.slice(end)}`;
}

/**
 * An exact decimal number as a string: `"12.30"`. JSON numbers are refused, since most programs read them inexactly.
 * Bounds are compared exactly, too.
 */
export function ExactDecimal(min?: number, max?: number): PropertyDecorator {
  const isWithin = (value: unknown): boolean => {
    if (!(value instanceof Types.Decimal128)) return false;
    const text = decimalText(value);
    return (
      (min === undefined || compareDecimals(text, String(min)) >= 0) &&
      (max === undefined || compareDecimals(text, String(max)) <= 0)
    );
  };
  const bounds = [min !== undefined && `not less than ${min}`, max !== undefined && `not more than ${max}`];
  const limits = bounds.filter(Boolean).map((bound) => `, ${bound}`);
  return applyDecorators(
    TransformTexts((text) => decimalOf(text) ?? text),
    ValidateBy({
      name: 'isDecimal128',
      validator: {
        validate: isWithin,
        defaultMessage: () =>
          `$property must be a decimal number as a text, such as "12.30", of at most ${DIGITS} digits${limits.join('')}`,
      },
    }),
  );
}
