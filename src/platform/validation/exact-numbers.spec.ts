import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SEED, soaked } from '../../../test/support/soak.js';
import { ApiError } from '../errors/errors.js';
import { withExactNumbers } from './exact-numbers.js';
import { numeralFault } from './numerals.js';

const read = (text: string) => withExactNumbers(JSON.parse(text), text);

/** Where a fault is, and what it is. */
function faultIn(text: string): unknown {
  try {
    read(text);
  } catch (error) {
    if (error instanceof ApiError) return error.details;
    throw error;
  }
  return undefined;
}

const BEYOND = 'must not be an integer beyond ±9007199254740991';
const OUT_OF_RANGE = 'must not be a number out of range';
const ZERO = 'must not be a number that is rounded to zero';

const REFUSED: [numeral: string, fault: string][] = [
  ['9007199254740992', BEYOND],
  ['9007199254740993', BEYOND],
  ['-9007199254740993', BEYOND],
  ['10000000000000000', BEYOND],
  ['123456789012345678901234567890', BEYOND],
  ['9007199254740993.0', BEYOND],
  ['9007199254740993.000e0', BEYOND],
  ['9.007199254740993e15', BEYOND],
  ['90071992547409930E-1', BEYOND],
  ['1e400', OUT_OF_RANGE],
  ['-1E+309', OUT_OF_RANGE],
  ['1.8e308', OUT_OF_RANGE],
  [`1${'0'.repeat(400)}`, OUT_OF_RANGE],
  [`0.1e${'9'.repeat(50)}`, OUT_OF_RANGE],
  ['1e-400', ZERO],
  ['-1e-324', ZERO],
  ['0.00001e-320', ZERO],
  [`0.${'0'.repeat(330)}1`, ZERO],
  [`12e-${'9'.repeat(50)}`, ZERO],
];

const TAKEN: [numeral: string, value: number][] = [
  ['9007199254740991', 2 ** 53 - 1],
  ['-9007199254740991', 1 - 2 ** 53],
  ['9007199254740991.0', 2 ** 53 - 1],
  ['900719925474099.1e1', 2 ** 53 - 1],
  ['9.9999999999999992e+22', 1e23],
  ['1.2345678901234567e25', 1.234_567_890_123_456_6e25],
  ['1e16', 1e16],
  ['1.0', 1],
  ['0.1', 0.1],
  ['0.12345678901234567890', 0.123_456_789_012_345_68],
  ['9007199254740992.5', 2 ** 53],
  ['1e300', 1e300],
  ['6.02214076e23', 6.022_140_76e23],
  ['1.7976931348623157e308', Number.MAX_VALUE],
  ['5e-324', Number.MIN_VALUE],
  ['1e-300', 1e-300],
  ['0e999', 0],
  [`0.${'0'.repeat(400)}`, 0],
  [`0e-${'9'.repeat(50)}`, 0],
  ['-0', 0],
  ['-0.0', 0],
  ['-0e5', 0],
  ['-0.00E-9', 0],
];

/** Texts with a number somewhere, and where that is. */
const PLACES: [path: string, text: (numeral: string) => string][] = [
  ['a', (numeral) => `{"a":${numeral}}`],
  ['a', (numeral) => ` { "x" : [ ] , "a" :\r\n\t ${numeral} \n}`],
  ['a', (numeral) => `\ufeff{"a":${numeral}}`],
  ['a.1', (numeral) => `{"a":[1,${numeral}]}`],
  ['a.0', (numeral) => `{"a":[ ${numeral} ,2]}`],
  ['metadata.b.0.c', (numeral) => `{"n":1,"metadata":{"b":[{"c":${numeral}}]}}`],
  ['b', (numeral) => `{"a":"9007199254740993, 1e400: -0","b":${numeral}}`],
];

describe.each(PLACES)('a number at %s', (path, text) => {
  const parse = (source: string): unknown => JSON.parse(source.replace(/^\ufeff/, ''));
  const at = (value: unknown) =>
    path.split('.').reduce((node, key) => (node as Record<string, unknown>)[key], value);

  it.each(REFUSED)('is refused when it is %.30s: %s', (numeral, fault) => {
    const source = text(numeral);
    expect(() => withExactNumbers(parse(source), source)).toThrow(
      expect.objectContaining({ details: [{ path, message: `${path} ${fault}` }] }),
    );
  });

  it.each(TAKEN)('is taken when it is %.30s, as %d', (numeral, value) => {
    const source = text(numeral);
    const body = withExactNumbers(parse(source), source);
    expect(at(body)).toBe(value);
  });
});

describe('a body', () => {
  it.each([
    '{"a":"9007199254740993"}',
    '{"a":"1e400"}',
    '{"a":",9007199254740993,"}',
    String.raw`{"a":"\":1e400,"}`,
    '{"9007199254740993":1}',
    '{"a:1e400":[]}',
    '{"id":"66f1a0c2e4b0a1b2c3d4e5f7","b":["-0",1e3]}',
  ])('may hold such digits in a text: %s', (text) => {
    expect(read(text)).toEqual(JSON.parse(text));
  });

  it('has the fault of a number that counts: of two with a name the last', () => {
    expect(faultIn('{"a":9007199254740993,"a":1}')).toBeUndefined();
    expect(faultIn('{"a":1,"a":1e400}')).toEqual([{ path: 'a', message: `a ${OUT_OF_RANGE}` }]);
  });

  it('that is nested as deep as a text allows is refused, and ends nothing', () => {
    const text = `${'['.repeat(500_000)}1e400${']'.repeat(500_000)}`;
    expect(faultIn(text)).toEqual([{ path: '', message: expect.stringContaining('nested too deeply') }]);
  });

  it.each(['[', ':', ', ', ',1', ',1.', ':-0', ',0.0', ' ', '1', ',123456789012345', ':-0.00'])(
    'of a million characters is looked through at once, where nothing but %j is in it',
    (part) => {
      expect(withExactNumbers('body', part.repeat(1_000_000 / part.length))).toBe('body');
    },
  );

  it('is what JSON.parse makes of it wherever its numbers come from JavaScript', () => {
    const property = fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const text = JSON.stringify({ value });
      const fault = faultIn(text);
      if (fault === undefined) expect(JSON.stringify(read(text))).toBe(text);
      else expect(text).toMatch(/\d{17}/);
    });
    fc.assert(property, { numRuns: soaked(2_000), seed: SEED });
  });

  it('loses no integer: what is taken is written again as it was', () => {
    const integers = fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n });
    fc.assert(
      fc.property(integers, (integer) => {
        const text = String(integer);
        const isHeld = BigInt(Number(text)) === integer && Number.isSafeInteger(Number(text));
        expect(numeralFault(text) === undefined).toBe(isHeld);
      }),
      { numRuns: soaked(5_000), seed: SEED },
    );
  });
});
