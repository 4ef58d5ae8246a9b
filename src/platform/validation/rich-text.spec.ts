import { describe, expect, it } from '@jest/globals';
import { OmitType, PartialType, PickType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsArray, IsOptional, ValidateIf, ValidateNested } from 'class-validator';
import * as fc from 'fast-check';
import { SEED, soaked } from '../../../test/support/soak.js';
import { validatorOf } from './compile.js';
import { Text } from './fields.js';
import { check, dtoWith, fieldWith } from './fixtures/dto-with.js';
import { schemaOf } from './json-schema.js';
import { RichText, sanitised } from './rich-text.js';
import type { Constructor } from './rules.js';

describe('rich text', () => {
  it.each([
    ['paragraphs', '<p>a</p><div>b<br />c</div><hr />'],
    ['headings', '<h1>a</h1><h6>b</h6>'],
    ['lists', '<ul><li>a</li></ul><ol><li>b</li></ol>'],
    ['emphasis', '<b>a</b><strong>b</strong><i>c</i><em>d</em><u>e</u><s>f</s><sub>g</sub><sup>h</sup>'],
    ['code and quotations', '<pre><code>a\n  b</code></pre><blockquote>c</blockquote>'],
    ['characters', 'é 🖥\ufe0f "a" \'b\' \u00a0 &amp; &lt; &gt;'],
  ])('keeps %s', (_, html) => {
    expect(sanitised(html)).toBe(html);
  });

  it.each([
    ['a < b', 'a &lt; b'],
    ['a > b && c', 'a &gt; b &amp;&amp; c'],
    ['&lt;script&gt; &#60; &#x3c; &eacute;', '&lt;script&gt; &lt; &lt; é'],
    ['&amp;lt;b&amp;gt;', '&amp;lt;b&amp;gt;'],
    ['1 &unknown; 2', '1 &amp;unknown; 2'],
  ])('displays %s as what it says', (html, expected) => {
    expect(sanitised(html)).toBe(expected);
  });

  it.each([
    ['<p class="a" id="b" style="color:red" title="c" onclick="d()" data-x="e">a</p>', '<p>a</p>'],
    ['<b is="x-y" slot="a" contenteditable>a</b>', '<b>a</b>'],
    ['<span>a</span> <table><tr><td>b</td></tr></table> <img src="c" alt="d">', 'a b'],
    ['a<script>b</script><style>c</style><svg>d</svg><title>e</title><!-- f -->', 'a'],
    ['<p>a<b>b', '<p>a<b>b</b></p>'],
    ['  <b> a </b>  <script></script> ', '<b> a </b>'],
  ])('makes of %s only what is harmless', (html, expected) => {
    expect(sanitised(html)).toBe(expected);
  });

  it.each([
    ['https://example.com/a?b=c&amp;d=%20#e', 'https://example.com/a?b=c&amp;d=%20#e'],
    [' HTTP://Example.com ', 'http://example.com/'],
    ['mailto:ada@example.com', 'mailto:ada@example.com'],
    ['https:/\\example.com\t/a', 'https://example.com/a'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
  ])('keeps a link to %s, as browsers read it', (href, read) => {
    const html = `<a href="${href}" target="_blank" rel="opener">a</a>`;
    expect(sanitised(html)).toBe(`<a href="${read}" rel="noopener noreferrer nofollow">a</a>`);
  });

  it.each([
    ...'javascript:a JaVaScRiPt:a &#1;javascript:a java&#10;script:a vbscript:a data:text/html,a'.split(' '),
    ...'blob:https://a/b file:///a ftp://a tel:1 view-source:https://a x:a https:// http://['.split(' '),
    ...String.raw`//a /\a \\a /a a ?a #a &sol;&sol;a`.split(' '),
    ' java\tscript:a',
    'https://a b/',
    '',
  ])('removes a link to %s', (href) => {
    expect(sanitised(`<a href="${href}" rel="opener">a</a>`)).toBe('<a>a</a>');
  });

  it('nests tags no deeper than twenty', () => {
    expect(sanitised('<b>'.repeat(1000))).toBe('<b>'.repeat(20) + '</b>'.repeat(20));
  });

  it('is the same when it is sanitised again', () => {
    const tags =
      'p div br hr h1 h2 ul li ol a b i code pre blockquote span table td noscript svg math title'.split(' ');
    const texts =
      '< > " \' & / = a <x <?a <!a <!-- --> <![CDATA[ <script> </script> &lt; &#60 &amp; &nbsp; \u00a0 😀';
    const parts = [
      ...tags.flatMap((tag) => [`<${tag}>`, `</${tag}>`, `<${tag}/>`]),
      ...texts.split(' '),
      '<a href="',
      'https://a.b/',
      'javascript:',
      ' ',
      '\n',
    ];
    const htmls = fc.array(fc.constantFrom(...parts), { maxLength: 30 }).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(htmls, fc.string({ unit: 'grapheme' })), (html) => {
        const once = sanitised(html);
        expect(sanitised(once)).toBe(once);
      }),
      { numRuns: soaked(20_000), seed: SEED },
    );
  });
});

class Part {
  @RichText(30)
  text!: string;
}

class Whole {
  @Text(0, 30)
  title!: string;

  @IsOptional()
  @RichText(30)
  text?: string | null;

