import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { isEmail, IsOptional } from 'class-validator';
import { Compose, EmailAddress, IsCleanText, Name, Text, Trim, WebUrl } from './fields.js';
import { fieldWith } from './fixtures/dto-with.js';

const REFUSED = expect.any(String);
const NO_TEXTS = [undefined, null, 1, true, {}, [], ['text'], { $gt: '' }, { length: 3 }];

afterEach(() => {
  jest.restoreAllMocks();
});

describe('Text', () => {
  const text = fieldWith(Text(2, 5));

  it.each([
    ['ab', 'ab'],
    ['  ab\t\n', 'ab'],
    ['\u3000a b\ufeff', 'a b'],
    ['abcde', 'abcde'],
    ['😀😀😀😀😀', '😀😀😀😀😀'],
    ['🖥\ufe0f🖥\ufe0f🖥\ufe0f🖥\ufe0f🖥\ufe0f', '🖥\ufe0f🖥\ufe0f🖥\ufe0f🖥\ufe0f🖥\ufe0f'],
  ])('makes %j of %j', (sent, made) => {
    expect(text.accept(sent)).toBe(made);
  });

  it.each([
    'a',
    ' a ',
    '',
    '   ',
    'abcdef',
    '😀😀😀😀😀😀',
    'a\0b',
    '\ud800ab',
    'ab\udc00',
    '\ufe0f'.repeat(6),
  ])('refuses %j', (sent) => {
    expect(text.refuse(sent)).toEqual(REFUSED);
  });

  it.each(NO_TEXTS)('refuses %j, whatever else is wrong with it', (sent) => {
    expect(text.refuse(sent)).toBe(sent === undefined ? 'a is required' : 'a must be a string');
  });

  it('keeps the form that was sent', () => {
    expect(text.accept('e\u0301e')).toBe('e\u0301e');
  });

  it('looks no closer at a text that is far too long', () => {
    const match = jest.spyOn(String.prototype, 'match');
    expect(text.refuse('❤\ufe0f'.repeat(100_000))).toBe('a must not be longer than 15 UTF-16 units');
    expect(match).not.toHaveBeenCalled();
    expect(text.refuse('abcdef')).toBe('a must be shorter than or equal to 5 characters');
    expect(match).toHaveBeenCalled();
  });
});

describe('Name', () => {
  const name = fieldWith(Name(3));

  it.each([
    ['e\u0301', '\u00e9'],
    [' \u1112\u1161\u11ab ', '\u1112\u1161\u11ab'.normalize()],
    ['\u212b', '\u00c5'],
    ['\u2000a\u2001', 'a'],
  ])('composes %j to %j', (sent, made) => {
    expect(name.accept(sent)).toBe(made);
  });

  it('counts what was composed', () => {
    const greek = '\u1f82'.normalize('NFD');
    expect(greek).toHaveLength(4);
    expect(name.accept(greek.repeat(3))).toBe('\u1f82'.repeat(3));
    expect(name.refuse(greek.repeat(4))).toEqual(REFUSED);
    // One unit that becomes three.
    expect(name.accept('\ufb2c')).toHaveLength(3);
    expect(name.refuse('\ufb2c\ufb2c')).toEqual(REFUSED);
  });

  it('composes nothing that is too long to become a name', () => {
    const normalize = jest.spyOn(String.prototype, 'normalize');
    expect(name.refuse('\u0301\u0316'.repeat(250_000))).toEqual(REFUSED);
    expect(normalize).not.toHaveBeenCalled();
    expect(name.accept('a')).toBe('a');
    expect(normalize).toHaveBeenCalledTimes(1);
  });

  it.each([...NO_TEXTS, '', ' ', '\0', '\ud800'])('refuses %j', (sent) => {
    expect(name.refuse(sent)).toEqual(REFUSED);
  });
});

