import { armed } from '../bulk/csv.js';
import type { Detail } from '../errors/errors.js';
import type { JsonSchema } from '../validation/json-schema.js';
import { MAX_NAME } from './import.dto.js';

/** The fields of a feature, in requests and in responses. */
export interface Fields {
  readonly sent: JsonSchema;
  readonly answered: JsonSchema;
}

/** The field for a column of a table. */
interface Column {
  /** `['address', 'street']` */
  readonly path: readonly string[];
  readonly schema: JsonSchema;
}

/** The fields of an object by name, as JSON texts. */
type Tree = Map<string, string | Tree>;

/** A number in JSON syntax. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** The field with a dotted name. */
function fieldAt(path: readonly string[], schema: JsonSchema): JsonSchema | undefined {
  return path.reduce<JsonSchema | undefined>(
    (parent, name) =>
      parent?.properties && Object.hasOwn(parent.properties, name) ? parent.properties[name] : undefined,
    schema,
  );
}

/** Why a name is not a field that clients can send. */
export function nameFault(name: string, { sent, answered }: Fields): string | undefined {
  const path = name.split('.');
  if (fieldAt(path, sent)) return undefined;
  if (fieldAt(path, answered)) {
    return 'is set by the server only: leave it out, or name it in the parameter ignore';
  }
  if (name === '') return 'has no name';
  return /[;\t]/.test(name) ? 'is no field: commas stand between columns' : 'is not a known field';
}

/** The columns of a table, by the names in its first line. */
export class Columns {
  private constructor(private readonly columns: readonly (Column | undefined)[]) {}

  /** The columns, or the faults of the names. */
  static of(
    names: readonly string[],
    fields: Fields,
    ignored: ReadonlySet<string>,
  ): Columns | readonly Detail[] {
    const faults: Detail[] = [];
    const report = (name: string, index: number, message: string) =>
      faults.push({ path: name.slice(0, MAX_NAME) || `column ${index + 1}`, message });
    const known = new Set<string>();
    for (const [index, name] of names.entries()) {
      if (ignored.has(name)) continue;
      const fault = nameFault(name, fields);
      if (fault !== undefined) report(name, index, fault);
      else if (known.has(name)) report(name, index, 'is there twice');
      else known.add(name);
    }
    for (const name of known) {
      const whole = [...known].find((each) => name.startsWith(`${each}.`));
      if (whole !== undefined) report(name, 0, `is part of ${whole}, which is a column, too`);
    }
    const has = (field: string) => [...known].some((name) => name.split('.')[0] === field);
    if (faults.length > 0) return faults;
    const missing = (fields.sent.required ?? []).filter((field) => !has(field));
    if (missing.length > 0) {
      return missing.map((field) => ({
        path: field,
        message: `${field} is required: there is no such column`,
      }));
    }
    return new Columns(
      names.map((name) => {
        const path = name.split('.');
        const schema = ignored.has(name) ? undefined : fieldAt(path, fields.sent);
        return schema && { path, schema };
      }),
    );
  }

  get count(): number {
    return this.columns.length;
  }

  /** A row as the JSON of the body that creates its record. An empty cell without quotes is not sent. */
  jsonOf(cells: readonly (string | null)[]): string {
    const body: Tree = new Map();
    for (const [index, column] of this.columns.entries()) {
      const cell = cells[index] ?? null;
      if (column && cell !== null) put(body, column.path, valueOf(cell, column.schema));
    }
    return printed(body);
  }
}

function put(tree: Tree, [name = '', ...rest]: readonly string[], text: string): void {
  if (rest.length === 0) return void tree.set(name, text);
  const known = tree.get(name);
  const inner: Tree = known instanceof Map ? known : new Map<string, string | Tree>();
  tree.set(name, inner);
  put(inner, rest, text);
}

function printed(tree: Tree): string {
  const members = [...tree].map(
    ([name, value]) => `${JSON.stringify(name)}:${value instanceof Map ? printed(value) : value}`,
  );
  return `{${members.join(',')}}`;
}

/** A cell as JSON. A value of another type stays a string, for the field's rules to refuse. */
function valueOf(cell: string, { type }: JsonSchema): string {
  const isWritten =
    type === 'integer' || type === 'number'
      ? NUMBER.test(cell)
      : type === 'boolean'
        ? // As spreadsheets write it, too.
          /^(?:true|false|TRUE|FALSE)$/.test(cell)
        : type !== 'string' && isJson(cell);
  if (!isWritten) return JSON.stringify(armed(cell));
  return type === 'boolean' ? cell.toLowerCase() : cell;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
