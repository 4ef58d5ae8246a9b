import { type Detail, invalid } from '../errors/errors.js';
import { isWithinBounds, TOO_MUCH } from './bounds.js';
import { numeralFault, withoutMinusZero } from './numerals.js';

/**
 * Finds every number that may be another one once it is parsed, in one pass without backtracking, and much else that
 * is none: 16 digits, 300 zeros behind the point, an exponent, −0. A number stands behind one of `[`, `:` and `,`.
 */
const SUSPECT = /[[:,]\s*(?:-?(?:\d{16}|0\.0{300}|\d+(?:\.\d+)?[eE])|-0(?:\.0+)?\s*[,\]}])/;

/** Stands in a parsed body where a number was that JavaScript cannot hold. */
class Unheld {
  constructor(readonly fault: string) {}
}

function held(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number') return value;
  const fault = numeralFault(context?.source ?? '');
  return fault === undefined ? withoutMinusZero(value) : new Unheld(fault);
}

/** The first fault in a body, and where it is: `metadata.sizes.3`. */
function faultIn(value: unknown, path: string): Detail | undefined {
  if (value instanceof Unheld) return { path, message: `${path || 'The body'} ${value.fault}` };
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const fault = faultIn(child, path === '' ? key : `${path}.${key}`);
    if (fault) return fault;
  }
  return undefined;
}

/**
 * The body that a JSON text holds, without numbers that are others than those in the text: integers beyond
 * ±(2^53 − 1), what overflows, and what would become zero are refused, and −0 is 0.
 * @param body what a parser has made of the text, and what is answered for nearly every text
 * @throws ApiError VALIDATION_ERROR
 */
export function withHeldNumbers(body: unknown, text: string): unknown {
  if (!SUSPECT.test(text)) return body;
  if (!isWithinBounds(body)) throw invalid([{ path: '', message: TOO_MUCH }]);
  // The parser skips a byte order mark.
  const exact: unknown = JSON.parse(text.replace(/^\uFEFF/, ''), held);
  const fault = faultIn(exact, '');
  if (fault) throw invalid([fault]);
  return exact;
}
