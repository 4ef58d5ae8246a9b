import { Env } from '../config/env.js';
import { oneOf } from '../config/kinds.js';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What is logged. */
export class LoggingConfig {
  /** The least severe log lines that are written. `debug` helps to track down a problem. */
  @Env('LOG_LEVEL', oneOf(...LOG_LEVELS), { default: 'info' })
  readonly logLevel!: (typeof LOG_LEVELS)[number];
}
