/** The canonical JSON text of a parsed value, independent of the order of its fields; empty for undefined. */
export function canonicalJson(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  // Without a prototype, so that a field such as __proto__ is not special.
  const fields = Object.create(null) as Record<string, unknown>;
  for (const name of Object.keys(value).toSorted())
    fields[name] = sorted((value as Record<string, unknown>)[name]);
  return fields;
}
