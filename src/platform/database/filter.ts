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

/**
 * What is behind a position in a list. Each branch is one stretch of the list's index, so that nothing before the
 * position is read: of `createdAt <= …` all records of the same millisecond would be.
 */
export function behind({ createdAt, _id }: Position, filter: Filter): Filter {
  const earlier = { createdAt: { $lt: createdAt } };
  const sameTime = { createdAt, _id: { $lt: _id } };
  return { $or: [earlier, sameTime].map((stretch) => ({ $and: [filter, stretch] })) };
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

/** Whether a filter asks for a value, and not for those that are greater, contain something or the like. */
export function asksFor(filter: Filter, field: string): boolean {
  const value = filter[field];
  return value !== undefined && value !== null && Object.getPrototypeOf(value) !== Object.prototype;
}
