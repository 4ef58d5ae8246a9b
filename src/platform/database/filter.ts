import { isDeepStrictEqual } from 'node:util';
import { mongo, type Schema } from 'mongoose';
import type { Position } from './cursor.js';

/** Conditions on fields in MongoDB's form, built from checked values only, never from objects of clients. */
export type Filter = Readonly<Record<string, unknown>>;

/** The order of every list. */
export const NEWEST_FIRST = { createdAt: -1, _id: -1 } as const;

/** Matches texts that contain `text`, ignoring case. No character of it acts as a pattern. */
export function contains(text: string): Filter {
  return { $regex: text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`), $options: 'i' };
}

/** The field that a list is sorted by, before the ids. */
export interface SortOrder {
  readonly field: string;
  readonly direction: 1 | -1;
}

/** A range of a list in its order. */
export interface OrderedRange {
  readonly filter: Filter;
  readonly sort: Readonly<Record<string, 1 | -1>>;
}

/** A range of a list in which all records have the same value, so that only ids order it. */
export function rangeOfOneValue(filter: Filter, { direction }: SortOrder): OrderedRange {
  return { filter, sort: { _id: direction } };
}

/** A range of a list in its whole order. */
export function rangeIn(filter: Filter, { field, direction }: SortOrder): OrderedRange {
  return { filter, sort: { [field]: direction, _id: direction } };
}

/**
 * The ranges after a position in a list, to be read one after the other. Nothing before the position is read, whereas
 * `createdAt <= …` would read all records of the same millisecond. MongoDB reads both ranges in one query, unless it
 * also has to merge those of several values.
 */
export function behind({ key, _id }: Position, filter: Filter, order: SortOrder): OrderedRange[] {
  const { field, direction } = order;
  const further = direction === 1 ? '$gt' : '$lt';
  const same = { $and: [filter, { [field]: key, _id: { [further]: _id } }] };
  const beyond = { $and: [filter, { [field]: { [further]: key } }] };
  const isMerged = Object.keys(filter).some((name) => valuesOf(filter, name) > 1);
  return isMerged
    ? [rangeOfOneValue(same, order), rangeIn(beyond, order)]
    : [rangeIn({ $or: [beyond, same] }, order)];
}

/** How many values of a field a filter asks for. */
export function valuesOf(filter: Filter, field: string): number {
  const { $in } = (filter[field] ?? {}) as { readonly $in?: unknown };
  return Array.isArray($in) ? $in.length : 1;
}

/** Matches any of these values. A single one becomes an equality, so that a list keeps its order. */
export function anyOf(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : { $in: values };
}

/** Matches every value, using an index that begins with the field; for an empty filter MongoDB uses none. */
export const ANY_VALUE: Filter = { $gte: new mongo.MinKey() };

/** Whether an index contains every record with values of these fields, judging by its options. */
export function holdsAllWith(fields: readonly string[], options: mongo.Document | undefined): boolean {
  const partial = (options?.['partialFilterExpression'] ?? {}) as Filter;
  return Object.entries(partial).every(
    ([field, condition]) => fields.includes(field) && isDeepStrictEqual(condition, { $exists: true }),
  );
}

/** The fields of each unique index. */
export function uniqueKeys(schema: Schema): readonly (readonly string[])[] {
  const unique = schema
    .indexes()
    .filter(([keys, options]) => options?.unique && holdsAllWith(Object.keys(keys), options));
  return [['_id'], ...unique.map(([keys]) => Object.keys(keys))];
}

type Keys = Readonly<Record<string, 1 | -1>>;

/** The indexes of a schema that sort by newest first after other fields, those with the most fields first. */
export function newestIndexes(schema: Schema): { readonly keys: Keys; readonly before: readonly string[] }[] {
  return schema
    .indexes()
    .filter(([, options]) => !options?.partialFilterExpression && !options?.sparse)
    .map(([keys]) => ({ keys: keys as Keys, names: Object.keys(keys) }))
    .filter(({ names }) => names.at(-2) === 'createdAt' && names.at(-1) === '_id')
    .map(({ keys, names }) => ({ keys, before: names.slice(0, -2) }))
    .toSorted((a, b) => b.before.length - a.before.length);
}

/** Whether a filter asks for one value or for any of several. */
export function isGiven(filter: Filter, field: string): boolean {
  return asksFor(filter, field) || Array.isArray((filter[field] as { $in?: unknown } | undefined)?.$in);
}

/** Whether a filter asks for one exact value, rather than for a range, a pattern or the like. */
export function asksFor(filter: Filter, field: string): boolean {
  const value = filter[field];
  return value !== undefined && value !== null && Object.getPrototypeOf(value) !== Object.prototype;
}
