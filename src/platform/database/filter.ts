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

/** The fields that one record at most has a value of. */
export function uniqueFields(schema: Schema): readonly string[] {
  const unique = schema.indexes().filter(([, options]) => options?.unique);
  const single = unique.map(([keys]) => Object.keys(keys)).filter((fields) => fields.length === 1);
  return ['_id', ...single.flat()];
}

/** Whether a filter asks for a value, and not for those that are greater, contain something or the like. */
export function asksFor(filter: Filter, field: string): boolean {
  const value = filter[field];
  return value !== undefined && Object.getPrototypeOf(value) !== Object.prototype;
}
