import type { Types } from 'mongoose';
import { type Detail, invalid } from '../errors/errors.js';
import type { PageQuery } from '../validation/page-query.js';
import {
  behind,
  type Filter,
  type OrderedRange,
  rangeIn,
  rangeOfOneValue,
  type SortOrder,
  valuesOf,
} from './filter.js';
import type { Position } from './cursor.js';
import type { Find } from './find.js';
import { lookUpOf, MAX_TERMS, sortKeyOf, termsOf } from '../validation/folded.js';
import { HiddenKeys } from '../validation/hidden-keys.js';
import type { DeclaredList, Lists, SortField } from './lists.js';

/** The bounds of a range in parameters: `dueAt[gte]`. */
export const BOUNDS = ['gt', 'gte', 'lt', 'lte'] as const;

/** MongoDB merges up to this many ranges of an index; with more it would sort the results. */
const MAX_COMBINATIONS = 200;

/** One of the queries that together read a list, in order. */
export type Part = Pick<Find, 'filter' | 'sort' | 'hint'>;

/** How a list is read. */
export interface ListOrder {
  /** Matches all its records. */
  readonly filter: Filter;
  /** The index to use; MongoDB chooses one by default. */
  readonly hint?: Find['hint'];
  /** Distinguishes it from other lists with the same filter, for cursors. */
  readonly name: string;
  /** What to read, after a position or from the beginning. */
  parts(position?: Position): readonly Part[];
  positionOf(record: object): Position;
}

function hinted(ranges: readonly OrderedRange[], hint: Find['hint']): readonly Part[] {
  return hint ? ranges.map((each) => ({ ...each, hint })) : ranges;
}

/** Newest first. A single record needs no sort, which MongoDB would perform in memory. */
export function newestFirst(filter: Filter, isSingle: boolean, hint?: Find['hint']): ListOrder {
  const order: SortOrder = { field: 'createdAt', direction: -1 };
  return {
    filter,
    name: '',
    ...(hint && { hint }),
    parts: (position) =>
      isSingle
        ? [{ filter }]
        : hinted(position ? behind(position, filter, order) : [rangeIn(filter, order)], hint),
    positionOf: (record) => {
      const { createdAt, _id } = record as { createdAt: Date; _id: Types.ObjectId };
      return { key: createdAt, _id };
    },
  };
}

/** By a field: records with a value first, then those without, in either direction. */
function sorted(
  filter: Filter,
  range: Filter | undefined,
  { key }: SortField,
  direction: 1 | -1,
  index: Find['hint'],
): ListOrder {
  const order: SortOrder = { field: key, direction };
  const valued = { ...filter, [key]: range ?? { $ne: null } };
  const empty = { ...filter, [key]: null };
  return {
    filter: range ? valued : filter,
    ...(index && { hint: index }),
    name: `${direction === 1 ? '' : '-'}${key}`,
    parts: (position) => {
      const isEmpty = position !== undefined && position.key === null;
      const further = { _id: { [direction === 1 ? '$gt' : '$lt']: position?._id } };
      const all = [
        ...(isEmpty ? [] : position ? behind(position, valued, order) : [rangeIn(valued, order)]),
        ...(range ? [] : [rangeOfOneValue(isEmpty ? { ...empty, ...further } : empty, order)]),
      ];
      return hinted(all, index);
    },
    positionOf: (record) => {
      const { [key]: value = null, _id } = record as Record<string, unknown> & { _id: Types.ObjectId };
      return { key: value as Position['key'], _id };
    },
  };
}

/** The parts of a query that select a list. */
interface Asked {
  readonly sort: string | undefined;
  readonly direction: 1 | -1;
  readonly ranges: readonly {
    readonly parameter: string;
    readonly field: string;
    readonly bound: string;
    readonly value: unknown;
  }[];
  readonly words: string | undefined;
}

function askedBy(query: PageQuery, lists: Lists): Asked {
  const parameters = query as PageQuery & Readonly<Record<string, unknown>>;
  const { sort, q } = parameters as { sort?: string; q?: string };
  const ranges = lists.sorts.flatMap(({ name: field }) =>
    BOUNDS.map((bound) => ({
      parameter: `${field}[${bound}]`,
      field,
      bound,
      value: parameters[`${field}[${bound}]`],
    })),
  );
  return {
    sort: sort?.replace('-', ''),
    direction: sort?.startsWith('-') ? -1 : 1,
    ranges: ranges.filter(({ value }) => value !== undefined && value !== null),
    words: q,
  };
}

