/** The one JSON text of a parsed value, in whatever order its fields are. Empty for none. */
export function canonicalJson(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  // Without a prototype, so that no name is anything but a name.
  const fields = Object.create(null) as Record<string, unknown>;
  for (const name of Object.keys(value).toSorted())
    fields[name] = sorted((value as Record<string, unknown>)[name]);
  return fields;
}
