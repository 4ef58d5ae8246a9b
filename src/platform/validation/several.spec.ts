import { describe, expect, it } from '@jest/globals';
import { QueryFlag, QueryNumber, Text } from './fields.js';
import { fieldWith } from './fixtures/dto-with.js';
import { AnyOf, AnyOfTexts } from './several.js';

describe('AnyOf', () => {
  const numbers = fieldWith(AnyOf(QueryNumber(0, 50)));

  it('takes values between commas, each once', () => {
    expect(numbers.accept('1')).toEqual([1]);
    expect(numbers.accept('3,1,3,2.5')).toEqual([3, 1, 2.5]);
    expect(fieldWith(AnyOf(QueryFlag())).accept('true,false')).toEqual([true, false]);
    expect(numbers.accept(Array.from({ length: 20 }, (_, n) => n).join())).toHaveLength(20);
  });

  it.each<unknown>(['', '1,', ',1', '1,,2', '1,x', '1,51', '1, 2', ['1', '2'], { 0: '1' }, 1, true, null])(
    'refuses %j',
    (sent) => {
      expect(numbers.refuse(sent)).toMatch(/^a must/);
    },
  );

  it('takes twenty values', () => {
    expect(numbers.refuse(Array.from({ length: 21 }, (_, n) => n).join())).toBe(
      'a must not have more than 20 values',
    );
  });
});

describe('AnyOfTexts', () => {
  const texts = fieldWith(AnyOfTexts(Text(1, 5)));

  it('takes a text with commas, and several when the parameter is given again', () => {
    expect([texts.accept('a,b'), texts.accept([' a', 'b', ' a']), texts.accept(['a'])]).toEqual([
      ['a,b'],
      ['a', 'b'],
      ['a'],
    ]);
  });

  it.each<unknown>(['', 'abcdef', ['a', ''], ['a', 1], [['a']], { $ne: 'a' }, null])('refuses %j', (sent) => {
    expect(texts.refuse(sent)).toMatch(/^a must/);
  });
});
