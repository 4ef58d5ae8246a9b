import { EXCLUSIVE, type Flag, VALUED } from '../../schematics/types/flags.ts';
import { FIELD_TYPES, TYPES, type TypeName } from '../../schematics/types/types.ts';

/** How tests write a type. */
interface Row {
  /** What stands behind the type's name, where something must; references are to one of these features. */
  readonly words?: (targets: readonly string[]) => readonly string[];
  /** A value of each flag that takes one. */
  readonly values: Readonly<Partial<Record<Flag, string>>>;
}

const ROWS: Readonly<Record<TypeName, Row>> = {
  string: { values: { min: '2', max: '20', default: 'xyz', existing: 'x:y' } },
  text: { values: { min: '2', max: '20', default: 'xyz', existing: 'x' } },
  rich: { values: { max: '200', existing: 'x' } },
  number: { values: { min: '-1.5', max: '10000.5', default: '1', existing: '1' } },
  integer: { values: { min: '-1', max: '10000', default: '1', existing: '1' } },
  boolean: { values: { default: 'true', existing: 'false' } },
  date: { values: { default: 'now', existing: '2030-01-31T00:00:00.000Z' } },
  decimal: { values: { min: '-1.5', max: '10000.5' } },
  day: { values: { default: '2030-01-31', existing: '2030-01-31' } },
  money: { values: {} },
  email: { values: { existing: 'a@example.com' } },
  url: { values: { existing: 'https://example.com/a' } },
  phone: { values: { existing: '+4930123456' } },
  country: { values: { default: 'DE', existing: 'FR' } },
  enum: { words: () => ['draft,sent', 'a,b,c-d,E_f'], values: { default: 'sent', existing: 'draft' } },
  object: { values: {} },
  ref: { words: (targets) => targets, values: {} },
  file: { values: {} },
  image: { values: {} },
};

/** A type in each way that it can be written. */
export function writtenTypes(type: TypeName, targets: readonly string[]): string[] {
  return ROWS[type].words?.(targets).map((word) => `${type}:${word}`) ?? [type];
}

export function writtenType(type: TypeName, target = 'projects'): string {
  return writtenTypes(type, [target])[0] ?? type;
}

/** A flag with a value that fits, and with what it needs beside it; of a type that does not take it, any value. */
export function writtenFlag(flag: Flag, type: TypeName): string {
  const value = ROWS[type].values[flag] ?? '1';
  const written = VALUED.has(flag) ? `${flag}=${value}` : flag;
  return flag === 'existing' ? `required:${written}` : written;
}

/** Whether a field can have it whatever other fields there are. */
function isByItself(flag: Flag, type: TypeName): boolean {
  // A list of objects says what they have.
  if (type === 'object' && flag === 'list') return false;
  return !['existing', 'after', 'since'].includes(flag);
}

/** Every type alone, and with each flag that it takes. */
export function everyField(target: string): string[] {
  return TYPES.flatMap((type) => {
    const flags = FIELD_TYPES[type].flags.filter((flag) => isByItself(flag, type));
    const alone = `${type}Alone:${writtenType(type, target)}`;
    const flagged = flags.map((flag) => {
      const name = `${type}${flag.charAt(0).toUpperCase()}${flag.slice(1)}`;
      return `${name}:${writtenType(type, target)}:${writtenFlag(flag, type)}`;
    });
    return [alone, ...flagged];
  });
}

/** Every pair of flags that a type takes together, as fields. */
export function everyPair(target: string): string[] {
  const excluded = (a: Flag, b: Flag) =>
    EXCLUSIVE.some(([c, d]) => (a === c && b === d) || (a === d && b === c));
  return TYPES.flatMap((type) => {
    const flags = FIELD_TYPES[type].flags.filter((flag) => isByItself(flag, type));
    return flags.flatMap((a, index) =>
      flags
        .slice(index + 1)
        .filter((b) => !excluded(a, b))
        .map((b) => {
          const name = `${type}${[a, b].map((flag) => flag.charAt(0).toUpperCase() + flag.slice(1)).join('')}`;
          return `${name}:${writtenType(type, target)}:${writtenFlag(a, type)}:${writtenFlag(b, type)}`;
        }),
    );
  });
}

/** Every type with a value for the records that are there. */
export function everyExisting(): string[] {
  return TYPES.filter((type) => FIELD_TYPES[type].flags.includes('existing')).map(
    (type) => `${type}Later:${writtenType(type)}:${writtenFlag('existing', type)}`,
  );
}
