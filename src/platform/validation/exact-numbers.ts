import { type Detail, invalid } from '../errors/errors.js';
import { isWithinBounds, TOO_MUCH } from './bounds.js';
import { numeralFault, withoutMinusZero } from './numerals.js';

/**
 * Finds every number that may change when it is parsed, in one pass without backtracking, with false positives: 16
 * digits, 300 zeros after the point, an exponent, −0. A number follows one of `[`, `:` and `,`.
 */
const SUSPECT = /[[:,]\s*(?:-?(?:\d{16}|0\.0{300}|\d+(?:\.\d+)?[eE])|-0(?:\.0+)?\s*[,\]}])/;

/** Marks a number in a parsed body that JavaScript cannot represent. */
class Inexact {
  constructor(readonly fault: string) {}
}

function exactly(
  this: unknown,
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  if (typeof value !== 'number') return value;
  const fault = numeralFault(context?.source ?? '');
  return fault === undefined ? withoutMinusZero(value) : new Inexact(fault);
}

/** The first fault in a body, with its path: `metadata.sizes.3`. */
function faultIn(value: unknown, path: string): Detail | undefined {
  if (value instanceof Inexact) return { path, message: `${path || 'The body'} ${value.fault}` };
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const fault = faultIn(child, path === '' ? key : `${path}.${key}`);
    if (fault) return fault;
  }
  return undefined;
}

/**
 * The parsed body of a JSON text, unless a number in it would silently change: integers beyond ±(2^53 − 1), overflow
 * and underflow to zero are refused, and −0 becomes 0.
 * @param body the parsed text, returned as it is for nearly every text
 * @throws ApiError VALIDATION_ERROR
 */
export function withExactNumbers(body: unknown, text: string): unknown {
  if (!SUSPECT.test(text)) return body;
  if (!isWithinBounds(body)) throw invalid([{ path: '', message: TOO_MUCH }]);
  // JSON.parse, unlike Fastify's parser, refuses a byte order mark.
  const exact: unknown = JSON.parse(text.replace(/^\uFEFF/, ''), exactly);
  const fault = faultIn(exact, '');
  if (fault) throw invalid([fault]);
  return exact;
}
