import { Injectable, Optional } from '@nestjs/common';
import { ownerIn, type Scope } from '../access/caller.js';
import { type Transaction, Transactions } from '../database/transactions.js';
import { ApiError, type Detail } from '../errors/errors.js';
import { ofHttpError } from '../errors/http-errors.js';
import type { ExecutionDto } from '../executions/execution.dto.js';
import { Executions } from '../executions/executions.js';
import type { ExecutorClass, Run } from '../executions/run.js';
import type { Once } from '../idempotency/once.js';
import { isWithinBounds, TOO_MUCH } from '../validation/bounds.js';
import type { Validator } from '../validation/compile.js';
import { withExactNumbers } from '../validation/exact-numbers.js';
import type { ImportDto, ImportResult, RefusedRow } from './import.dto.js';
import { importOf } from './import-executor.js';
import { ImportParts, type KeptRows, type OpenPart, type PartState, type Row } from './import-parts.js';
import { RefusedRows } from './refused-rows.js';
import { SentRows } from './sent-rows.js';

/** Rows whose records are created in one transaction. */
const AT_A_TIME = 50;
/** Messages of rules may repeat the allowed values. */
const MAX_MESSAGE = 500;

/** The body of an import. */
export interface Sent {
  readonly scope: Scope;
  /** The Content-Type of the request. */
  readonly type: string | undefined;
  readonly body: Buffer | undefined;
  readonly ignore: string | undefined;
}

/** Creates a record, like a service. */
type Create<T> = (scope: Scope, dto: T, transaction: Transaction) => Promise<unknown>;

/** A checked row: the body that creates its record, or why it is refused. */
type Checked<T> =
  | { readonly value: T; readonly refused?: never }
  | { readonly refused: readonly RefusedRow[]; readonly value?: never };

/** How an import creates records. */
interface Work<T> {
  readonly check: (row: Row) => Checked<T>;
  readonly create: (value: T, transaction: Transaction) => Promise<unknown>;
}

/** Aborts the transaction in which the feature refuses a row. */
class RowRefused extends Error {
  constructor(
    readonly index: number,
    readonly faults: readonly Detail[],
  ) {
    super('A row was refused');
  }
}

/** Creates records from the rows of a file of any length, even after crashes. */
@Injectable()
export class Imports {
  constructor(
    /** Without it no feature imports: the start refuses those that would. */
    @Optional() private readonly executions: Executions,
    private readonly parts: ImportParts,
    private readonly sent: SentRows,
    private readonly transactions: Transactions,
  ) {}

  /**
   * Stores the rows, and starts the execution that processes them.
   * @throws ApiError VALIDATION_ERROR for rows that are not valid for this feature, and for too many; MALFORMED_JSON
   */
  async start(
    executor: ExecutorClass<ImportDto>,
    { scope, type, body = Buffer.alloc(0), ignore = '' }: Sent,
    once: Once,
  ): Promise<ExecutionDto> {
    const sent = this.sent.read(type, body);
    const keyed = 'fileId' in sent ? once.about(sent) : once;
    const earlier = await keyed.kept<ExecutionDto>();
    if (earlier) return earlier;
    const file = 'fileId' in sent ? await this.sent.fileOf(scope, sent.fileId) : sent;
    const ignored = ignore === '' ? [] : ignore.split(',');
    const rows = this.sent.rowsOf(file, importOf(executor), new Set(ignored));
    const kept = await this.parts.keep(ownerIn(scope), rows);
    return this.begin(executor, { ...kept, ignore: ignored }, scope, keyed);
  }

  /**
   * Creates the records of all rows with `create`, for an import executor.
   * @throws Failure if the rows are no longer stored
   */
  async run<T extends object>(
    executor: ExecutorClass<ImportDto>,
    { id, rows, parts, ignore }: ImportDto,
    run: Run,
    create: Create<T>,
  ): Promise<ImportResult> {
    const validate = importOf(executor).validate as Validator<T>;
    const work: Work<T> = {
      check: (row) => checked(row, ignore, validate),
      create: (value, transaction) => create(run.scope, value, transaction),
    };
    const faults = new RefusedRows();
    const count = { done: 0, created: 0 };
    for (let number = 1; number <= parts; number++) {
      const part = await run.step(`rows-${number}`, ({ signal }) => this.take(id, number, work, signal));
      faults.add(part);
      count.created += part.created;
      count.done += part.done;
      run.progress(count.done, rows, 'Rows');
    }
    return { rows, created: count.created, refused: faults.refused, more: faults.more };
  }

