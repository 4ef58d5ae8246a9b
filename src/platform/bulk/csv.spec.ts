import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { armed, defused, lineOf } from './csv.js';

describe('a line of CSV', () => {
  it.each<[readonly unknown[], string]>([
    [['a', 1, true, null, undefined, ''], 'a,1,true,,,""'],
    [['a,b', 'a"b', 'a\nb', 'a\r\nb', ' a', 'a;b'], '"a,b","a""b","a\nb","a\r\nb"," a","a;b"'],
    [[['x', 'y'], { a: 'b' }], '"[""x"",""y""]","{""a"":""b""}"'],
    [[new Date(0), -1.5, '-1.50', '+491234'], '1970-01-01T00:00:00.000Z,-1.5,-1.50,+491234'],
  ])('of %j is %s', (values, line) => {
    expect(lineOf(values)).toBe(`${line}\r\n`);
  });

  it.each([
    '=1+1',
    '=cmd|" /C calc"!A0',
    '+1+1',
    '-1-1',
    '-',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\uff1d1+1',
    "'=1",
    "''@x",
  ])('defuses %j, so that a spreadsheet takes it for a text', (text) => {
    const [cell = ''] = [lineOf([text]).trimEnd().replace(/^"/, '')];
    expect(cell.startsWith("'")).toBe(true);
    expect(armed(defused(text))).toBe(text);
  });

  it.each(['a=1', "'quoted'", "it's", '1-1', '-12.30', '', "'"])('leaves %j as it is', (text) => {
    expect(defused(text)).toBe(text);
    expect(armed(text)).toBe(text);
  });

  it('gives every text back as it was', () => {
    const texts = fc.string({ unit: fc.constantFrom("'", '=', '-', '1', '"', ',', 'x', '\n', ' ') });
    fc.assert(fc.property(texts, (text) => armed(defused(text)) === text));
  });
});
