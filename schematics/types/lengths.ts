import type { Field } from './field.ts';
import { BOUNDS } from './types.ts';

/** Bounds of a text in characters. */
export function lengthsOf({ type, min, max, required }: Field): { min: number; max: number } {
  const bounds = type === 'text' || type === 'rich' ? BOUNDS[type] : BOUNDS.string;
  return { min: min ?? (type === 'text' && required ? 1 : bounds.min), max: max ?? bounds.max };
}