  private async begin(
    executor: ExecutorClass<ImportDto>,
    input: ImportDto,
    scope: Scope,
    once: Once,
  ): Promise<ExecutionDto> {
    const kept: KeptRows = input;
    try {
      const execution = await once.keep((transaction) =>
        this.executions.start(executor, input, { scope, ...(transaction && { transaction }) }),
      );
      // The same request was sent twice at once, and the other one was first.
      if ((execution.input as Partial<ImportDto>).id !== kept.id) await this.parts.discard(kept);
      return execution;
    } catch (error) {
      // Unless the start is known to have failed, it may have succeeded.
      if (error instanceof ApiError && error.status < 500) await this.parts.discard(kept);
      throw error;
    }
  }

  /** Creates the missing records of a part, and returns the results of all its rows. */
  private async take<T>(id: string, number: number, work: Work<T>, signal: AbortSignal): Promise<PartState> {
    const part = await this.parts.open(id, number);
    while (part.rows && part.done < part.rows.length) {
      signal.throwIfAborted();
      Object.assign(part, await this.next(part, part.rows, work));
    }
    const { done, created, refused, more } = part;
    return { done, created, refused, more };
  }

  /** Creates the next records in one transaction, up to a refused row, which is recorded with those before it. */
  private async next<T>(part: OpenPart, rows: readonly Row[], work: Work<T>): Promise<PartState> {
    const { done } = part;
    let end = Math.min(done + AT_A_TIME, rows.length);
    let last: readonly RefusedRow[] | undefined;
    for (;;) {
      const all = rows.slice(done, end).map(work.check);
      const state = after(part, last ? [...all, { refused: last }] : all);
      try {
        await this.transactions.run(async (transaction) => {
          await this.parts.note(part, state, transaction);
          for (const [index, { value }] of all.entries()) {
            if (value) await orRefused(done + index, () => work.create(value, transaction));
          }
        });
        return state;
      } catch (error) {
        if (!(error instanceof RowRefused)) throw error;
        end = error.index;
        last = refusedAt(rows[end]?.line ?? 0, error.faults);
      }
    }
  }
}

/** The progress of a part after these rows. */
function after<T>({ done, created, refused, more }: PartState, rows: readonly Checked<T>[]): PartState {
  const faults = new RefusedRows();
  faults.add({ refused, more });
  for (const row of rows) if (row.refused) faults.add({ refused: row.refused, more: 0 });
  return {
    done: done + rows.length,
    created: created + rows.filter(({ value }) => value).length,
    refused: faults.refused,
    more: faults.more,
  };
}

function refusedAt(line: number, faults: readonly Detail[]): RefusedRow[] {
  return faults.map(({ path, message }) => ({ line, path, message: message.slice(0, MAX_MESSAGE) }));
}

/** @throws RowRefused if the feature refuses the row; other errors are not the row's fault */
async function orRefused(index: number, create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    const known = error instanceof ApiError ? error : ofHttpError(error);
    if (!known || known.status >= 500 || known.status === 429) throw error;
    throw new RowRefused(index, known.details ?? [{ path: '', message: known.message }]);
  }
}

function checked<T>(
  { line, text, fault }: Row,
  ignored: readonly string[],
  validate: Validator<T>,
): Checked<T> {
  const refuse = (...faults: Detail[]) => ({ refused: refusedAt(line, faults) });
  if (text === undefined) return refuse({ path: '', message: fault });
  let sent: unknown;
  try {
    sent = JSON.parse(text);
    if (!isWithinBounds(sent)) return refuse({ path: '', message: TOO_MUCH });
    sent = withExactNumbers(sent, text);
  } catch (error) {
    if (!(error instanceof ApiError)) return refuse({ path: '', message: 'The row is not valid JSON' });
    return refuse(...(error.details ?? []));
  }
  const { value, faults } = validate(without(sent, ignored));
  return faults ? refuse(...faults) : { value };
}

function without(sent: unknown, ignored: readonly string[]): unknown {
  if (ignored.length === 0 || typeof sent !== 'object' || sent === null || Array.isArray(sent)) return sent;
  return Object.fromEntries(Object.entries(sent).filter(([name]) => !ignored.includes(name)));
}
