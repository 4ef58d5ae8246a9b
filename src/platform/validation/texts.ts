import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

/**
 * Maximum number of UTF-16 units that class-validator counts as one character: a surrogate pair and a variation
 * selector. A schema's maxlength is this many times the characters that its DTO allows.
 */
export const UNITS_PER_CHARACTER = 3;

/** class-validator's word for a rule of the items of a list. */
export interface Each {
  readonly each?: boolean;
}

/** Descriptions of transforms for the OpenAPI document, by function. */
const notes = new WeakMap<object, string>();

/** The description of a transform, if it has one. */
export function noteOf(transform: object): string | undefined {
  return notes.get(transform);
}

/**
 * Transforms the texts of a field, or of its list, before any rule sees them. Other values are left to the rules.
 * @param note describes it in the OpenAPI document
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

/** A message in class-validator's style, which says whether the list or its items are meant. */
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

/** Whether a text can be stored and shown: no NUL, no lone surrogate. */
export function isCleanText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}

/**
 * Limits the UTF-16 units of a text before any work that depends on its length. A schema's maxlength counts units, too.
 */
export function MaxUnits(units: number, options: Each): PropertyDecorator {
  const rule = 'must not be longer than $constraint1 UTF-16 units';
  return TextRule('maxUnits', (text) => text.length <= units, rule, options, [units]);
}
