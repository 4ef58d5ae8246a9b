import { TextRule } from './texts.js';
import { isDay } from './utc-time.js';

/** A day without a time or a zone: `2026-01-31`. It is stored and answered as it is sent. */
export function CalendarDay(): PropertyDecorator {
  return TextRule('isDay', isDay, 'must be a day that exists, such as 2026-01-31');
}