  @IsOptional()
  @ValidateNested()
  @Type(() => Part)
  part?: Part;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Part)
  parts?: Part[];

  @ValidateIf(() => false)
  @ValidateNested()
  @Type(() => Part)
  unchecked?: unknown;
}

class Extended extends Whole {}
class Changed extends PartialType(Extended, { skipNullProperties: false }) {}
class Picked extends PickType(Whole, ['text'] as const) {}
class Omitted extends OmitType(Changed, ['parts'] as const) {}

const HOSTILE = '<b onclick=a>a</b>';

describe('a field of rich text', () => {
  it('is sanitised, wherever it stands; what is not declared rich stays as it is', () => {
    expect(
      check(Whole, { title: HOSTILE, text: HOSTILE, part: { text: HOSTILE }, parts: [{ text: HOSTILE }] }),
    ).toEqual({
      title: HOSTILE,
      text: '<b>a</b>',
      part: { text: '<b>a</b>' },
      parts: [{ text: '<b>a</b>' }],
    });
  });

  it.each<[string, Constructor<{ text?: unknown }>, object]>([
    ['a class that extends its own', Extended, { title: '' }],
    ['PartialType', Changed, {}],
    ['PickType', Picked, {}],
    ['OmitType of PartialType', Omitted, {}],
  ])('is sanitised in %s', (_, type, others) => {
    const validate = validatorOf(type);
    expect(validate({ ...others, text: ` ${HOSTILE} ` }).value?.text).toBe('<b>a</b>');
    expect(validate({ ...others, text: null }).value).toMatchObject({ text: null });
    expect(validate({ ...others, text: 1 }).faults).toEqual([
      { path: 'text', message: 'text must be a string' },
    ]);
  });

  it('is sanitised only once everything has passed', () => {
    const seen: unknown[] = [];
    class Watched extends Whole {
      @ValidateIf((dto: Whole) => seen.push(dto.text) > 0)
      @Text(0, 3)
      last!: string;
    }
    expect(check(Watched, { title: '', text: HOSTILE, last: 'long' })).toEqual([
      'last: last must be shorter than or equal to 3 characters',
    ]);
    expect(check(Watched, { title: '', text: HOSTILE, last: 'ok' })).toMatchObject({ text: '<b>a</b>' });
    expect(seen.slice(-2)).toEqual([HOSTILE, HOSTILE]);
  });

  it('is a trimmed text of bounded length without characters that cannot be stored', () => {
    const field = fieldWith(RichText(10));
    expect(field.accept(' a '.padEnd(50))).toBe('a');
    expect(field.accept('<b>aaa</b>')).toBe('<b>aaa</b>');
    expect(field.refuse('<b>aaaa</b>')).toBe('a must be shorter than or equal to 10 characters');
    expect(field.refuse('a\0')).toBe('a must not hold NUL characters or lone surrogates');
    expect(field.refuse('\ud800')).toBe('a must not hold NUL characters or lone surrogates');
    expect(field.accept('&#0;&#xd800;')).toBeUndefined();
  });

  it('is refused by name when escaping makes it too long, so that what is answered can be sent again', () => {
    const field = fieldWith(RichText(10));
    expect(field.accept('&&')).toBe('&amp;&amp;');
    expect(field.accept('&amp;&amp;')).toBe('&amp;&amp;');
    expect(field.refuse('&&&')).toBe(
      'a must be shorter than or equal to 10 characters, once it is sanitised',
    );
    expect(check(Whole, { title: '', parts: [{ text: 'a' }, { text: '&'.repeat(15) }] })).toEqual([
      'parts.1.text: text must be shorter than or equal to 30 characters, once it is sanitised',
    ]);
  });

  it('is left alone in what no rule looks at', () => {
    for (const unchecked of [{ text: 1 }, [null, 'a'], 'a', null]) {
      expect(check(Whole, { title: '', unchecked })).toEqual({ title: '', unchecked });
    }
  });

  it('is HTML in the OpenAPI document', () => {
    expect(schemaOf(dtoWith(RichText(10))).properties).toEqual({
      a: { type: 'string', minLength: 0, maxLength: 10, format: 'html' },
    });
  });

  it('cannot be longer than what is read in a moment', () => {
    expect(() => RichText(20_001)).toThrow('@RichText(20001) is more than 20000 characters');
  });

  it.each([
    ...'< <p> <b> <x> & </p> <ul><li> <p><span> <iframe> <!-- <svg><foreignObject> <form> <![CDATA[ 😀'.split(
      ' ',
    ),
    '<a href=http://a>x',
    '<noscript></div>',
    '<p a=',
    'a ',
  ])(
    'holds the event loop for no longer than 100 ms with 64 KiB, and with all that it may be, of %s',
    (part) => {
      const { accept } = fieldWith(RichText(20_000));
      for (const units of [65_536, 40_000, 20_000]) {
        const half = part.repeat(units / 2 / part.length);
        for (const html of [half + half, half + '</y>'.repeat(units / 8), half + '</p>'.repeat(units / 8)]) {
          const before = process.threadCpuUsage();
          accept(html);
          const { user, system } = process.threadCpuUsage(before);
          expect((user + system) / 1000).toBeLessThan(100);
        }
      }
    },
  );
});
