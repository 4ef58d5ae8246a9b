import { isEmail, isURL } from 'class-validator';
import type { Field, Scalar } from './field.ts';
import { lengthsOf } from './lengths.ts';
import { refuse } from './refusal.ts';

/** As the product's `WebUrl` takes them. */
const URLS = { protocols: ['http', 'https'], require_protocol: true, disallow_auth: true };

/**
 * The value of `default=` or `existing=`, as the field has it.
 * @throws Refusal for one that the field itself would refuse
 */
export function parsedValue(field: Field, flag: string, text: string): Scalar {
  const value = converted(field, text);
  if (value === undefined || !isWithin(field, value)) {
    refuse(`${field.name} has ${flag}=${text}, which it would refuse itself`);
  }
  return value;
}

function converted({ type, choices }: Field, text: string): Scalar | undefined {
  const written = text.trim();
  if (type === 'boolean') return written === 'true' ? true : written === 'false' ? false : undefined;
  if (type === 'number') return /^-?\d{1,12}(\.\d{1,6})?$/.test(written) ? Number(written) + 0 : undefined;
  if (type === 'integer') return /^-?\d{1,15}$/.test(written) ? Number(written) + 0 : undefined;
  if (type === 'enum') return choices.find((choice) => choice === written);
  if (type === 'email') return written.length <= 254 && isEmail(written) ? written.toLowerCase() : undefined;
  if (type === 'url') return written.length <= 2048 && isURL(written, URLS) ? written : undefined;
  if (type === 'date') {
    const time = new Date(written);
    return /^\d{4}-/.test(written) &&
      !Number.isNaN(time.getTime()) &&
      time.toISOString().startsWith(written.replace(/Z$/, ''))
      ? time.toISOString()
      : undefined;
  }
  // Of rich text only what needs no sanitising.
  if (type === 'rich') return /[<>&]/.test(written) ? undefined : written;
  return type === 'string' ? written.normalize('NFC') : written;
}

function isWithin(field: Field, value: Scalar): boolean {
  if (typeof value === 'number') return value >= (field.min ?? -Infinity) && value <= (field.max ?? Infinity);
  if (typeof value !== 'string' || !['string', 'text', 'rich'].includes(field.type)) return true;
  const { min, max } = lengthsOf(field);
  return value.isWellFormed() && value.length >= min && value.length <= max;
}
