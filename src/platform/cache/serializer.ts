/** A value that would not survive a round trip. The message names its kind and none of its content. */
export class NotSerializable extends Error {}

/** Marks a value that JSON cannot express. */
const TAG = '$';
/** Maximum nesting depth: a circular value would never end. */
const MAX_DEPTH = 64;

interface Tagged {
  readonly [TAG]: 'undefined' | 'number' | 'bigint' | 'date' | 'map' | 'set' | 'object';
  readonly of?: unknown;
}

type Packable = Readonly<Record<string, unknown>>;

/**
 * A value as text from which `deserialize` makes an equal value: JSON, extended by undefined, NaN and infinities, -0,
 * bigints, dates, maps and sets.
 * @throws NotSerializable for functions, symbols and instances of other classes
 */
export function serialize(value: unknown): string {
  return JSON.stringify(pack(value, false, 0));
}

/** A new value at each call. @throws Error for text that `serialize` did not make */
export function deserialize(text: string): unknown {
  return unpack(JSON.parse(text));
}

/**
 * The same text for equal values, whatever the order of their keys, and different texts for different values. An
 * object without a prototype, as Fastify makes for queries, equals one with a prototype.
 * @throws NotSerializable as `serialize`
 */
export function keyOf(value: unknown): string {
  return JSON.stringify(pack(value, true, 0));
}

function pack(value: unknown, isKey: boolean, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Object.is(value, -0)) return { [TAG]: 'number', of: '-0' } satisfies Tagged;
      return Number.isFinite(value) ? value : ({ [TAG]: 'number', of: String(value) } satisfies Tagged);
    case 'undefined':
      return { [TAG]: 'undefined' } satisfies Tagged;
    case 'bigint':
      return { [TAG]: 'bigint', of: String(value) } satisfies Tagged;
    case 'object':
      if (value === null) return null;
      if (depth === MAX_DEPTH) throw new NotSerializable(`more than ${MAX_DEPTH} levels`);
      return packObject(value, (inner) => pack(inner, isKey, depth + 1), isKey);
    default:
      throw new NotSerializable(`a ${typeof value}`);
  }
}

function packObject(value: object, inside: (value: unknown) => unknown, isKey: boolean): unknown {
  const prototype = Object.getPrototypeOf(value) as object | null;
  const isPlain = prototype === Object.prototype || (isKey && prototype === null);
  if (Object.getOwnPropertySymbols(value).length > 0) throw new NotSerializable('a symbol');
  if (isPlain) return packFields(value as Packable, inside, isKey);
  if (Array.isArray(value) && prototype === Array.prototype) {
    if (Object.keys(value).length !== value.length) throw new NotSerializable('a list with gaps or names');
    return value.map(inside);
  }
  const hasFields = Object.keys(value).length > 0;
  if (!hasFields && value instanceof Date && prototype === Date.prototype) {
    return { [TAG]: 'date', of: value.getTime() } satisfies Tagged;
  }
  if (!hasFields && value instanceof Map && prototype === Map.prototype) {
    return { [TAG]: 'map', of: [...value].map((entry) => entry.map(inside)) } satisfies Tagged;
  }
  if (!hasFields && value instanceof Set && prototype === Set.prototype) {
    return { [TAG]: 'set', of: [...value].map(inside) } satisfies Tagged;
  }
  throw new NotSerializable(`an instance of ${prototype?.constructor?.name || 'a class without a name'}`);
}

function packFields(value: Packable, inside: (value: unknown) => unknown, isKey: boolean): unknown {
  const names = Object.keys(value);
  if (isKey) names.sort();
  const fields = Object.fromEntries(names.map((name) => [name, inside(value[name])]));
  return Object.hasOwn(value, TAG) ? ({ [TAG]: 'object', of: fields } satisfies Tagged) : fields;
}

function unpack(packed: unknown): unknown {
  if (typeof packed !== 'object' || packed === null) return packed;
  if (Array.isArray(packed)) return unpackFields(packed);
  return Object.hasOwn(packed, TAG) ? untag(packed as Tagged) : unpackFields(packed);
}

/** In place: nobody else holds what JSON.parse has made. */
function unpackFields<T extends object>(fields: T): T {
  for (const [name, packed] of Object.entries(fields)) {
    const value = unpack(packed);
    // Not by assignment: assigning `__proto__` sets the prototype.
    if (value !== packed) Object.defineProperty(fields, name, { value });
  }
  return fields;
}

function untag({ [TAG]: kind, of }: Tagged): unknown {
  switch (kind) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(of);
    case 'bigint':
      return BigInt(of as string);
    case 'date':
      return new Date((of as number | null) ?? Number.NaN);
    case 'map':
      return new Map(unpackFields(of as [unknown, unknown][]));
    case 'set':
      return new Set(unpackFields(of as unknown[]));
    case 'object':
      return unpackFields(of as object);
    default:
      throw new Error(`There is no kind ${String(kind)}`);
  }
}
