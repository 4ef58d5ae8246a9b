import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Info } from 'csv-parse';
import { invalid } from '../errors/errors.js';

/** Largest row, in bytes. */
const MAX_ROW_BYTES = 64 * 1024;
/** Most cells of a row: the parser counts the characters of cells only, and empty ones have none. */
const MAX_CELLS = 1000;
/** So many bytes are read before other requests have their turn: each may be a line or a cell. */
const TURN_BYTES = 16 * 1024;

/** A row of a table, with null for an empty cell without quotes. */
export interface TableRow {
  /** The line of the file in which the row begins, from 1. */
  readonly line: number;
  readonly cells: readonly (string | null)[];
}

/** A line of a JSON Lines file. */
export interface JsonRow {
  readonly line: number;
  readonly text: string;
}

/** The UTF-8 byte order mark. */
const BOM = Buffer.from('\uFEFF');

function refuse(line: number, problem: string): never {
  throw invalid([{ path: '', message: `The row that begins in line ${line} ${problem}` }]);
}

async function* turnsOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += TURN_BYTES) {
    await setImmediate();
    yield bytes.subarray(from, from + TURN_BYTES);
  }
}

/** The rows of a table as defined by RFC 4180. @throws ApiError VALIDATION_ERROR for a malformed one */
export async function* tableRows(bytes: Buffer): AsyncGenerator<TableRow> {
  // Loaded on first use, because most processes never parse a table.
  const { CsvError, parse } = await import('csv-parse');
  const lineAt = (position: number) => 1 + endsIn(bytes, 0, position);
  // With `raw` the parser would copy the row for each of its cells.
  const parser = parse({
    bom: true,
    cast: (cell, { quoting, index, bytes: position }) => {
      if (index === MAX_CELLS) refuse(lineAt(position), `has more than ${MAX_CELLS} cells`);
      return cell === '' && !quoting ? null : cell;
    },
    info: true,
    max_record_size: MAX_ROW_BYTES,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
  });
  let line = 1;
  let from = 0;
  try {
    const rows: AsyncIterable<{ info: Info; record: (string | null)[] }> = Readable.from(turnsOf(bytes)).pipe(
      parser,
    );
    for await (const { info, record } of rows) {
      let start = from;
      // The end of the row before, and empty lines.
      while (start < info.bytes && isEnd(bytes[start])) start++;
      line += endsIn(bytes, from, start);
      yield { line, cells: record };
      line += endsIn(bytes, start, info.bytes);
      from = info.bytes;
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Earlier rows may not have been consumed yet.
    const at = lineAt(Number(error['bytes'] ?? 0));
    if (error.code === 'CSV_MAX_RECORD_SIZE') refuse(at, `has more than ${MAX_ROW_BYTES} bytes`);
    refuse(
      at,
      'is no CSV as RFC 4180 has it: a quote is not closed, or stands within a cell and is not doubled',
    );
  }
}

const [CR, LF] = [13, 10];
const isEnd = (byte: number | undefined): boolean => byte === LF || byte === CR;

/** The number of line ends in a part of a text. */
function endsIn(bytes: Buffer, from: number, to: number): number {
  let ends = 0;
  for (let at = from; at < to; at++) {
    if (isEnd(bytes[at]) && !(bytes[at] === LF && at > from && bytes[at - 1] === CR)) ends++;
  }
  return ends;
}

/** The lines of a text. @throws ApiError VALIDATION_ERROR for one that is too long */
export async function* jsonRows(bytes: Buffer): AsyncGenerator<JsonRow> {
  let from = bytes.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
  let turn = from;
  for (let line = 1; from < bytes.length; line++) {
    const end = bytes.indexOf(LF, from);
    const to = end < 0 ? bytes.length : end;
    if (to - from > MAX_ROW_BYTES) refuse(line, `has more than ${MAX_ROW_BYTES} bytes`);
    const text = bytes.toString('utf8', from, to).trim();
    if (text !== '') yield { line, text };
    from = to + 1;
    if (from - turn < TURN_BYTES) continue;
    turn = from;
    await setImmediate();
  }
}