function refuse(path: string, message: string): never {
  throw invalid([{ path, message } satisfies Detail]);
}

/** The order that a query asks for in addition to its filter; undefined for a plain list. */
export function declaredOrder(
  query: PageQuery,
  filter: Filter,
  lists: Lists,
  owner: string | undefined,
): ListOrder | undefined {
  const { sort, direction, ranges, words } = askedBy(query, lists);
  const ofAll = owner !== undefined && !(owner in filter);
  const [first] = ranges;
  if (words !== undefined) {
    if (sort !== undefined)
      refuse('q', 'q cannot be used together with sort: search results are newest first');
    if (first) refuse('q', `q cannot be used together with ${first.parameter}`);
    if (ofAll) refuse('q', `q searches the records of one owner: name one with owner, or leave owner out`);
    return having(words, filter, lists);
  }
  const field = sort ?? first?.field;
  if (field === undefined) return undefined;
  const other = ranges.find((range) => range.field !== field);
  if (other)
    refuse(
      other.parameter,
      `${other.parameter} cannot be used together with ${sort === undefined ? first?.parameter : 'this sort'}: ranges apply only to the field that sorts the list`,
    );
  const list = servedBy(
    sort === undefined ? (first?.parameter ?? field) : 'sort',
    field,
    filter,
    lists,
    owner,
    ofAll,
  );
  const combinations = list.equal.reduce((count, name) => count * valuesOf(filter, name), 1);
  if (combinations > MAX_COMBINATIONS) {
    refuse(
      list.equal.at(-1) ?? field,
      `${list.equal.join(' and ')} have ${combinations} combinations of values here; at most ${MAX_COMBINATIONS} can be sorted`,
    );
  }
  const { kind } = list.sort;
  const range = ranges.length === 0 ? undefined : rangeOf(ranges, kind === 'text');
  return sorted(filter, range, list.sort, direction, ofAll ? list.globalIndex : list.index);
}

function rangeOf(ranges: Asked['ranges'], isText: boolean): Filter {
  return Object.fromEntries(
    ranges.map(({ bound, value }) => [`$${bound}`, isText ? sortKeyOf(String(value)) : value]),
  );
}

/**
 * The list that has exactly these filters and this sort.
 * @param asking the parameter that asks for the order: `sort`, or a range
 */
function servedBy(
  asking: string,
  field: string,
  filter: Filter,
  lists: Lists,
  owner: string | undefined,
  ofAll: boolean,
): DeclaredList {
  const sorting = lists.all.filter(({ sort }) => sort.name === field);
  const asked = Object.keys(filter).filter((name) => name !== owner);
  const isServed = ({ equal }: DeclaredList) =>
    equal.length === asked.length && equal.every((name) => asked.includes(name));
  const list = sorting.find(isServed);
  const order = asking === 'sort' ? `the order of ${field}` : asking;
  if (!list) {
    const possible = sorting.map(({ equal }) => filters(equal)).join('; or ');
    const unserved = asked.find((name) => !sorting.some(({ equal }) => equal.includes(name)));
    if (unserved === undefined) refuse(asking, `${order} takes ${possible}; here it has ${filters(asked)}`);
    refuse(unserved, `${unserved} cannot be used together with ${order}, which takes ${possible}`);
  }
  if (ofAll && !list.globalIndex) {
    refuse('owner', `owner=all cannot be used together with ${order}: name one owner, or leave out ${order}`);
  }
  return list;
}

function filters(names: readonly string[]): string {
  return names.join(' and ') || 'no filter';
}

function having(words: string, filter: Filter, lists: Lists): ListOrder {
  const terms = termsOf(words);
  if (terms.length === 0) refuse('q', 'q must contain a word: letters or digits');
  if (terms.length > MAX_TERMS) refuse('q', `q must not contain more than ${MAX_TERMS} words`);
  const [first = {}, ...others] = terms
    .map(lookUpOf)
    .flatMap(({ entry, word }) => [
      HiddenKeys.having(lists.search, entry),
      ...(word === undefined ? [] : [HiddenKeys.beginning(lists.search, word)]),
    ]);
  const all = { ...filter, ...first, ...(others.length > 0 && { $and: others }) };
  return newestFirst(all, false, lists.wordsIndex);
}
