import type { Field } from '../specification/field.ts';
import { lengthsOf } from '../specification/lengths.ts';
import { capitalised, singularOf, wordsOf } from '../specification/words.ts';

/** A value as TypeScript writes it. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${key}: ${literal(each)}`)
      .join(', ')} }`;
  }
  if (typeof value !== 'string') return String(value);
  const inner = JSON.stringify(value).slice(1, -1);
  return `'${inner.replaceAll(String.raw`\"`, '"').replaceAll("'", String.raw`\'`)}'`;
}

/** A text of an allowed length that says what it is. */
function sized(field: Field, text: string): string {
  const { min, max } = lengthsOf(field);
  return text.slice(0, max).trim().padEnd(min, 'x');
}

function richExample(field: Field, html: string): string {
  return html.length <= lengthsOf(field).max ? html : 'x';
}

/** A number near 12 within the bounds. */
function within({ min = -Infinity, max = Infinity }: Field, wanted: number): number {
  return Math.min(Math.max(wanted, min), max);
}

/** The example of one value in Swagger UI; tests send it to the server. */
function exampleOfOne(field: Field): unknown {
  const words = wordsOf(field.name).join(' ');
  switch (field.type) {
    case 'string':
      return sized(field, field.list ? singularOf(wordsOf(field.name)).join(' ') : `${capitalised(words)} 1`);
    case 'text':
      return sized(field, `Some ${words}`);
    case 'rich':
      return richExample(field, `<p>Some <em>${words}</em></p>`);
    case 'number':
      return within(field, 12.5);
    case 'integer':
      return Math.trunc(within(field, 12));
    case 'boolean':
      return true;
    case 'date':
      return '2030-01-31T00:00:00.000Z';
    case 'email':
      return 'ada@example.com';
    case 'url':
      return 'https://example.com/';
    case 'enum':
      return field.choices[0];
    case 'object':
      return { colour: 'blue', tags: ['web'] };
    case 'ref':
      return '66f1a0c2e4b0a1b2c3d4e5f7';
  }
}

/** What is sent or answered as an example. */
export function exampleOf(field: Field): unknown {
  const example = field.default ?? exampleOfOne(field);
  return field.list ? [example] : example;
}

/** An example of a query that finds something. */
export function filterExampleOf(field: Field, isPart: boolean): unknown {
  const example = exampleOf({ ...field, list: false });
  return isPart ? [...String(example)].slice(0, 3).join('').toLowerCase() : example;
}
