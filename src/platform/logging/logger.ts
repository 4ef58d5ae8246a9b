import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino';
import type { Mode } from '../config/env.js';
import type { ProcessConfig } from '../config/process.config.js';
import type { LoggingConfig } from './logging.config.js';
import { duplicateKeyOf } from '../errors/driver-errors.js';
import { requestContext } from './request-context.js';

/** Fields whose content is never logged, anywhere in the first three levels. */
const SECRET_FIELDS = [
  'password',
  'passwordHash',
  'currentPassword',
  'newPassword',
  'token',
  'accessToken',
  'refreshToken',
  'secret',
  'key',
  'otp',
  'email',
  'authorization',
  'cookie',
  '["set-cookie"]',
];

type LogHook = NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']>;

const paths = SECRET_FIELDS.flatMap((field) => {
  const name = field.startsWith('[') ? field : `.${field}`;
  return [name.replace(/^\./, ''), `*${name}`, `*.*${name}`];
});

const DUPLICATE_KEY = 'E11000 duplicate key';

/** Whether an error's message quotes a value: duplicate key errors do, and so do errors caused by them. */
function quotesValue(thrown: unknown): boolean {
  // Causes may be circular.
  const seen = new Set<unknown>();
  for (let error = thrown; error instanceof Error && !seen.has(error); error = error.cause) {
    if (duplicateKeyOf(error)) return true;
    seen.add(error);
  }
  return false;
}

/** Errors as they may be logged: a duplicate key error quotes the value, which may be an address. */
function serializeError(error: Error): unknown {
  if (!quotesValue(error)) return stdSerializers.err(error);
  const stack = error.stack?.split('\n').filter((line) => line.startsWith('    at '));
  return { type: error.name, message: DUPLICATE_KEY, stack: stack?.join('\n') };
}

/** Gives a line without a message a fixed one if its error quotes a value: pino would use the error's message. */
const logMethod: LogHook = function (args, method) {
  const [first, message] = args as unknown[];
  const error = first instanceof Error ? first : (first as { err?: unknown } | null | undefined)?.err;
  if (message === undefined && quotesValue(error)) method.call(this, first, DUPLICATE_KEY);
  else method.apply(this, args);
};

/** The loggers of a process, on one destination. */
export interface Loggers {
  /** For lines with any content: secrets are redacted, errors trimmed. */
  readonly logger: Logger;
  /** For request lines and domain events, whose few fields are known to hold no content and include the request id. */
  readonly records: Logger;
}

/** How long lines are buffered. */
const COLLECT_MS = 100;

/**
 * Standard output. In production lines are buffered for a tenth of a second, since writing each at once would be the
 * largest part of a line's cost; the buffer is flushed when the process ends.
 */
function standardOutput(mode: Mode): DestinationStream {
  if (mode !== 'production') return pino.destination({ dest: 1, sync: true });
  // Lines are passed as bytes: as strings, each would make sonic-boom measure its whole buffer again.
  const collected = pino.destination({
    dest: 1,
    sync: false,
    contentMode: 'buffer',
    minLength: 32 * 1024,
    maxWrite: 64 * 1024,
  });
  const bytes = collected as unknown as { write(line: Buffer): boolean };
  let timer: NodeJS.Timeout | undefined;
  let buffered = 0;
  collected.on('write', (written) => (buffered -= Number(written)));
  const flush = (): void => {
    // Again until everything is written: while a write is under way, `collected.flush` does nothing.
    timer = buffered > 0 ? setTimeout(flush, COLLECT_MS).unref() : undefined;
    if (timer) collected.flush();
  };
  return {
    write: (line) => {
      const data = Buffer.from(line);
      buffered += data.length;
      bytes.write(data);
      // A permanent timer would wake an idle process for nothing.
      timer ??= setTimeout(flush, COLLECT_MS).unref();
    },
  };
}

/** JSON lines, the level as a word, the request id on each. */
export function createLoggers(
  { logLevel, mode }: LoggingConfig & Pick<ProcessConfig, 'mode'>,
  destination: DestinationStream = standardOutput(mode),
): Loggers {
  const options: LoggerOptions = { level: logLevel, formatters: { level: (label) => ({ level: label }) } };
  const redacting: LoggerOptions = {
    ...options,
    // A copy: pino adds the fields of the line to it, and they would stay for the next line.
    mixin: () => {
      const { requestId, traceId } = requestContext.getStore() ?? {};
      return { requestId, traceId };
    },
    redact: { paths, censor: '[removed]' },
    serializers: { err: serializeError },
    hooks: { logMethod },
  };
  return { logger: pino(redacting, destination), records: pino(options, destination) };
}
