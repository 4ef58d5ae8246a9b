import {
  ALLOWED,
  EXCLUSIVE,
  type Flag,
  TYPES,
  type TypeName,
  VALUED,
} from '../../schematics/specification/types.ts';

/** A value of each flag that takes one, by the type of the field. */
export const VALUES: Readonly<Partial<Record<Flag, Readonly<Partial<Record<TypeName, string>>>>>> = {
  min: { string: '2', text: '2', number: '-1.5', integer: '-1' },
  max: { string: '20', text: '20', rich: '200', number: '10000.5', integer: '10000' },
  default: { string: 'xyz', text: 'xyz', number: '1', integer: '1', boolean: 'true', enum: 'sent' },
  existing: {
    string: 'x:y',
    text: 'x',
    rich: 'x',
    number: '1',
    integer: '1',
    boolean: 'false',
    date: '2030-01-31T00:00:00.000Z',
    email: 'a@example.com',
    url: 'https://example.com/a',
    enum: 'draft',
  },
};

/** A type as it is written: enums and references say more. */
export function writtenType(type: TypeName, target = 'projects'): string {
  return type === 'enum' ? 'enum:draft,sent' : type === 'ref' ? `ref:${target}` : type;
}

/** A flag with a value that fits, and with what it needs beside it. */
export function writtenFlag(flag: Flag, type: TypeName): string {
  const written = VALUED.has(flag) ? `${flag}=${VALUES[flag]?.[type] ?? '1'}` : flag;
  return flag === 'existing' ? `required:${written}` : written;
}

/** Every type alone, and with each flag that it takes. */
export function everyField(target: string): string[] {
  return TYPES.flatMap((type) => {
    const flags = ALLOWED[type].flags.filter((flag) => flag !== 'existing');
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
    const flags = ALLOWED[type].flags.filter((flag) => flag !== 'existing');
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
  return TYPES.filter((type) => ALLOWED[type].flags.includes('existing')).map(
    (type) => `${type}Later:${writtenType(type)}:${writtenFlag('existing', type)}`,
  );
}
