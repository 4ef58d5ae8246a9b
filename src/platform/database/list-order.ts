import type { Types } from 'mongoose';
import { type Detail, invalid } from '../errors/errors.js';
import type { PageQuery } from '../validation/page-query.js';
import {
  behind,
  type Filter,
  type Order,
  type Stretch,
  stretchOf,
  stretchOfOne,
  valuesOf,
} from './filter.js';
import type { Position } from './cursor.js';
import type { Find } from './find.js';
import { lookUpOf, MAX_TERMS, sortKeyOf, termsOf } from '../validation/folded.js';
import { HiddenKeys } from '../validation/hidden-keys.js';
import type { DeclaredList, Lists, SortField } from './lists.js';

/** The bounds of a range, as parameters say them: `dueAt[gte]`. */
export const BOUNDS = ['gt', 'gte', 'lt', 'lte'] as const;

/** MongoDB merges so many stretches of an index; of more it would sort what it finds. */
const MAX_STRETCHES = 200;

/** One stretch of a list after the other. */
export type Part = Pick<Find, 'filter' | 'sort' | 'hint'>;

/** How a list is read. */
export interface ListOrder {
  /** What belongs to it. */
  readonly filter: Filter;
  /** By which index; MongoDB chooses unless told. */
  readonly hint?: Find['hint'];
  /** What distinguishes it from other lists with the same filter, for its cursors. */
  readonly name: string;
  /** What is to be read, behind a position or from the beginning. */
  parts(position?: Position): readonly Part[];
  positionOf(record: object): Position;
}

function hinted(stretches: readonly Stretch[], hint: Find['hint']): readonly Part[] {
  return hint ? stretches.map((each) => ({ ...each, hint })) : stretches;
}

/** Newest first, by whatever index. A single record needs no order, and MongoDB would sort it in memory. */
export function newestFirst(filter: Filter, isSingle: boolean, hint?: Find['hint']): ListOrder {
  const order: Order = { field: 'createdAt', direction: -1 };
  return {
    filter,
    name: '',
    ...(hint && { hint }),
    parts: (position) =>
      isSingle
        ? [{ filter }]
        : hinted(position ? behind(position, filter, order) : [stretchOf(filter, order)], hint),
    positionOf: (record) => {
      const { createdAt, _id } = record as { createdAt: Date; _id: Types.ObjectId };
      return { key: createdAt, _id };
    },
  };
}

/** By a field: first what has a value, then what has none, whatever the direction. */
function sorted(
  filter: Filter,
  range: Filter | undefined,
  { key }: SortField,
  direction: 1 | -1,
  index: Find['hint'],
): ListOrder {
  const order: Order = { field: key, direction };
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
        ...(isEmpty ? [] : position ? behind(position, valued, order) : [stretchOf(valued, order)]),
        ...(range ? [] : [stretchOfOne(isEmpty ? { ...empty, ...further } : empty, order)]),
      ];
      return hinted(all, index);
    },
    positionOf: (record) => {
      const { [key]: value = null, _id } = record as Record<string, unknown> & { _id: Types.ObjectId };
      return { key: value as Position['key'], _id };
    },
  };
}

/** What of a query says which list it wants. */
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

/** The order that a query asks for beside its filter; undefined for a plain list. */
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
    if (sort !== undefined) refuse('q', 'q cannot be used together with sort: what it finds is newest first');
    if (first) refuse('q', `q cannot be used together with ${first.parameter}`);
    if (ofAll) refuse('q', `q looks through the records of one owner: name one by owner, or leave it out`);
    return having(words, filter, lists);
  }
  const field = sort ?? first?.field;
  if (field === undefined) return undefined;
  const other = ranges.find((range) => range.field !== field);
  if (other)
    refuse(
      other.parameter,
      `${other.parameter} cannot be used together with ${sort === undefined ? first?.parameter : 'this sort'}: a range is of the field that sorts the list`,
    );
  const list = servedBy(
    sort === undefined ? (first?.parameter ?? field) : 'sort',
    field,
    filter,
    lists,
    owner,
    ofAll,
  );
  const stretches = list.equal.reduce((count, name) => count * valuesOf(filter, name), 1);
  if (stretches > MAX_STRETCHES) {
    refuse(
      list.equal.at(-1) ?? field,
      `${list.equal.join(' and ')} have ${stretches} combinations of values here; ${MAX_STRETCHES} at most can be sorted`,
    );
  }
  const { kind } = list.sort;
  const range = ranges.length === 0 ? undefined : rangeOf(ranges, kind === 'text');
  return sorted(filter, range, list.sort, direction, ofAll ? list.everybodys : list.index);
}

function rangeOf(ranges: Asked['ranges'], isText: boolean): Filter {
  return Object.fromEntries(
    ranges.map(({ bound, value }) => [`$${bound}`, isText ? sortKeyOf(String(value)) : value]),
  );
}

/** The list that has exactly these filters and this sort. */
function servedBy(
  path: string,
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
  const possible = sorting.map(({ equal }) => equal.join(' and ') || 'no filter').join('; or ');
  if (!list) {
    const stranger = asked.find((name) => !sorting.some(({ equal }) => equal.includes(name)));
    refuse(
      stranger ?? path,
      `${stranger ?? path} is not served in the order of ${field} with ${asked.join(' and ') || 'no filter'}; possible is ${possible}`,
    );
  }
  if (ofAll && !list.everybodys) {
    refuse(
      'owner',
      `owner=all is not served in the order of ${field}: name one owner, or leave out the order`,
    );
  }
  return list;
}

function having(words: string, filter: Filter, lists: Lists): ListOrder {
  const terms = termsOf(words);
  if (terms.length === 0) refuse('q', 'q must hold a word: letters or digits');
  if (terms.length > MAX_TERMS) refuse('q', `q must not hold more than ${MAX_TERMS} words`);
  const [first = {}, ...others] = terms
    .map(lookUpOf)
    .flatMap(({ entry, word }) => [
      HiddenKeys.having(lists.search, entry),
      ...(word === undefined ? [] : [HiddenKeys.beginning(lists.search, word)]),
    ]);
  const all = { ...filter, ...first, ...(others.length > 0 && { $and: others }) };
  return newestFirst(all, false, lists.wordsIndex);
}
