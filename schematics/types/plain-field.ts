import type { Field } from '../types/field.ts';

/** A field of which nothing is said. */
export const PLAIN_FIELD: Omit<Field, 'name' | 'type'> = {
  list: false,
  required: false,
  unique: false,
  index: false,
  encrypted: false,
  search: false,
  stats: false,
  server: false,
  several: false,
  choices: [],
};
