import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { type Transaction, Transactions } from '../database/transactions.js';
import { type ApiError, apiError, type Detail, invalid } from '../errors/errors.js';
import { toApiError } from '../http/failure.js';
import type { Once } from '../idempotency/once.js';
import { type Validator, validatorOf } from '../validation/compile.js';
import { NO_PRECONDITION, parsePrecondition, type Precondition } from '../validation/precondition.js';
import type { Constructor } from '../validation/rules.js';
import type { Batch, BatchResult, Operation } from './batch.dto.js';

/** Performs the operations of a batch, each in the transaction if there is one. */
export interface Operations<Create, Replace, Update, T> {
  POST(body: Create, transaction?: Transaction): Promise<T>;
  PUT(id: string, ifMatch: Precondition, body: Replace, transaction?: Transaction): Promise<T>;
  PATCH(id: string, ifMatch: Precondition, body: Update, transaction?: Transaction): Promise<T>;
  DELETE(id: string, ifMatch: Precondition, transaction?: Transaction): Promise<unknown>;
}

type Work<T> = (transaction?: Transaction) => Promise<BatchResult<T>>;

/** The fields that an operation needs besides its method, and those that it must not have. */
const PARTS = {
  POST: { needs: ['body'], refuses: ['id', 'ifMatch'] },
  PUT: { needs: ['id', 'body'], refuses: [] },
  PATCH: { needs: ['id', 'body'], refuses: [] },
  DELETE: { needs: ['id'], refuses: ['body'] },
} as const;

/** Longest time for a batch, in milliseconds. */
export const BATCH_MS = 15_000;

/** Performs several operations on the records of a feature: all or none, or each on its own. */
@Injectable()
export class Batches {
  constructor(
    private readonly transactions: Transactions,
    private readonly logger: PinoLogger,
  ) {}

  /**
   * Performs the operations of a batch in order, and once for each Idempotency-Key.
   * @throws ApiError VALIDATION_ERROR for malformed operations; for an atomic batch the error of the first refused
   *   operation, whose details begin with `operations.3`
   */
  async run<Create extends object, Replace extends object, Update extends object, T, Dto>(
    batch: Batch<Create, Replace, Update>,
    once: Once,
    answer: (record: T) => Dto,
    operations: Operations<Create, Replace, Update, T>,
  ): Promise<BatchResult<Dto>[]> {
    const { operations: asked, atomic } = batch;
    requireParts(asked);
    const bodies = batch.bodies();
    const works = asked.map((operation) => workOf(operation, bodies, operations, answer));
    if (atomic) {
      return once.keep((transaction) =>
        this.transactions.join(transaction, (joined) => inTurn(works, joined)),
      );
    }
    const earlier = await once.kept<BatchResult<Dto>[]>();
    if (earlier) return earlier;
    const results: BatchResult<Dto>[] = [];
    // An interrupted request that is sent again performs only the remaining operations.
    for (const [index, work] of works.entries()) {
      const part = once.part(String(index), asked[index]);
      results.push(await part.keep(work).catch((error: unknown) => this.refused(error, index)));
    }
    return once.keep(() => Promise.resolve(results));
  }

  /** The result of a refused operation. @throws ApiError for errors that concern the whole batch */
  private refused(thrown: unknown, index: number): BatchResult<never> {
    const error = placed(toApiError(thrown), index);
    const { status, code, message, details } = error;
    if (code.startsWith('IDEMPOTENCY_')) throw error;
    if (status >= 500)
      this.logger.error({ event: 'operation_failed', code, err: error.cause ?? error }, message);
    return { status, error: message, code, ...(details && { details }) };
  }
}

/** @throws ApiError that names the refused operation */
async function inTurn<T>(works: readonly Work<T>[], transaction: Transaction): Promise<BatchResult<T>[]> {
  const results: BatchResult<T>[] = [];
  for (const [index, work] of works.entries()) {
    try {
      results.push(await work(transaction));
    } catch (error) {
      // Errors of the driver are rethrown unchanged: they make the transaction retry.
      throw isApiError(error) ? placed(error, index) : error;
    }
  }
  return results;
}

function isApiError(error: unknown): error is ApiError {
  return toApiError(error) === error;
}

function workOf<Create extends object, Replace extends object, Update extends object, T, Dto>(
  { method, id = '', body, ifMatch }: Operation,
  bodies: ReturnType<Batch<Create, Replace, Update>['bodies']>,
  operations: Operations<Create, Replace, Update, T>,
  answer: (record: T) => Dto,
): Work<Dto> {
  const expected = () =>
    ifMatch === undefined ? NO_PRECONDITION : parsePrecondition({ 'if-match': ifMatch });
  const changed = async (made: Promise<T>, status = 200) => ({ status, data: answer(await made) });
  switch (method) {
    case 'POST': {
      const checked = checkedBy(bodies.POST, body);
      return async (transaction) => changed(operations.POST(checked(), transaction), 201);
    }
    case 'PUT': {
      const checked = checkedBy(bodies.PUT, body);
      return async (transaction) => changed(operations.PUT(id, expected(), checked(), transaction));
    }
    case 'PATCH': {
      const checked = checkedBy(bodies.PATCH, body);
      return async (transaction) => changed(operations.PATCH(id, expected(), checked(), transaction));
    }
    case 'DELETE':
      return async (transaction) => {
        await operations.DELETE(id, expected(), transaction);
        return { status: 200, data: null };
      };
  }
}

/** Checks a body once. The returned function gives the body, or throws its faults when it is its turn. */
function checkedBy<B extends object>(type: Constructor<B>, body: unknown): () => B {
  const validate: Validator<B> = validatorOf(type);
  const { value, faults } = validate(body);
  return () => {
    if (faults) throw invalid(faults.map(({ path, message }) => ({ path: under('body', path), message })));
    return value;
  };
}

function under(place: string, path: string): string {
  return path === '' ? place : `${place}.${path}`;
}

/** @throws ApiError VALIDATION_ERROR that names each malformed operation */
function requireParts(operations: readonly Operation[]): void {
  const faults = operations.flatMap((operation, index) => {
    const { method } = operation;
    const { needs, refuses } = PARTS[method];
    const at = (part: string) => `operations.${index}.${part}`;
    return [
      ...needs
        .filter((part) => operation[part] === undefined)
        .map((part): Detail => ({ path: at(part), message: `${part} is required with ${method}` })),
      ...refuses
        .filter((part) => operation[part] !== undefined)
        .map((part): Detail => ({ path: at(part), message: `${part} must not be sent with ${method}` })),
    ];
  });
  if (faults.length > 0) throw invalid(faults);
}

/** The part of an operation that errors without details are about, by status. */
const PLACES: Readonly<Record<number, string>> = { 404: '.id', 412: '.ifMatch' };

/** The error with the path of its operation. Fields that the service names are in the body. */
function placed(error: ApiError, index: number): ApiError {
  const operation = `operations.${index}`;
  const { code, status, message, level, headers, details } = error;
  const isOfBody = (path: string) => !/^(?:body|if-match)(?:\.|$)/.test(path);
  const all = details?.map(({ path, ...rest }) => {
    const place = path === 'if-match' ? 'ifMatch' : isOfBody(path) ? under('body', path) : path;
    return { path: `${operation}.${place}`, ...rest };
  }) ?? [{ path: `${operation}${PLACES[status] ?? ''}`, message }];
  return apiError({ code, status, message, level, headers }, { details: all, cause: error.cause });
}
