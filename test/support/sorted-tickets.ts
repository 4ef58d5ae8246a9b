import * as fc from 'fast-check';
import { soaked } from './soak.js';
import { STATES } from './trial-ticket.js';

export type Ticket = Readonly<Record<string, unknown>> & { readonly id: string };
export type Query = Readonly<Record<string, string>>;

export const COUNT = soaked(400, 60);
const SHARED = 'x'.repeat(70);

/** Few values, so that many records have the same, and some none. */
export const tickets = fc.record({
  title: fc.constantFrom(
    null,
    'b',
    'B',
    'a',
    'ä',
    'Z',
    'straße',
    'STRASSE',
    '😀',
    `${SHARED}a`,
    `${SHARED}b`,
  ),
  body: fc.option(fc.constantFrom('', 'One', 'two', 'Two words', `${SHARED.toUpperCase()} end`)),
  count: fc.option(fc.constantFrom(-1.5, 0, 2, 10, 2 ** 53 - 1)),
  dueAt: fc.option(
    fc.constantFrom('1969-01-01T00:00:00.000Z', '2030-01-31T00:00:00.000Z', '2030-01-31T00:00:00.001Z'),
  ),
  urgent: fc.option(fc.boolean()),
  price: fc.option(fc.constantFrom('-1', '9.50', '9.5', '10.00', '0.0000001', '9'.repeat(34))),
  startsOn: fc.option(fc.constantFrom('0001-01-01', '2026-01-31', '2026-02-01')),
  state: fc.constantFrom(...STATES),
  priority: fc.option(fc.constantFrom(1, 2)),
  number: fc.constantFrom('A-1', 'A,2', 'B'),
});

/** What the values of a field are compared by. */
const COMPARED: Readonly<Record<string, (value: never) => string | number | bigint>> = {
  title: keyOf,
  body: keyOf,
  price: (text: string) => BigInt(Math.round(Number(text) * 1e7)),
  urgent: Number,
};

export function keyOf(text: string): string {
  return [...text.toUpperCase().toLowerCase()].slice(0, 64).join('');
}

/** What a list in the order of a field is, computed from its records. */
export function sortedBy(field: string, direction: 1 | -1, all: readonly Ticket[]): Ticket[] {
  const key = (ticket: Ticket) => (COMPARED[field] ?? ((value: never) => value))(ticket[field] as never);
  const order = (a: string | number | bigint, b: string | number | bigint) => {
    if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const byId = (a: Ticket, b: Ticket) => direction * order(a.id, b.id);
  const valued = all.filter((each) => each[field] !== null);
  return [
    ...valued.toSorted((a, b) => direction * order(key(a), key(b)) || byId(a, b)),
    ...all.filter((each) => each[field] === null).toSorted(byId),
  ];
}

const NUMBERS = (count: number) => Array.from({ length: count }, (_, n) => n).join();

/** Queries that no list serves, with the parameter that is blamed and why. */
export const REFUSED: readonly [string, string, RegExp][] = [
  ['sort=dueAt', 'sort', /^the order of dueAt takes state and priority; here it has no filter$/],
  ['sort=dueAt&state=open', 'sort', /^the order of dueAt takes state and priority; here it has state$/],
  [
    'sort=title&state=open',
    'state',
    /^state cannot be used together with the order of title, which takes no filter$/,
  ],
  ['sort=title&title=a', 'title', /^title .* the order of title, which takes no filter$/],
  ['sort=state', 'sort', /must be one of/],
  ['sort=title,count', 'sort', /must be one of/],
  ['sort=title&sort=count', 'sort', /must be one of/],
  ['sort=--title', 'sort', /must be one of/],
  ['sort=', 'sort', /must be one of/],
  ['count[gte]=1&sort=title', 'count[gte]', /ranges apply only to the field that sorts/],
  ['count[gte]=1&startsOn[lt]=2026-01-01', 'startsOn[lt]', /cannot be used together with count\[gte\]/],
  ['count[gte]=1&count[gte]=2', 'count[gte]', /must be/],
  ['count[gte]=x', 'count[gte]', /must be a number/],
  ['count[ne]=1', 'count[ne]', /not a known field/],
  ['dueAt[gte]=2030-01-31T00:00:00Z', 'dueAt[gte]', /^dueAt\[gte\] takes state and priority; here/],
  ['dueAt[gte]=tomorrow&state=open&priority=1', 'dueAt[gte]', /must be a time/],
  ['price[gte]=1e3', 'price[gte]', /decimal number/],
  ['startsOn[gte]=2026-02-30', 'startsOn[gte]', /day that exists/],
  ['urgent[gte]=true', 'urgent[gte]', /not a known field/],
  ['state=open,', 'state', /must be one of/],
  ['state=open&state=pending', 'state', /must be given once, with commas/],
  [`priority=${NUMBERS(21)}`, 'priority', /more than 20 values/],
  [
    `sort=dueAt&state=${STATES.join()}&priority=${NUMBERS(20)}&number=B`,
    'number',
    /^number cannot .* takes state and priority$/,
  ],
  ['title=a&title=b', 'title', /must be/],
  ['q=a&sort=title', 'q', /cannot be used together with sort/],
  ['q=a&count[gte]=1', 'q', /cannot be used together with count/],
  ['q=-', 'q', /must contain a word/],
  ['q=a b c d e f g h i j k', 'q', /more than 10 words/],
];

/** Ranges of a field, and what is in them. */
export const RANGES: readonly [string, Query, (value: never) => boolean][] = [
  ['count', { 'count[gte]': '0', 'count[lt]': '10' }, (value: number) => value >= 0 && value < 10],
  ['count', { 'count[gt]': '-1.5', sort: '-count' }, (value: number) => value > -1.5],
  [
    'price',
    { 'price[gte]': '9.5', 'price[lte]': '10' },
    (value: string) => Number(value) >= 9.5 && Number(value) <= 10,
  ],
  ['startsOn', { 'startsOn[gt]': '2026-01-31' }, (value: string) => value > '2026-01-31'],
  [
    'title',
    { 'title[gte]': 'B', 'title[lt]': 'T' },
    (value: string) => keyOf(value) >= 'b' && keyOf(value) < 't',
  ],
  ['count', { 'count[gt]': '5', 'count[lt]': '5' }, () => false],
  ['count', { 'count[gte]': '10', 'count[lt]': '0' }, () => false],
];
