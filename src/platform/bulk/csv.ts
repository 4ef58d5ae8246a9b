/**
 * Texts that a spreadsheet would run as a formula, including full-width characters, which some accept. Quotes that
 * escape one may come first, so that a text escaped twice differs from one escaped once.
 */
const FORMULA = /^'*[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;
/** A signed number is not a formula. */
const SIGNED_NUMBER = /^[+-]\d+(?:\.\d+)?$/;
/** Characters that require quotes: some spreadsheets separate cells by semicolons or tabs. */
const SPECIAL = /[",;\t\r\n]|^\s|\s$/;

/** Escapes a text that a spreadsheet would run. */
export function defused(text: string): string {
  return FORMULA.test(text) && !SIGNED_NUMBER.test(text) ? `'${text}` : text;
}

/** The inverse of `defused`. */
export function armed(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}

/** A value as a cell. Lists and objects become JSON, null an empty cell, and an empty text `""`. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? defused(value) : JSON.stringify(value);
  return text === '' || SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line as defined by RFC 4180. */
export function lineOf(values: readonly unknown[]): string {
  return `${values.map(cellOf).join(',')}\r\n`;
}
