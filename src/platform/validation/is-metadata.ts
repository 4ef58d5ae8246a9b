import { ValidateBy } from 'class-validator';
import { METADATA } from './bounds.js';
import { isCleanText } from './texts.js';

/** A JSON object that the caller is free to shape. */
export type Metadata = Record<string, unknown>;

/** Keys with a special meaning for the database or for JavaScript objects. */
const RESERVED: ReadonlySet<string> = new Set(['_bsontype', '__proto__', 'constructor', 'prototype']);

function isForbiddenKey(key: string): boolean {
  return key.startsWith('$') || key.includes('.') || !isCleanText(key) || RESERVED.has(key);
}

/** Upper bound of bytes per character in JSON: `\u0000`. */
const MOST_BYTES = 6;
/** Upper bound of bytes per number or literal in JSON, including separators. */
const MOST_VALUE_BYTES = 32;

/** The first fault of a metadata object, or undefined. */
export function metadataFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a JSON object';
  let keys = 0;
  // An upper bound, so that small objects need not be serialised to be measured.
  let mostBytes = MOST_VALUE_BYTES;
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > METADATA.depth) return `must not be nested deeper than ${METADATA.depth} levels`;
    const next: object[] = [];
    for (const node of level) {
      const isList = Array.isArray(node);
      for (const key of Object.keys(node)) {
        const child = (node as Record<string, unknown>)[key];
        mostBytes += MOST_VALUE_BYTES + MOST_BYTES * (isList ? 0 : key.length);
        if (!isList && ++keys > METADATA.keys) return `must not have more than ${METADATA.keys} keys`;
        if (!isList && isForbiddenKey(key)) {
          return 'must not have keys that start with $, hold a dot or NUL, or are reserved';
        }
        if (typeof child === 'number' && !Number.isFinite(child)) return 'must not hold numbers out of range';
        if (typeof child === 'string') {
          if (!isCleanText(child)) return 'must not hold NUL characters or lone surrogates';
          mostBytes += MOST_BYTES * child.length;
        }
        if (typeof child === 'object' && child !== null) next.push(child);
      }
    }
    level = next;
  }
  const isSmall = mostBytes <= METADATA.bytes || Buffer.byteLength(JSON.stringify(value)) <= METADATA.bytes;
  return isSmall ? undefined : `must not be larger than ${METADATA.bytes / 1024} KiB`;
}

/** A JSON object of ≤ 16 KiB, ≤ 5 levels and ≤ 200 keys, without keys that have a special meaning for a database. */
export function IsMetadata(): PropertyDecorator {
  return ValidateBy({
    name: 'isMetadata',
    validator: {
      validate: (value) => metadataFault(value) === undefined,
      defaultMessage: (args) => `$property ${metadataFault(args?.value) ?? 'is not valid'}`,
    },
  });
}
