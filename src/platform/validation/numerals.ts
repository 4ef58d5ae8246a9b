/** The parts of a number as JSON and JavaScript write it: digits, decimals, exponent. */
const NUMERAL = /^-?(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/** From here on JavaScript writes integers with an exponent, too. */
const SCIENTIFIC = 1e21;

interface Numeral {
  /** Its digits without zeros at either end: none for zero. */
  readonly digits: string;
  /** The power of ten that the digits are multiplied by. */
  readonly power: number;
  readonly hasExponent: boolean;
}

function read(text: string): Numeral {
  const [, whole = '', decimals = '', exponent] = NUMERAL.exec(text) ?? [];
  const all = (whole + decimals).replace(/^0+/, '');
  const digits = all.slice(0, all.length - trailingZeros(all));
  const power = Number(exponent ?? 0) - decimals.length + all.length - digits.length;
  return { digits, power, hasExponent: exponent !== undefined };
}

/** A regular expression would take quadratic time on runs of zeros. */
function trailingZeros(digits: string): number {
  let count = 0;
  while (count < digits.length && digits.at(-1 - count) === '0') count++;
  return count;
}

/**
 * The fault of a number that JavaScript cannot represent; undefined if there is none. Decimals are rounded, as
 * everywhere, and so are numbers written with an exponent because of their size, such as 6.022e23; any other integer
 * may be a count or an id.
 */
export function numeralFault(text: string): string | undefined {
  const value = Math.abs(Number(text));
  if (value === Infinity) return 'must not be a number out of range';
  const { digits, power, hasExponent } = read(text);
  if (value === 0) return digits === '' ? undefined : 'must not be a number that is rounded to zero';
  if (power < 0 || value <= Number.MAX_SAFE_INTEGER) return undefined;
  const isScientific = hasExponent && (value >= SCIENTIFIC || digits === read(String(value)).digits);
  return isScientific ? undefined : `must not be an integer beyond ±${Number.MAX_SAFE_INTEGER}`;
}

/** 0 for −0, which is the same number; anything else as it is. */
export function withoutMinusZero(value: number): number {
  return value === 0 ? 0 : value;
}
