import { readFileSync } from 'node:fs';
import leven from 'leven';
import { type Fault, isNamed } from './env.js';

/** What a file sets, and its faults. */
export interface EnvFile {
  readonly values: ReadonlyMap<string, string>;
  readonly faults: readonly Fault[];
  /** Names that the product does not know; they are passed on. */
  readonly foreign: readonly string[];
}

const NOTHING: EnvFile = { values: new Map(), faults: [], foreign: [] };

/** `export NAME = value`: name and value. */
const ASSIGNMENT = /^\s*(?:export\s+)?([^=]*?)\s*=\s*(.*?)\s*$/u;
const IGNORED = /^\s*(?:#|$)/;
const QUOTED = /^(["'`])((?:(?!\1).)*)\1\s*(?:#.*)?$/u;
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;
/** What a shell, and many parsers of such files, would expand: `${NAME}`, `$NAME`, `$(command)`. */
const EXPANSION = /\$(?:[{(]|[A-Z_][A-Z\d_]+)/;

/**
 * The value after the equals sign, or the sentence that refuses it: nothing is silently dropped, truncated or replaced.
 */
function readValue(text: string): { readonly value: string } | { readonly problem: string } {
  const [quote = '', value = text] = QUOTED.exec(text)?.slice(1) ?? [];
  if (!quote && /^["'`]/.test(text)) {
    return { problem: 'has no closing quote on its line, or text behind it' };
  }
  if (!quote && value.endsWith('\\')) {
    return { problem: 'ends with a backslash, but a value stands on one line: put it in single quotes' };
  }
  if (CONTROL.test(value)) return { problem: 'holds a control character' };
  if (!quote && value.includes('#')) {
    return { problem: 'holds a #: put the value in single quotes, or the comment on a line of its own' };
  }
  if (quote !== "'" && EXPANSION.test(value)) {
    return { problem: 'holds a $, which is not expanded: write the value out, or put it in single quotes' };
  }
  if (quote === '"' && value.includes('\\')) {
    return { problem: 'holds a backslash, which means nothing here: put the value in single quotes' };
  }
  if (quote && value !== value.trim() && value.trim() !== '') {
    return { problem: 'begins or ends with a space inside its quotes, which would be cut' };
  }
  return { value };
}

/** The variable that is probably meant. */
function meant(name: string, known: readonly string[]): string | undefined {
  const upper = name.toUpperCase().replaceAll('-', '_');
  return known.find((each) => leven(each, upper) <= (each.length > 5 ? 2 : 1));
}

/**
 * Parses an environment file, more strictly than Node, which skips what it does not understand.
 * @param known the names of the product's variables
 */
export function parseEnvFile(text: string, known: readonly string[], file = '.env'): EnvFile {
  const values = new Map<string, string>();
  const lines = new Map<string, number>();
  const foreign: string[] = [];
  const faults: Fault[] = [];
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    if (IGNORED.test(line)) continue;
    const at = `${file} line ${index + 1}`;
    const [, name = '', rest = ''] = ASSIGNMENT.exec(line) ?? [];
    const isKnown = known.some((each) => isNamed(each, name));
    const first = lines.get(name);
    const read = readValue(rest);
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      faults.push({ variable: at, problem: 'is no comment and has no NAME=value' });
    } else if (!isKnown && meant(name, known)) {
      faults.push({
        variable: at,
        problem: `sets no variable that is known: ${meant(name, known)} is meant?`,
      });
    } else if (name.startsWith('NODE_') && !isKnown) {
      faults.push({
        variable: at,
        problem: 'is for Node, which has started by now: set it in the environment',
      });
    } else if (first !== undefined) {
      faults.push({
        variable: isKnown ? name : at,
        problem: `is set twice in ${file}, lines ${first} and ${index + 1}`,
      });
    } else if ('problem' in read) {
      // An unknown name may be part of a secret that spans two lines.
      faults.push({
        variable: isKnown ? name : at,
        problem: isKnown ? `(${at}) ${read.problem}` : read.problem,
      });
    } else {
      values.set(name, read.value);
      if (!isKnown) foreign.push(/^[A-Z][A-Z\d_]*$/.test(name) ? name : `the one in line ${index + 1}`);
    }
    lines.set(name, index + 1);
  }
  return { values, faults, foreign };
}

/** Reads an environment file, if there is one. */
export function readEnvFile(file: string, known: readonly string[]): EnvFile {
  const refused = (problem: string): EnvFile => ({ ...NOTHING, faults: [{ variable: file, problem }] });
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? NOTHING : refused('must be a file that can be read');
  }
  try {
    // It drops a byte order mark.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? refused('is no text: save it as UTF-8') : parseEnvFile(text, known, file);
  } catch {
    return refused('is not written in UTF-8: save it as UTF-8');
  }
}
