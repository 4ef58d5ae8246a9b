/** What a JSON object of the client's own making may be. */
export const METADATA = { bytes: 16 * 1024, depth: 5, keys: 200 } as const;

/** Most characters of rich text: reading hostile HTML takes time that grows faster than its length. */
export const MAX_RICH_TEXT = 20_000;

/** Deepest nesting of a body. The deepest field there is, metadata, allows five levels of its own. */
export const MAX_DEPTH = 16;

/** Most values (keys and list items, at all levels together) in a body. 16 KiB of metadata hold up to 8,189. */
export const MAX_VALUES = 10_000;

/** What a body past the bounds is refused with. */
export const TOO_MUCH = 'The body is nested too deeply or has too many values';

/**
 * Whether a parsed body stays within the bounds. Stops at the first value past them, so that a hostile
 * body costs no more than parsing it: no rule and no per-key work has run yet.
 */
export function isWithinBounds(body: unknown): boolean {
  let values = 0;
  let level: object[] = isObject(body) ? [body] : [];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return false;
    const next: object[] = [];
    for (const node of level) {
      // `in` order does not matter and inherited keys do not exist: the body comes from a JSON parser.
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
