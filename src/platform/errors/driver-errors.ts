import { isNativeError } from 'node:util/types';
import mongoose from 'mongoose';

const {
  MongoError,
  MongoServerError,
  MongoNetworkError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} = mongoose.mongo;

/** Driver errors that say "not reachable now"; their classes are not all exported, their names are stable. */
const OUTAGE_NAMES: ReadonlySet<string> = new Set([
  'MongoNotConnectedError',
  'MongoPoolClearedError',
  'MongoPoolClearedOnNetworkError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoServerClosedError',
  'MongoStalePrimaryError',
  'MongoOperationTimeoutError',
  'MongoClientClosedError',
]);

/**
 * What Node says of a socket that broke while the driver waited to write to it. The driver passes this on as it
 * is and does not retry. No handler has another connection whose errors it lets through.
 */
const BROKEN_SOCKET_CODES: ReadonlySet<unknown> = new Set(['EPIPE', 'ECONNRESET']);
/** What the driver asks the DNS for the hosts of `mongodb+srv://`. */
const HOST_QUERIES: ReadonlySet<unknown> = new Set(['querySrv', 'queryTxt']);

function isOutageOfNetwork({ code, syscall }: NodeJS.ErrnoException): boolean {
  return BROKEN_SOCKET_CODES.has(code) || HOST_QUERIES.has(syscall);
}

/**
 * Labels of what passes: of a transaction the first two, when it was begun anew until there was no time left, or when
 * nobody knows whether it is in the database.
 */
const PASSING_LABELS = [
  'TransientTransactionError',
  'UnknownTransactionCommitResult',
  'RetryableWriteError',
  'RetryableError',
] as const;

/** Whether the database could not be reached or did not answer, so that retrying later may help. */
export function isOutage(error: unknown): boolean {
  if (error instanceof mongoose.Error.MongooseServerSelectionError) return true;
  if (!(error instanceof MongoError)) {
    return isNativeError(error) && isOutageOfNetwork(error);
  }
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoTopologyClosedError ||
    OUTAGE_NAMES.has(error.name) ||
    PASSING_LABELS.some((label) => error.hasErrorLabel(label))
  );
}

/** The first indexed field that a write would have repeated in a unique index, or undefined for any other error. */
export function duplicateKeyOf(error: unknown): readonly string[] | undefined {
  if (!(error instanceof MongoServerError) || error.code !== 11000) return undefined;
  return Object.keys((error['keyPattern'] as Record<string, unknown> | undefined) ?? {});
}
