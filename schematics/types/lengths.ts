import { UNITS_PER_CHARACTER } from '../../src/platform/validation/texts.ts';
import type { Field, Length } from './field.ts';

/** The bounds of a text field in characters. */
export function lengthsOf(
  { min, max, required }: Field,
  length: Length,
): { readonly min: number; readonly max: number } {
  return { min: min ?? (required ? length.minRequired : length.min), max: max ?? length.max };
}

/** Most UTF-16 units of what the DTO counts as characters. */
export function maxUnitsOf(field: Field, length: Length): number {
  return UNITS_PER_CHARACTER * lengthsOf(field, length).max;
}
