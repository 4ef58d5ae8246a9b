/** The type of a value after a JSON round trip: dates and ids become strings. */
export type Json<T> = T extends { toJSON(): infer J }
  ? J
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer E)[]
      ? Json<E>[]
      : T extends object
        ? { [K in keyof T]: Json<T[K]> }
        : never;

/** A value that JSON cannot represent, or that is too large. The message is for the developer. */
export class JsonFault extends Error {}

/** Largest input or result, in bytes. */
export const MAX_BYTES = 64 * 1024;

/** Why JSON would not preserve a value; undefined if it would. */
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
 * @throws JsonFault for what JSON cannot represent, and for more than 64 KiB
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

/** The inverse of `encode`. */
export function decode(text: string | undefined): unknown {
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}
