import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SEED, soaked } from '../../../test/support/soak.js';
import { UtcTime } from './fields.js';
import { fieldWith } from './fixtures/dto-with.js';

const time = fieldWith(UtcTime());
const madeOf = (text: unknown) => (time.accept(text) as Date | undefined)?.toISOString();

describe('UtcTime', () => {
  it.each([
    ['2030-01-31T00:00:00Z', '2030-01-31T00:00:00.000Z'],
    ['2030-01-31t23:59:59.9z', '2030-01-31T23:59:59.900Z'],
    // What Python, Go, Java and PostgreSQL write of the present.
    ['2026-11-28T14:03:09.123456+00:00', '2026-11-28T14:03:09.123Z'],
    ['2026-11-28T15:03:09.123456789+01:00', '2026-11-28T14:03:09.123Z'],
    ['2026-11-28T09:03:09.999999-05:00', '2026-11-28T14:03:09.999Z'],
    ['2030-01-31T00:00:00.0009Z', '2030-01-31T00:00:00.000Z'],
    [`2030-01-31T00:00:00.1${'9'.repeat(100_000)}Z`, '2030-01-31T00:00:00.199Z'],
    ['1969-12-31T23:59:59.9999Z', '1969-12-31T23:59:59.999Z'],
    ['2030-01-31T00:00:00-00:00', '2030-01-31T00:00:00.000Z'],
    ['2030-01-01T00:30:00+23:59', '2029-12-31T00:31:00.000Z'],
    ['2028-02-28T23:30:00-01:00', '2028-02-29T00:30:00.000Z'],
    ['2024-02-29T00:00:00+14:00', '2024-02-28T10:00:00.000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['0099-12-31T23:59:59+00:00', '0099-12-31T23:59:59.000Z'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59+00:01', '9999-12-31T23:58:59.000Z'],
  ])('makes of %.40s the instant %s', (sent, made) => {
    expect(madeOf(sent)).toBe(made);
  });

  it.each<unknown>([
    // No offset, or none that there is.
    '2030-01-31T00:00:00',
    '2030-01-31T00:00:00.000',
    '2030-01-31T00:00:00+24:00',
    '2030-01-31T00:00:00+01:60',
    '2030-01-31T00:00:00+99:99',
    '2030-01-31T00:00:00+1:00',
    '2030-01-31T00:00:00+0100',
    '2030-01-31T00:00:00+01',
    '2030-01-31T00:00:00Z+01:00',
    '2030-01-31T00:00:00 01:00',
    '2030-01-31T00:00:00\u221201:00',
    // No day, or no time of a day.
    '2030-02-30T00:00:00Z',
    '2030-02-29T00:00:00+01:00',
    '1900-02-29T00:00:00Z',
    '2030-04-31T00:00:00Z',
    '2030-00-10T00:00:00Z',
    '2030-13-01T00:00:00Z',
    '2030-01-00T00:00:00Z',
    '2030-01-32T00:00:00Z',
    '2030-01-31T24:00:00Z',
    '2030-01-31T24:30:00Z',
    '2030-01-31T00:60:00Z',
    '2030-01-31T00:00:61Z',
    // A leap second.
    '2016-12-31T23:59:60Z',
    '2017-01-01T00:59:60+01:00',
    // Another form.
    '2030-01-31',
    '2030-01-31T00:00Z',
    '2030-01-31 00:00:00Z',
    '2030-01-31_00:00:00Z',
    '2030-1-31T00:00:00Z',
    '20300131T000000Z',
    '2030-01-31T00:00:00.Z',
    '2030-01-31T00:00:00,5Z',
    ' 2030-01-31T00:00:00Z',
    '2030-01-31T00:00:00Z\n',
    '2030-W05-4T00:00:00Z',
    '２030-01-31T00:00:00Z',
    'Thu, 31 Jan 2030 00:00:00 GMT',
    'tomorrow',
    '',
    // Years that four digits do not write.
    '+002030-01-31T00:00:00Z',
    '-000001-01-31T00:00:00Z',
    '0000-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    // No text.
    1_900_000_000_000,
    null,
    true,
    [],
    {},
  ])('refuses %j', (sent) => {
    expect(time.refuse(sent)).toMatch(/^a must be a time that exists, with its offset/);
  });

  it('takes what it has made', () => {
    const made = new Date(0);
    expect(time.accept(made)).toBe(made);
  });

  it('names the instant that Date does, for every date, offset and number of decimals', () => {
    const dates = fc.date({
      min: new Date('0001-01-01T00:00:00.000Z'),
      max: new Date('9998-12-31T00:00:00.000Z'),
      noInvalidDate: true,
    });
    const digits = fc.stringMatching(/^\d{0,9}$/);
    const offset = fc.integer({ min: -1439, max: 1439 });
    fc.assert(
      fc.property(dates, offset, digits, fc.boolean(), (date, minutes, more, isLower) => {
        const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        const two = (number: number) => String(Math.trunc(number)).padStart(2, '0');
        const away = Math.abs(minutes);
        const text = `${local}${more}${minutes < 0 ? '-' : '+'}${two(away / 60)}:${two(away % 60)}`;
        expect(madeOf(isLower ? text.toLowerCase() : text)).toBe(date.toISOString());
      }),
      { numRuns: soaked(2_000), seed: SEED },
    );
  });
});
