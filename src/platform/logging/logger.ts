import { type DestinationStream, type Logger, type LoggerOptions, pino, stdSerializers } from 'pino';
import type { Config } from '../config/config.js';
import { duplicateKeyOf } from '../database/driver-errors.js';
import { requestContext } from './request-context.js';

/** Fields whose content never reaches a log, wherever they stand in the first three levels. */
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

const paths = SECRET_FIELDS.flatMap((field) => {
  const name = field.startsWith('[') ? field : `.${field}`;
  return [name.replace(/^\./, ''), `*${name}`, `*.*${name}`];
});

/** Errors as they may be logged: a duplicate key error quotes the value, which may be an address. */
function serializeError(error: Error): unknown {
  if (duplicateKeyOf(error))
    return {
      type: error.name,
      message: 'E11000 duplicate key',
      stack: error.stack?.split('\n').slice(1).join('\n'),
    };
  return stdSerializers.err(error);
}

/** The one logger: JSON lines on standard output, level as a word, secrets removed. */
export function createLogger(
  { logLevel }: Pick<Config, 'logLevel'>,
  destination?: DestinationStream,
): Logger {
  const options: LoggerOptions = {
    level: logLevel,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths, censor: '[removed]' },
    serializers: { err: serializeError },
    mixin: () => requestContext.getStore() ?? {},
  };
  return destination ? pino(options, destination) : pino(options);
}
