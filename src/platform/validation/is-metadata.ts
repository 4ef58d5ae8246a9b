import { ValidateBy } from 'class-validator';
import { METADATA } from './bounds.js';
import { isCleanText } from './texts.js';

/** A JSON object of the caller's own making. */
export type Metadata = Record<string, unknown>;

/** Keys that a database or a JavaScript object would take for more than a name. */
const RESERVED: ReadonlySet<string> = new Set(['_bsontype', '__proto__', 'constructor', 'prototype']);

function isForbiddenKey(key: string): boolean {
  return key.startsWith('$') || key.includes('.') || !isCleanText(key) || RESERVED.has(key);
}

/** More bytes than any JSON needs for a character: `\u0000`. */
const MOST_BYTES = 6;
/** More bytes than any JSON needs for a number or a literal, with what stands around it. */
const MOST_VALUE_BYTES = 32;

/** What is wrong with a metadata object, or undefined when nothing is. Stops at the first fault. */
export function metadataFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be a JSON object';
  let keys = 0;
  // No less than it has; small objects need not be written to see that they are.
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
