import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo, Types } from 'mongoose';
import { driverCollection } from '../database/driver.js';
import { FieldEncryption, type RecordCipher } from '../database/field-encryption.js';
import type { Transaction } from '../database/transactions.js';
import { invalid } from '../errors/errors.js';
import { idOf } from '../executions/model/execution.js';
import { fail } from '../executions/run.js';
import type { RefusedRow } from './import.dto.js';
import { ImportPart, ImportPartSchema } from './import-part.schema.js';

/** Maximum number of rows in an import. */
const MAX_ROWS = 100_000;
/** Limits of a part, in rows and characters: an execution processes each part in one step. */
const PART = { rows: 250, characters: 256 * 1024 };
/** How long unprocessed rows are kept. */
const KEPT_MS = 7 * 86_400_000;

/** A stored row: the JSON body that creates its record, or why it is not valid. */
export type Row = { readonly line: number } & (
  | { readonly text: string; readonly fault?: never }
  | { readonly fault: string; readonly text?: never }
);

/** Where rows are kept, and how many. */
export interface KeptRows {
  readonly id: string;
  readonly rows: number;
  readonly parts: number;
}

/** The progress of a part. */
export interface PartState {
  readonly done: number;
  readonly created: number;
  readonly refused: readonly RefusedRow[];
  readonly more: number;
}

/** A part, with its rows if any are left. */
export interface OpenPart extends PartState {
  readonly id: Types.ObjectId;
  readonly rows: readonly Row[] | undefined;
}

/**
 * Stores the rows of imports, encrypted, until their records are created. The progress of a part is written in the
 * transaction that creates some of its records, so that nothing is created twice even after crashes.
 */
@Injectable()
export class ImportParts {
  private readonly cipher: RecordCipher;

  constructor(
    @InjectModel(ImportPart.name) private readonly model: Model<ImportPart>,
    encryption: FieldEncryption,
  ) {
    const cipher = encryption.of(model.collection.name, ImportPartSchema);
    if (!cipher) throw new Error('The schema of imports encrypts nothing');
    this.cipher = cipher;
  }

  /**
   * Stores rows as they arrive.
   * @throws ApiError VALIDATION_ERROR for too many; what `rows` throws. None of them are kept then
   */
  async keep(owner: string, rows: AsyncIterable<Row>): Promise<KeptRows> {
    const id = new Types.ObjectId().toHexString();
    const kept = { id, rows: 0, parts: 0 };
    let part: Row[] = [];
    let characters = 0;
    const write = async (): Promise<void> => {
      if (part.length === 0) return;
      kept.parts++;
      await this.write(partOf(id, kept.parts), owner, part);
      part = [];
      characters = 0;
    };
    try {
      for await (const row of rows) {
        if (++kept.rows > MAX_ROWS)
          throw invalid([{ path: '', message: `There are more than ${MAX_ROWS} rows` }]);
        part.push(row);
        characters += row.text?.length ?? 0;
        if (part.length === PART.rows || characters > PART.characters) await write();
      }
      await write();
      return kept;
    } catch (error) {
      await this.discard({ ...kept });
      throw error;
    }
  }

  /** Removes rows for which no execution was started. If that fails, they are removed when they expire. */
  async discard({ id, parts }: KeptRows): Promise<void> {
    const ids = Array.from({ length: parts }, (_, index) => partOf(id, index + 1));
    await this.parts.deleteMany({ _id: { $in: ids } }).catch(() => undefined);
  }

  /** @throws Failure for a part that has expired */
  async open(id: string, number: number): Promise<OpenPart> {
    const stored = await this.parts.findOne({ _id: partOf(id, number) });
    if (!stored) return fail('The rows of an import are kept for 7 days: send them again', 'IMPORT_EXPIRED');
    const { _id, rows, done, created, refused, more } = this.cipher.open(stored);
    const all = rows === undefined ? undefined : (JSON.parse(rows) as Row[]);
    return { id: _id, rows: all, done, created, refused, more };
  }

  /**
   * Records the progress of a part, in the transaction that makes it.
   * @throws Error if another process has continued it
   */
  async note({ id, rows, done }: OpenPart, next: PartState, { session }: Transaction): Promise<void> {
    const isOver = next.done === rows?.length;
    const change = { $set: next, ...(isOver && { $unset: { rows: true as const } }) };
    const { matchedCount } = await this.parts.updateOne({ _id: id, done }, change, { session });
    if (matchedCount === 0) throw new Error('Another process continues with these rows');
  }

  private async write(_id: Types.ObjectId, owner: string, rows: readonly Row[]): Promise<void> {
    const { rows: sealed } = this.cipher.seal(_id.toHexString(), { rows: JSON.stringify(rows) });
    await this.parts.insertOne({
      _id,
      ownerId: new Types.ObjectId(owner),
      rows: String(sealed),
      done: 0,
      created: 0,
      refused: [],
      more: 0,
      expiresAt: new Date(Date.now() + KEPT_MS),
    });
  }

  private get parts(): mongo.Collection<ImportPart> {
    return driverCollection(this.model);
  }
}

function partOf(id: string, number: number): Types.ObjectId {
  return idOf(id, 'part', String(number));
}
