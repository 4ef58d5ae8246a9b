/**
 * What a spreadsheet takes for a formula, and runs: also in full width, as some do. The quotes that defuse one come
 * before, so that what is defused twice can be told from what is defused once.
 */
const FORMULA = /^'*[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;
/** A signed number is none. */
const SIGNED_NUMBER = /^[+-]\d+(?:\.\d+)?$/;
/** What ends a cell somewhere: some spreadsheets take semicolons for commas. */
const SPECIAL = /[",;\t\r\n]|^\s|\s$/;

/** A text that no spreadsheet runs. */
export function defused(text: string): string {
  return FORMULA.test(text) && !SIGNED_NUMBER.test(text) ? `'${text}` : text;
}

/** A text as it was before it was defused. */
export function armed(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}

/** A value as a cell: of lists and objects their JSON, nothing where there is none. An empty text is in quotes. */
function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? defused(value) : JSON.stringify(value);
  return text === '' || SPECIAL.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A line of RFC 4180. */
export function lineOf(values: readonly unknown[]): string {
  return `${values.map(cellOf).join(',')}\r\n`;
}