describe('EmailAddress', () => {
  const email = fieldWith(EmailAddress());
  /** An address of so many units in all. */
  const sized = (length: number) => {
    const labels = `${`${'d'.repeat(50)}.`.repeat(4)}com`;
    return `${'a'.repeat(length - labels.length - 1)}@${labels}`;
  };

  it.each([
    ['ada@example.com', 'ada@example.com'],
    [' Ada@Example.COM\n', 'ada@example.com'],
    ['a+b.c@sub.example.co.uk', 'a+b.c@sub.example.co.uk'],
    ['\u212aelvin@example.com', 'kelvin@example.com'],
    ['\u0130@example.com', 'i\u0307@example.com'],
    ['böhm@bücher.de', 'böhm@xn--bcher-kva.de'],
  ])('makes %j of %j', (sent, made) => {
    expect(email.accept(sent)).toBe(made);
  });

  it('takes 254 units and no more, counted in lower case', () => {
    expect(sized(254)).toHaveLength(254);
    expect(email.accept(sized(254))).toBe(sized(254));
    expect(email.refuse(sized(255))).toBe('a must not be longer than 254 UTF-16 units');
    expect(email.refuse(sized(254).replace('d', '\u0130'))).toBe(
      'a must not be longer than 254 UTF-16 units',
    );
  });

  it.each<unknown>([
    ...NO_TEXTS,
    '',
    '@',
    'a@b',
    'a@b.c',
    '@example.com',
    'a@',
    'a b@example.com',
    'a@@example.com',
    'a@1.2.3.4',
    'Ada <ada@example.com>',
    'a@example.com, b@example.com',
    'a@exa\0mple.com',
    '\ud800@example.com',
  ])('refuses %j', (sent) => {
    expect(email.refuse(sent)).toEqual(REFUSED);
  });

  it.each([
    '"a\r\nBcc: b@example.com"@example.com',
    '"a b"@example.com',
    '"\u0001"@example.com',
    'a\u200b@example.com',
    'a\u202eb@example.com',
    'a@exam\u00adple.com',
    'a\u2028b@example.com',
    'a\u3000b@example.com',
  ])('refuses line breaks and what nobody sees: %j', (sent) => {
    expect(isEmail(sent)).toBe(true);
    expect(email.refuse(sent)).toBe('a must be an email');
  });

  it.each([
    `"${'\\'.repeat(250)}`,
    `"${'\\a'.repeat(100)}@example.com`,
    `${'a.'.repeat(120)}@example.com`,
    `a@${'-a'.repeat(120)}`,
    `a@${'a.'.repeat(120)}`,
    '@'.repeat(254),
    '"@'.repeat(120),
  ])('refuses what is made to take long: %j', (sent) => {
    expect(email.refuse(sent)).toBe('a must be an email');
  });
});

describe('WebUrl', () => {
  const url = fieldWith(WebUrl());
  const sized = (length: number) => `https://example.com/${'a'.repeat(length - 20)}`;

  it.each([
    'https://example.com',
    'http://example.com:8080/a/b?c[]=d&e=%20#f',
    'HTTPS://Example.COM/Path',
    'http://127.0.0.1/',
    'http://[::1]/',
    'https://bücher.example/ä',
    'http://example.com/@a?u=http://b@c.example',
  ])('accepts %j as it is', (sent) => {
    expect(url.accept(` ${sent}\n`)).toBe(sent);
  });

  it('takes 2048 units and no more', () => {
    expect(url.accept(sized(2048))).toHaveLength(2048);
    expect(url.refuse(sized(2049))).toBe('a must not be longer than 2048 UTF-16 units');
  });

  it.each<unknown>([
    ...NO_TEXTS,
    '',
    'example.com',
    '//example.com',
    'https:example.com',
    'https:/example.com',
    'https:///example.com',
    'ftp://example.com',
    'javascript:alert(1)//http://example.com',
    'javascript://example.com/%0aalert(1)',
    'data:text/html,http://example.com',
    'http://ada@example.com',
    'http://example.com:443@evil.example',
    String.raw`http://example.com\@evil.example`,
    'http://example.com/"onclick=',
    'http://example.com/<script>',
    'http://example.com/a b',
    'http://example.com:99999',
    'http://example.com/\u202e',
    'http://exam\u00adple.com',
    'http://example.com/\0',
    'http://\ud800.example',
  ])('refuses %j', (sent) => {
    expect(url.refuse(sent)).toEqual(REFUSED);
  });

  it.each([`http://${'a.'.repeat(1000)}`, `http://${'@'.repeat(2000)}`, `http://[${':'.repeat(2000)}]`])(
    'refuses what is made to take long',
    (sent) => {
      expect(url.refuse(sent)).toBe('a must be an address such as https://example.com');
    },
  );
});

describe('IsCleanText', () => {
  const text = fieldWith(IsCleanText());

  it.each(['', ' ', '\u0001', '\n', '\u202e', '\uffff', '\ufffd', '😀', '\u{10ffff}'])(
    'accepts %j',
    (sent) => {
      expect(text.accept(sent)).toBe(sent);
    },
  );

  it.each(['\0', 'a\0', '\ud800', '\udc00', '\udc00\ud800', 'a\ud83d', ...NO_TEXTS.slice(1)])(
    'refuses %j',
    (sent) => {
      expect(text.refuse(sent)).toBe('a must not hold NUL characters or lone surrogates');
    },
  );
});

describe('Trim and Compose', () => {
  it.each(NO_TEXTS.slice(1))('leave %j for the rules', (sent) => {
    expect(fieldWith(Trim(), Compose(9), IsOptional()).accept(sent)).toEqual(sent);
  });
});
