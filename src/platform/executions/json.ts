/** What is left of a value once it has been written as JSON and read again: dates and ids are texts then. */
export type Json<T> = T extends { toJSON(): infer J }
  ? J
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer E)[]
      ? Json<E>[]
      : T extends object
        ? { [K in keyof T]: Json<T[K]> }
        : never;

/** A value that is not what JSON can carry, or too much of it. The message is for the developer. */
export class JsonFault extends Error {}

/** Bytes of an input or a result. */
export const MAX_BYTES = 64 * 1024;

/** Why JSON would lose a value, if so. */
function lossOf(value: unknown): string | undefined {
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') {
    return `a ${typeof value}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const isLost =
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Error ||
    value instanceof Promise ||
    ArrayBuffer.isView(value);
  return isLost ? `a ${value.constructor.name}` : undefined;
}

/**
 * A value as JSON; undefined for undefined.
 * @param what names the value in messages: `the result of step 'read'`
 * @throws JsonFault for what JSON cannot carry, and for more than 64 KiB
 */
export function encode(value: unknown, what: string): string | undefined {
  const check = function check(this: unknown, key: string, after: unknown): unknown {
    const before = (this as Record<string, unknown>)[key];
    const inList = Array.isArray(this) && before === undefined;
    const loss = lossOf(before) ?? (inList ? 'undefined in a list' : undefined);
    if (loss === undefined) return after;
    const place = key === '' ? what : `${what} holds ${key}, which`;
    throw new JsonFault(`${place} is ${loss}: JSON cannot carry it, so return what it stands for as text`);
  };
  let text: string | undefined;
  try {
    text = JSON.stringify(value, check);
  } catch (error) {
    if (error instanceof JsonFault) throw error;
    throw new JsonFault(`${what} cannot be written as JSON: it refers to itself`, { cause: error });
  }
  if (text !== undefined && Buffer.byteLength(text) > MAX_BYTES) {
    throw new JsonFault(`${what} has more than 64 KiB: keep it in a record, and pass on the record's id`);
  }
  return text;
}

/** The value that `encode` has written. */
export function decode(text: string | undefined): unknown {
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
