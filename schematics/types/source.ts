/** A value as TypeScript writes it. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${/^[a-z_$][\w$]*$/i.test(key) ? key : literal(key)}: ${literal(each)}`)
      .join(', ')} }`;
  }
  if (typeof value !== 'string') return String(value);
  const inner = JSON.stringify(value).slice(1, -1);
  return `'${inner.replaceAll(String.raw`\"`, '"').replaceAll("'", String.raw`\'`)}'`;
}

/** A decorator with its arguments, of which those at the end that are undefined are left out. */
export function decorator(name: string, ...args: (string | number | undefined)[]): string {
  const end = args.findLastIndex((arg) => arg !== undefined);
  return `@${name}(${args
    .slice(0, end + 1)
    .map((arg) => arg ?? 'undefined')
    .join(', ')})`;
}

/** The modules of exact numbers, and of amounts in a currency. */
export const DECIMAL = '../../platform/validation/decimal.js';
export const MONEY = '../../platform/validation/money.js';

/** The module of the product's own decorators. */
export const FIELDS = '../../platform/validation/fields.js';
