import { ValidateBy } from 'class-validator';
import { isCleanText } from './fields.js';

/** A JSON object of the caller's own making. */
export type Metadata = Record<string, unknown>;

const MAX_BYTES = 16 * 1024;
const MAX_DEPTH = 5;
const MAX_KEYS = 200;

/** Keys that a database or a JavaScript object would take for more than a name. */
function isForbiddenKey(key: string): boolean {
  return (
    key.startsWith('$') ||
    key.includes('.') ||
    !isCleanText(key) ||
    key === '_bsontype' ||
    key === '__proto__' ||
    key === 'constructor' ||
    key === 'prototype'
  );
}

/** What is wrong with a metadata object, or undefined when nothing is. Stops at the first fault. */
export function metadataFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a JSON object';
  let keys = 0;
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return `must not be nested deeper than ${MAX_DEPTH} levels`;
    const next: object[] = [];
    for (const node of level) {
      const isList = Array.isArray(node);
      for (const [key, child] of Object.entries(node) as [string, unknown][]) {
        if (!isList && ++keys > MAX_KEYS) return `must not have more than ${MAX_KEYS} keys`;
        if (!isList && isForbiddenKey(key)) {
          return 'must not have keys that start with $, hold a dot or NUL, or are reserved';
        }
        if (typeof child === 'number' && !Number.isFinite(child)) return 'must not hold numbers out of range';
        if (typeof child === 'string' && !isCleanText(child)) {
          return 'must not hold NUL characters or lone surrogates';
        }
        if (typeof child === 'object' && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return Buffer.byteLength(JSON.stringify(value)) > MAX_BYTES ? 'must not be larger than 16 KiB' : undefined;
}

/** A JSON object of ≤ 16 KiB, ≤ 5 levels and ≤ 200 keys, without keys that mean something to a database. */
export function IsMetadata(): PropertyDecorator {
  return ValidateBy({
    name: 'isMetadata',
    validator: {
      validate: (value) => metadataFault(value) === undefined,
      defaultMessage: (args) => `$property ${metadataFault(args?.value) ?? 'is not valid'}`,
    },
  });
}
