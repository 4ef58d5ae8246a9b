/** The optional keys of a class. */
type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** The type of a field in a record, with null if it is optional there. */
type ValueOf<T, K> = K extends keyof T
  ? object extends Pick<T, K>
    ? Exclude<T[K], undefined> | null
    : T[K]
  : never;

/**
 * The values that the optional fields of a DTO get in the record when they are null or not sent; `null` means not
 * stored. The compiler requires each of them, and no others.
 */
export type Defaults<Dto, Stored> = { readonly [K in OptionalKeys<Dto>]: ValueOf<Stored, K> };

type Known<Dto> = Readonly<Record<OptionalKeys<Dto>, unknown>>;

/** As a default: the time at which the record is written. */
export const NOW: Date = new Date(Number.NaN);

/** A value that was sent, or its default. */
type Filled<Dto, K extends keyof Dto, D> = K extends keyof D
  ? Exclude<Dto[K], null | undefined> | D[K]
  : Dto[K];

type WithDefaults<Dto, D> = { [K in keyof Dto]-?: Filled<Dto, K, D> };
type NullsToDefaults<Dto, D> = { [K in keyof Dto]: Filled<Dto, K, D> };

/** Every field of a DTO, with defaults for those that are null or were not sent. For POST and PUT. */
export function withDefaults<Dto extends object, D extends Known<Dto>>(
  dto: Dto,
  defaults: D,
): WithDefaults<Dto, D> {
  const fields = { ...dto } as Record<string, unknown>;
  for (const [name, value] of Object.entries(defaults)) fields[name] ??= fresh(value);
  return fields as WithDefaults<Dto, D>;
}

/** The fields that were sent, with defaults for those that are null. For PATCH. */
export function nullsToDefaults<Dto extends object, D extends object>(
  dto: Dto,
  defaults: D,
): NullsToDefaults<Dto, D> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(dto)) {
    if (value === undefined) continue;
    fields[name] = value === null ? fresh((defaults as Record<string, unknown>)[name] ?? null) : value;
  }
  return fields as NullsToDefaults<Dto, D>;
}

/** Lists and objects are copied, so that records do not share them. */
function fresh(value: unknown): unknown {
  if (value === NOW) return new Date();
  if (Array.isArray(value)) return [...(value as unknown[])];
  if (typeof value !== 'object' || value === null) return value;
  return Object.getPrototypeOf(value) === Object.prototype ? { ...value } : value;
}
