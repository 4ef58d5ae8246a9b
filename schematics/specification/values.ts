import { refuse } from '../naming/refusal.ts';
import type { Field, Scalar } from '../types/field.ts';
import { lengthsOf } from '../types/lengths.ts';
import { literal } from '../types/source.ts';

/**
 * The value of `default=` or `existing=`, as the field has it.
 * @throws Refusal for one that the field itself would refuse
 */
export function parsedValue(field: Field, flag: string, text: string): Scalar {
  const { defaults, readValue } = field.type;
  const value = defaults && flag === 'default' ? defaults.read(text.trim()) : readValue(text.trim(), field);
  if (value === undefined || !isWithin(field, value)) {
    refuse(`${field.name} has ${flag}=${text}, which it would refuse itself`);
  }
  return value;
}

/** What stands for a field that is not sent: in the schema, or in the service. */
export function defaultSource({ type, default: value }: Field, place: 'ofSchema' | 'ofService'): string {
  return type.defaults?.[place] ?? literal(value);
}

function isWithin(field: Field, value: Scalar): boolean {
  if (typeof value === 'number') return value >= (field.min ?? -Infinity) && value <= (field.max ?? Infinity);
  const { bounds } = field.type;
  if (typeof value !== 'string' || typeof bounds !== 'object') return true;
  const { min, max } = lengthsOf(field, bounds);
  return value.isWellFormed() && value.length >= min && value.length <= max;
}
