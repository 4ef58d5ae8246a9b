import { ValidateBy } from 'class-validator';
import { isCleanText } from './texts.js';

/** At any depth; bodies are at most 16 levels deep. */
function hasCleanTexts(value: unknown): boolean {
  if (typeof value === 'string') return isCleanText(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, inner]) => isCleanText(key) && hasCleanTexts(inner));
}

/** Any JSON value whose texts can be stored and shown. */
export function IsJson(): PropertyDecorator {
  const defaultMessage = (): string => '$property must not hold NUL characters or lone surrogates';
  return ValidateBy({ name: 'isJson', validator: { validate: hasCleanTexts, defaultMessage } });
}
