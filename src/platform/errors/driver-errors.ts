import { isNativeError } from 'node:util/types';
import mongoose from 'mongoose';

const {
  MongoBulkWriteError,
  MongoError,
  MongoServerError,
  MongoNetworkError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
} = mongoose.mongo;

/**
 * For every database client: MongoDB quotes values in its errors and truncates the quote by bytes, even inside a
 * character. The driver would then throw its own decoding error instead of the server's response.
 */
export const LENIENT_DECODING = { enableUtf8Validation: false } as const;

/** Driver errors that mean "not reachable now"; not all of their classes are exported, but their names are stable. */
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
 * Node's codes for a socket that broke while the driver waited to write to it. The driver passes them on and does not
 * retry. No handler lets such errors of other connections through.
 */
const BROKEN_SOCKET_CODES: ReadonlySet<unknown> = new Set(['EPIPE', 'ECONNRESET']);
/** The driver's DNS queries for the hosts of `mongodb+srv://`. */
const HOST_QUERIES: ReadonlySet<unknown> = new Set(['querySrv', 'queryTxt']);

function isOutageOfNetwork({ code, syscall }: NodeJS.ErrnoException): boolean {
  return BROKEN_SOCKET_CODES.has(code) || HOST_QUERIES.has(syscall);
}

/**
 * Labels of temporary errors. The first two belong to transactions: one that was retried until there was no time left,
 * and one whose commit may or may not have succeeded.
 */
const PASSING_LABELS = [
  'TransientTransactionError',
  'UnknownTransactionCommitResult',
  'RetryableWriteError',
  'RetryableError',
] as const;

/** A server's codes while a replica set changes or something else blocks it temporarily. */
const PASSING_CODES: ReadonlySet<unknown> = new Set(
  Object.values({
    HostUnreachable: 6,
    HostNotFound: 7,
    LockTimeout: 24,
    CursorNotFound: 43,
    LockBusy: 46,
    MaxTimeMSExpired: 50,
    StaleShardVersion: 63,
    WriteConcernTimeout: 64,
    UnknownReplWriteConcern: 79,
    NetworkTimeout: 89,
    ShutdownInProgress: 91,
    UnsatisfiableWriteConcern: 100,
    WriteConflict: 112,
    ConflictingOperationInProgress: 117,
    FailedToSatisfyReadPreference: 133,
    ReadConcernMajorityNotAvailableYet: 134,
    StaleEpoch: 150,
    QueryPlanKilled: 175,
    PrimarySteppedDown: 189,
    NetworkInterfaceExceededTimeLimit: 202,
    TransactionTooOld: 225,
    RetryChangeStream: 234,
    CursorKilled: 237,
    SnapshotTooOld: 239,
    SnapshotUnavailable: 246,
    NoSuchTransaction: 251,
    ExceededTimeLimit: 262,
    PreparedTransactionInProgress: 267,
    TransactionCoordinatorSteppingDown: 273,
    TransactionExceededLifetimeLimitSeconds: 290,
    PooledConnectionsDropped: 317,
    ConnectionPoolExpired: 384,
    SocketException: 9001,
    LegacyNotPrimary: 10058,
    NotWritablePrimary: 10107,
    InterruptedAtShutdown: 11600,
    Interrupted: 11601,
    InterruptedDueToReplStateChange: 11602,
    StaleConfig: 13388,
    NotPrimaryNoSecondaryOk: 13435,
    NotPrimaryOrSecondary: 13436,
  }),
);

/** Where a driver error has its codes: for one operation, several, or their write concern. */
interface Codes {
  readonly code?: unknown;
  readonly writeErrors?: Codes | readonly Codes[];
  readonly writeConcernError?: Codes;
  readonly result?: { readonly writeConcernError?: Codes; getWriteConcernError?(): Codes | undefined };
}

function isPassing({ code, writeErrors = [], writeConcernError, result }: Codes): boolean {
  return [
    code,
    ...[writeErrors].flat().map((each) => (each as Codes).code),
    writeConcernError?.code,
    result?.writeConcernError?.code,
    result?.getWriteConcernError?.()?.code,
  ].some((each) => PASSING_CODES.has(each));
}

/** What went wrong: the driver wraps the error of an insert of several, and so hides its kind. */
function unwrapped(error: unknown): unknown {
  const isWrapped = error instanceof MongoBulkWriteError && isNativeError(error.errorResponse);
  return isWrapped ? error.errorResponse : error;
}

/** Whether the database could not be reached or did not answer, so that retrying later may help. */
export function isOutage(thrown: unknown): boolean {
  const error = unwrapped(thrown);
  if (error instanceof mongoose.Error.MongooseServerSelectionError) return true;
  if (!(error instanceof MongoError)) return isNativeError(error) && isOutageOfNetwork(error);
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoTopologyClosedError ||
    OUTAGE_NAMES.has(error.name) ||
    PASSING_LABELS.some((label) => error.hasErrorLabel(label)) ||
    isPassing(error as Codes)
  );
}

/**
 * Whether an operation exceeded its time limit (`maxTimeMS`). The database is up, and a retry would take just as long.
 */
export function isTooSlow(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 50;
}

/** Whether all connections to the database were in use for too long. */
export function isPoolExhausted(thrown: unknown): boolean {
  const error = unwrapped(thrown);
  return error instanceof MongoError && error.name === 'MongoWaitQueueTimeoutError';
}

/** Whether a transaction that failed may have been committed all the same. */
export function mayBeCommitted(error: unknown): boolean {
  return error instanceof MongoError && error.hasErrorLabel('UnknownTransactionCommitResult');
}

/** The fields of the unique index that a write violated, or undefined for any other error. */
export function duplicateKeyOf(error: unknown): readonly string[] | undefined {
  if (!(error instanceof MongoServerError) || error.code !== 11000) return undefined;
  return Object.keys((error['keyPattern'] as Record<string, unknown> | undefined) ?? {});
}
