import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Types } from 'mongoose';
import { CalendarDay } from './day.js';
import { compareDecimals, ExactDecimal, decimalOf, decimalText } from './decimal.js';
import { fieldWith } from './fixtures/dto-with.js';
import { InMoney, type StoredMoney, moneyJson } from './money.js';
import { Country, PhoneNumber } from './place-fields.js';

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const decimals = fc
  .tuple(fc.boolean(), digits(17), fc.option(digits(17)))
  .map(([isNegative, whole, part]) => `${isNegative ? '-' : ''}${whole}${part === null ? '' : `.${part}`}`);

describe('a decimal', () => {
  const field = fieldWith(ExactDecimal());

  it('comes back as it was sent, but for zeros before it and the sign of zero', () => {
    fc.assert(
      fc.property(decimals, (sent) => {
        const plain = sent.replace(/^(-?)0+(?=\d)/, '$1');
        const expected = /[1-9]/.test(plain) ? plain : plain.replace('-', '');
        const stored = field.accept(sent) as Types.Decimal128;
        expect(stored).toBeInstanceOf(Types.Decimal128);
        expect(decimalText(stored)).toBe(expected);
      }),
    );
  });

  it.each([
    '0.0000001',
    '0.00',
    '12.30',
    `${'9'.repeat(34)}`,
    `0.${'0'.repeat(33)}1`,
    '-1000000000000000000000.0',
  ])('keeps all digits of %s', (sent) => {
    expect(decimalText(decimalOf(sent))).toBe(sent);
  });

  it('answers a number that was stored with an exponent without one', () => {
    for (const [stored, answered] of [
      ['1E+3', '1000'],
      ['-1.5E+3', '-1500'],
      ['1.5E-9', '0.0000000015'],
    ] as const) {
      expect(decimalText(Types.Decimal128.fromString(stored))).toBe(answered);
    }
  });

  it.each<unknown>([
    '',
    ' 1',
    '1 ',
    '+1',
    '.5',
    '1.',
    '1e3',
    '1,5',
    '0x1',
    'NaN',
    'Infinity',
    '-',
    '--1',
    '1\n',
    '9'.repeat(35),
    `0.${'1'.repeat(35)}`,
    `1.${'0'.repeat(34)}`,
    1,
    12.3,
    true,
    null,
    [],
    ['1'],
    { $numberDecimal: '1' },
  ])('refuses %j', (sent) => {
    expect(field.refuse(sent)).toEqual(expect.stringContaining('a must be a decimal number as a text'));
  });

  it('is compared by its exact value', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const scaled = (text: string) => {
          const [whole = '', part = ''] = text.split('.');
          return BigInt(whole + part.padEnd(17, '0'));
        };
        const difference = scaled(a) - scaled(b);
        expect(compareDecimals(a, b)).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      }),
    );
    const bounded = fieldWith(ExactDecimal(0, 10.5));
    expect(['0', '0.00', '10.5', '10.500'].every((sent) => bounded.accept(sent) !== undefined)).toBe(true);
    expect(['-0.01', `10.5${'0'.repeat(30)}1`].map((sent) => bounded.refuse(sent))).toEqual([
      expect.stringContaining('not less than 0, not more than 10.5'),
      expect.any(String),
    ]);
  });
});

describe('an amount of money', () => {
  const field = fieldWith(InMoney());

  it.each([
    ['12.30', 'EUR'],
    ['-0.5', 'USD'],
    ['100', 'JPY'],
    ['1.234', 'KWD'],
    ['0.0001', 'CLF'],
    ['9'.repeat(34), 'EUR'],
  ])('of %s %s comes back', (amount, currency) => {
    expect(moneyJson(field.accept({ amount, currency }) as StoredMoney)).toEqual({ amount, currency });
  });

  it.each<[unknown, string]>([
    [{ amount: '1.5', currency: 'JPY' }, 'a must have at most 0 decimals in JPY'],
    [{ amount: '1.234', currency: 'EUR' }, 'at most 2 decimals in EUR'],
    [{ amount: 1, currency: 'EUR' }, 'amount as a text'],
    [{ amount: '1e2', currency: 'EUR' }, 'amount as a text'],
    [{ currency: 'EUR' }, 'amount as a text'],
    [{ amount: '1' }, 'currency of ISO 4217'],
    [{ amount: '1', currency: 'eur' }, 'currency of ISO 4217'],
    [{ amount: '1', currency: 'XXX' }, 'currency of ISO 4217'],
    [{ amount: '1', currency: 'constructor' }, 'currency of ISO 4217'],
    [{ amount: '1', currency: 'EUR', cents: 1 }, 'nothing else'],
    ['12.30 EUR', 'such as {'],
    [12.3, 'such as {'],
    [[], 'such as {'],
    [null, 'in a currency'],
    [undefined, 'a is required'],
  ])('is not %j', (sent, message) => {
    expect(field.refuse(sent)).toEqual(expect.stringContaining(message));
  });
});

describe('a day', () => {
  const field = fieldWith(CalendarDay());

  it.each(['2026-01-31', '2028-02-29', '0001-01-01', '9999-12-31'])('is %s', (sent) => {
    expect(field.accept(sent)).toBe(sent);
  });

  it.each<unknown>([
    '2026-02-29',
    '2026-1-31',
    '2026-01-31T00:00:00Z',
    '31.01.2026',
    '',
    '2026-13-01',
    ' 2026-01-31',
    20260131,
    null,
    ['2026-01-31'],
  ])('is not %j', (sent) => {
    expect(field.refuse(sent)).toBe('a must be a day that exists, such as 2026-01-31');
  });
});

describe('a telephone number', () => {
  const field = fieldWith(PhoneNumber());

  it.each([
    ['+4930123456', '+4930123456'],
    [' +49 (30) 123.456', '+4930123456'],
    ['+1 415-555-2671', '+14155552671'],
  ])('is %s', (sent, kept) => {
    expect(field.accept(sent)).toBe(kept);
  });

  it.each<unknown>([
    '030123456',
    '0049 30 123456',
    '+49',
    '+99930123456',
    '+4930123456 ext. 5',
    `+4930123456${' '.repeat(40)}`,
    '',
    4930123456,
    null,
  ])('is not %j', (sent) => {
    expect(field.refuse(sent)).toContain('a must be a telephone number with the prefix of its country');
  });
});

describe('a country', () => {
  const field = fieldWith(Country());

  it.each(['DE', 'US', 'AX'])('is %s', (sent) => {
    expect(field.accept(sent)).toBe(sent);
  });

  it.each<unknown>(['de', 'ZZ', 'UK', 'DEU', '', ' DE', 49, null, ['DE']])('is not %j', (sent) => {
    expect(field.refuse(sent)).toContain('a must be the two letters of a country');
  });
});
