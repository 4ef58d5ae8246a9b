import { isUtf8 } from 'node:buffer';
import { buffer } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Scope } from '../access/caller.js';
import { type Format, FORMATS } from '../bulk/export.dto.js';
import { ReadableFiles } from '../database/readable-files.js';
import { apiError, invalid } from '../errors/errors.js';
import { validatorOf } from '../validation/compile.js';
import { Columns, type Fields, nameFault } from './columns.js';
import { ImportFileDto } from './import.dto.js';
import type { Row } from './import-parts.js';
import { jsonRows, tableRows } from './lines.js';

/** Maximum size of an import, and of a body that refers to a file, in bytes. */
export const MAX_BYTES = 16 * 1024 * 1024;
const MAX_JSON_BYTES = 1024;

/** The accepted types. */
export const TYPES = [...Object.values(FORMATS), 'application/json'] as const;

const readFileDto = validatorOf(ImportFileDto);

/** A file of rows. */
export interface RowFile {
  readonly format: Format;
  readonly bytes: Buffer;
}

/** The type of a body; undefined if it is not accepted. */
export function typeIn(header = ''): (typeof TYPES)[number] | undefined {
  const [type, ...parameters] = header
    .toLowerCase()
    .split(';')
    .map((each) => each.trim());
  const charset = parameters.find((each) => each.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-8"?$/.test(charset)) return undefined;
  return TYPES.find((each) => each === type);
}

/** Reads the body of an import. */
@Injectable()
export class SentRows {
  constructor(private readonly modules: ModuleRef) {}

  /**
   * The rows in a body, or the reference to a file with rows.
   * @throws ApiError MALFORMED_JSON, VALIDATION_ERROR, PAYLOAD_TOO_LARGE
   */
  read(header: string | undefined, body: Buffer): RowFile | ImportFileDto {
    const type = typeIn(header);
    if (type === FORMATS.csv) return { format: 'csv', bytes: body };
    if (type === FORMATS.ndjson) return { format: 'ndjson', bytes: body };
    if (body.length > MAX_JSON_BYTES) throw apiError('PAYLOAD_TOO_LARGE');
    let sent: unknown;
    try {
      sent = body.length === 0 ? {} : JSON.parse(body.toString());
    } catch {
      throw apiError('MALFORMED_JSON');
    }
    const { value, faults } = readFileDto(sent);
    if (!value) throw invalid(faults);
    return value;
  }

  /** @throws ApiError VALIDATION_ERROR for a file that the caller may not read, or that cannot be imported */
  async fileOf(scope: Scope, id: string): Promise<RowFile> {
    const refuse = (problem: string) => invalid([{ path: 'fileId', message: `fileId must be ${problem}` }]);
    const file = await this.files?.find(scope, id);
    if (!file) throw refuse('the id of a file that you may read, whose upload is completed');
    const format = formatOf(file);
    if (!format) throw refuse('the id of a CSV file (.csv) or of a JSON Lines file (.ndjson, .jsonl)');
    if (file.size > MAX_BYTES) throw refuse(`the id of a file of at most ${MAX_BYTES} bytes`);
    return { format, bytes: await buffer(await file.read()) };
  }

  /**
   * The rows of a file, whose columns are checked with the first one.
   * @throws ApiError VALIDATION_ERROR
   */
  async *rowsOf(
    { format, bytes }: RowFile,
    fields: Fields,
    ignored: ReadonlySet<string>,
  ): AsyncGenerator<Row> {
    if (!isUtf8(bytes)) refuseAll('must be UTF-8');
    if (bytes.includes(0)) refuseAll('must not hold NUL characters');
    if (format === 'csv') yield* fromTable(bytes, fields, ignored);
    else yield* fromJson(bytes, fields, ignored);
  }

  private get files(): ReadableFiles | undefined {
    try {
      return this.modules.get(ReadableFiles, { strict: false });
    } catch {
      // The product has no files.
      return undefined;
    }
  }
}

function refuseAll(problem: string): never {
  throw invalid([{ path: '', message: `The rows ${problem}` }]);
}

function formatOf({ name, type }: { readonly name: string; readonly type: string }): Format | undefined {
  if (type === FORMATS.csv) return 'csv';
  return /\.(?:ndjson|jsonl)$/i.test(name) ? 'ndjson' : undefined;
}

async function* fromTable(bytes: Buffer, fields: Fields, ignored: ReadonlySet<string>): AsyncGenerator<Row> {
  let columns: Columns | undefined;
  for await (const { line, cells } of tableRows(bytes)) {
    if (!columns) {
      const found = Columns.of(
        cells.map((cell) => cell ?? ''),
        fields,
        ignored,
      );
      if (!(found instanceof Columns)) throw invalid(found);
      columns = found;
    } else if (cells.length === columns.count) {
      yield { line, text: columns.jsonOf(cells) };
    } else {
      yield { line, fault: `The row has ${cells.length} cells, and the table ${columns.count} columns` };
    }
  }
  if (!columns) refuseAll('must begin with a line of the names of their columns');
}

async function* fromJson(bytes: Buffer, fields: Fields, ignored: ReadonlySet<string>): AsyncGenerator<Row> {
  let isEmpty = true;
  for await (const row of jsonRows(bytes)) {
    if (isEmpty) requireNames(row.text, fields, ignored);
    isEmpty = false;
    yield row;
  }
  if (isEmpty) refuseAll('must be at least one line of JSON');
}

/** The first line stands for all; one with further fields is refused on its own. */
function requireNames(text: string, fields: Fields, ignored: ReadonlySet<string>): void {
  const names = namesIn(text).filter((name) => !ignored.has(name));
  const faults = names.flatMap((name) => {
    const message = nameFault(name, fields);
    return message === undefined ? [] : [{ path: name, message }];
  });
  if (faults.length > 0) throw invalid(faults);
}

function namesIn(text: string): string[] {
  try {
    const row = JSON.parse(text) as unknown;
    return typeof row === 'object' && row !== null && !Array.isArray(row) ? Object.keys(row) : [];
  } catch {
    // It is refused on its own.
    return [];
  }
}
