import { isDeepStrictEqual } from 'node:util';
import { mongo, type Schema } from 'mongoose';
import type { Position } from './cursor.js';

/** Conditions on fields, as MongoDB takes them. Never made of a client's object, only of checked values. */
export type Filter = Readonly<Record<string, unknown>>;

/** The order of every list. */
export const NEWEST_FIRST = { createdAt: -1, _id: -1 } as const;

/** Matches texts that contain `text`, whatever its case. The text is literal: no character of it is a pattern. */
export function contains(text: string): Filter {
  return { $regex: text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`), $options: 'i' };
}

/** The field that orders a list, before the ids. */
export interface Order {
  readonly field: string;
  readonly direction: 1 | -1;
}

/** A part of a list in its order. */
export interface Stretch {
  readonly filter: Filter;
  readonly sort: Readonly<Record<string, 1 | -1>>;
}

/** A part of a list in which all have the same value of its field: ids alone order it. */
export function stretchOfOne(filter: Filter, { direction }: Order): Stretch {
  return { filter, sort: { _id: direction } };
}

/** A part of a list in its whole order. */
export function stretchOf(filter: Filter, { field, direction }: Order): Stretch {
  return { filter, sort: { [field]: direction, _id: direction } };
}

/**
 * What is behind a position in a list, to be read one after the other. Nothing before the position is read: of
 * `createdAt <= …` all records of the same millisecond would be. MongoDB reads both parts at once, except where it has
 * to merge those of several values as well.
 */
export function behind({ key, _id }: Position, filter: Filter, order: Order): Stretch[] {
  const { field, direction } = order;
  const further = direction === 1 ? '$gt' : '$lt';
  const same = { $and: [filter, { [field]: key, _id: { [further]: _id } }] };
  const beyond = { $and: [filter, { [field]: { [further]: key } }] };
  const isMerged = Object.keys(filter).some((name) => valuesOf(filter, name) > 1);
  return isMerged
    ? [stretchOfOne(same, order), stretchOf(beyond, order)]
    : [stretchOf({ $or: [beyond, same] }, order)];
}

/** How many values a filter asks for of a field. */
export function valuesOf(filter: Filter, field: string): number {
  const { $in } = (filter[field] ?? {}) as { readonly $in?: unknown };
  return Array.isArray($in) ? $in.length : 1;
}

/** Any of these values. One is asked for by itself, so that a list keeps its order. */
export function anyOf(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : { $in: values };
}

/** Matches every value, by the index that begins with the field: where a filter is empty MongoDB looks for none. */
export const ANY_VALUE: Filter = { $gte: new mongo.MinKey() };

/** Whether an index holds every record that has values of these fields, as far as its options say. */
export function holdsAllWith(fields: readonly string[], options: mongo.Document | undefined): boolean {
  const partial = (options?.['partialFilterExpression'] ?? {}) as Filter;
  return Object.entries(partial).every(
    ([field, condition]) => fields.includes(field) && isDeepStrictEqual(condition, { $exists: true }),
  );
}

/** For each unique index, the fields that one record at most has the same values of. */
export function uniqueKeys(schema: Schema): readonly (readonly string[])[] {
  const unique = schema
    .indexes()
    .filter(([keys, options]) => options?.unique && holdsAllWith(Object.keys(keys), options));
  return [['_id'], ...unique.map(([keys]) => Object.keys(keys))];
}

type Keys = Readonly<Record<string, 1 | -1>>;

/** The indexes of a schema that have the newest first behind other fields, those for the most of them before. */
export function newestIndexes(schema: Schema): { readonly keys: Keys; readonly before: readonly string[] }[] {
  return schema
    .indexes()
    .filter(([, options]) => !options?.partialFilterExpression && !options?.sparse)
    .map(([keys]) => ({ keys: keys as Keys, names: Object.keys(keys) }))
    .filter(({ names }) => names.at(-2) === 'createdAt' && names.at(-1) === '_id')
    .map(({ keys, names }) => ({ keys, before: names.slice(0, -2) }))
    .toSorted((a, b) => b.before.length - a.before.length);
}

/** Whether a filter asks for a value, or for any of several. */
export function isGiven(filter: Filter, field: string): boolean {
  return asksFor(filter, field) || Array.isArray((filter[field] as { $in?: unknown } | undefined)?.$in);
}

/** Whether a filter asks for a value, and not for those that are greater, contain something or the like. */
export function asksFor(filter: Filter, field: string): boolean {
  const value = filter[field];
  return value !== undefined && value !== null && Object.getPrototypeOf(value) !== Object.prototype;
}
