import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

/**
 * Most UTF-16 units that class-validator counts as one character: a surrogate pair and the variation selector
 * behind it. A schema's maxlength is so many times the characters that its DTO allows.
 */
export const UNITS_PER_CHARACTER = 3;

/** class-validator's word for a rule of the items of a list. */
export interface Each {
  readonly each?: boolean;
}

/** What a transform does to a text, as documents say it, by its function. */
const notes = new WeakMap<object, string>();

/** What documents say that a transform does, if anything. */
export function noteOf(transform: object): string | undefined {
  return notes.get(transform);
}

/**
 * Changes the texts of a field, or of the list in it, before any rule sees them. Anything else is left to the rules.
 * @param note tells clients of it, in the OpenAPI document
 */
export function TransformTexts(
  change: (text: string) => unknown,
  { each = false, note }: Each & { readonly note?: string } = {},
): PropertyDecorator {
  const changed = (value: unknown): unknown => (typeof value === 'string' ? change(value) : value);
  const transform = ({ value }: { value: unknown }): unknown =>
    each && Array.isArray(value) ? value.map(changed) : changed(value);
  if (note !== undefined) notes.set(transform, note);
  return Transform(transform);
}

/** A message of class-validator's kind, which says whether a list or its items are meant. */
export function messageOf(rule: string, { each = false }: Each): string {
  return `${each ? 'each value in ' : ''}$property ${rule}`;
}

/** A rule of our own about a text. */
export function TextRule(
  name: string,
  passes: (text: string) => boolean,
  rule: string,
  options: Each = {},
  constraints: readonly unknown[] = [],
): PropertyDecorator {
  const validate = (value: unknown): boolean => typeof value === 'string' && passes(value);
  const defaultMessage = (): string => messageOf(rule, options);
  return ValidateBy(
    { name, constraints: [...constraints], validator: { validate, defaultMessage } },
    options,
  );
}

/** Whether a text can be stored and shown: no NUL, no half of a surrogate pair. */
export function isCleanText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}

/**
 * Bounds the UTF-16 units of a text, before anything is done that takes longer the longer the text is.
 * A schema's maxlength counts units too.
 */
export function MaxUnits(units: number, options: Each): PropertyDecorator {
  const rule = 'must not be longer than $constraint1 UTF-16 units';
  return TextRule('maxUnits', (text) => text.length <= units, rule, options, [units]);
}
