import { TextRule } from './texts.js';
import { timeOf } from './utc-time.js';

const FORM = /^\d{4}-\d\d-\d\d$/;

/** Whether a text is a day that exists, such as `2026-01-31`. */
export function isDay(text: string): boolean {
  return FORM.test(text) && timeOf(`${text}T00:00:00Z`) !== undefined;
}

/** A day without a time or a zone: `2026-01-31`. It is stored and answered as it is sent. */
export function Day(): PropertyDecorator {
  return TextRule('isDay', isDay, 'must be a day that exists, such as 2026-01-31');
}
