/** Limits of a JSON object that the client is free to shape. */
export const METADATA = { bytes: 16 * 1024, depth: 5, keys: 200 } as const;

/** Maximum characters of rich text: the time to parse hostile HTML grows faster than its length. */
export const MAX_RICH_TEXT = 20_000;

/** Maximum nesting of a body. Its deepest field, metadata, allows five levels. */
export const MAX_DEPTH = 16;

/** Maximum number of values in a body (keys and list items, at all levels). 16 KiB of metadata hold up to 8,189. */
export const MAX_VALUES = 10_000;

/** The message for a body that exceeds the limits. */
export const TOO_MUCH = 'The body is nested too deeply or has too many values';

/**
 * Whether a parsed body is within the limits. Stops at the first value beyond them and runs before any rule, so that a
 * hostile body costs no more than parsing it.
 */
export function isWithinBounds(body: unknown): boolean {
  let values = 0;
  let level: object[] = isObject(body) ? [body] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return false;
    const next: object[] = [];
    for (const node of level) {
      // `for … in` is safe: the body comes from a JSON parser, so it has no inherited keys.
      for (const key in node) {
        if (++values > MAX_VALUES) return false;
        const child: unknown = (node as Record<string, unknown>)[key];
        if (isObject(child)) next.push(child);
      }
    }
    level = next;
  }
  return true;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
