import type { Feature, Field } from './feature.js';
import { type Body, fieldsOf } from './feature-bodies.js';

export type Query = Readonly<Record<string, string>>;
/** A parameter of a list, and values of it that are asked for. */
export type Parameter = readonly [name: string, values: readonly string[]];

/** In place of the cursor that a list answers. */
export const CURSOR = '<of the first page>';

/** The parameters that every list takes, with a value. */
const PAGE: Query = { total: 'true', limit: '2', offset: '1', page: '2', cursor: CURSOR };
/** Ways to say where a page starts, of which one at most is asked for. */
const STARTS = ['offset', 'page', 'cursor'];

/** Whether several records may be found by one value of the field. */
export function findsSeveral({ filter, unique, server }: Field): boolean {
  return filter !== undefined && !unique && !server;
}

/** What two texts begin with. */
function beginningOf(one: string, other: string): string {
  const end = [...one].findIndex((_, index) => one[index] !== other[index]);
  return end < 0 ? one : one.slice(0, end);
}

/** The filters of a feature: with values of these records, what they begin with, and one that no record has. */
export function filtersOf(feature: Feature, records: readonly Body[]): Parameter[] {
  const trash: Parameter[] = feature.trash ? [['trash', ['true']]] : [];
  const filters = fieldsOf(feature).flatMap(([name, field]): Parameter[] => {
    if (!field.filter) return [];
    const none = field.ref === undefined ? field.value(99) : 'f'.repeat(24);
    const known = records.map((record) => record[name]).filter((value) => value !== null);
    const values = [...known, none].map((value) => String([value].flat()[0]));
    const [one = '', other = ''] = values;
    const parts = field.filter === 'contains' ? [beginningOf(one, other)].filter(Boolean) : [];
    return [[name, [...new Set([...values, ...parts])]]];
  });
  return [...filters, ...trash];
}

/** What a feature declares for its list beside filters, with values of these records. */
export function declaredQueries(feature: Feature, records: readonly Body[]): Query[] {
  const { lists = [], search = [] } = feature;
  const valueIn = (name: string) =>
    [records.map((record) => record[name]).find((value) => value !== null)].flat()[0];
  const sorted = lists.flatMap(({ equal = [], sort, everybody = false }) => {
    const values = equal.map((name) => [name, valueIn(name)] as const);
    if (values.some(([, value]) => value === undefined)) return [];
    const filter = Object.fromEntries(values.map(([name, value]) => [name, String(value)]));
    const bound = valueIn(sort);
    const isRanged = typeof bound === 'string' ? !/^[0-9a-f]{24}$/.test(bound) : typeof bound === 'number';
    const ranges = isRanged
      ? ['gt', 'gte', 'lt', 'lte'].map((each) => ({ [`${sort}[${each}]`]: String(bound) }))
      : [];
    const ways = [{ sort }, { sort: `-${sort}` }, ...ranges].map((way) => ({ ...filter, ...way }));
    return everybody ? [...ways, ...ways.map((way) => ({ ...way, owner: 'all' }))] : ways;
  });
  return [...sorted, ...(search.length > 0 ? [{ q: 'a' }] : [])].flatMap((query) => [
    query,
    ...(feature.trash ? [{ ...query, trash: 'true' }] : []),
    { ...query, total: 'true' },
    { ...query, cursor: CURSOR },
  ]);
}

/** Every way to put parameters together: each is left out, or has one of its values. */
function combined(parameters: readonly Parameter[]): Query[] {
  return parameters.reduce<Query[]>(
    (queries, [name, values]) =>
      queries.flatMap((query) => [query, ...values.map((value) => ({ ...query, [name]: value }))]),
    [{}],
  );
}

/** Ways to ask for a page, of the parameters that a list takes. */
function pagesOf(taken: readonly string[]): Query[] {
  const parameters = ['total', ...STARTS].filter((name) => taken.includes(name));
  const queries = combined(parameters.map((name) => [name, [PAGE[name] ?? '']]));
  const single = queries.filter((query) => STARTS.filter((name) => name in query).length <= 1);
  return taken.includes('limit') ? [...single, { limit: PAGE['limit'] ?? '' }] : single;
}

function pairsOf(filters: readonly Parameter[]): Query[] {
  return filters.flatMap(([name, [value = '']], index) =>
    filters.slice(index + 1).map(([other, [its = '']]) => ({ [name]: value, [other]: its })),
  );
}

/**
 * The ways in which a list is asked, for each owner: each filter with each of its values, alone, with each way to ask
 * for a page; each two filters, for the first page and what is behind it. More filters at once only narrow what two
 * have found, and to ask for every combination of ten would take an hour.
 */
export function queriesOf(
  filters: readonly Parameter[],
  owners: readonly string[],
  taken: readonly string[],
): Query[] {
  const alone = filters.flatMap(([name, values]) => values.map((value) => ({ [name]: value })));
  const pages = pagesOf(taken);
  const few = pages.filter((page) => Object.keys(page).every((name) => name === 'cursor'));
  const asked = [
    ...[{}, ...alone].flatMap((query) => pages.map((page) => ({ ...query, ...page }))),
    ...pairsOf(filters).flatMap((query) => few.map((page) => ({ ...query, ...page }))),
  ];
  return combined([['owner', owners]]).flatMap((owner) => asked.map((query) => ({ ...query, ...owner })));
}
