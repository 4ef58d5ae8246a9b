import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/**
 * The contexts of Nest's startup messages. `ExceptionHandler` rethrows what it logs, so the startup error is reported
 * anyway.
 */
const OF_THE_START: ReadonlySet<unknown> = new Set([
  'ExceptionHandler',
  'InjectorLogger',
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/**
 * Writes the messages of Nest's `Logger`, including Nest's own, to the product's log. Startup messages have level
 * debug.
 */
export class FrameworkLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...more: unknown[]): void {
    this.write('info', message, more);
  }

  debug(message: unknown, ...more: unknown[]): void {
    this.write('debug', message, more);
  }

  verbose(message: unknown, ...more: unknown[]): void {
    this.write('trace', message, more);
  }

  warn(message: unknown, ...more: unknown[]): void {
    this.write('warn', message, more);
  }

  error(message: unknown, ...more: unknown[]): void {
    this.write('error', message, more);
  }

  fatal(message: unknown, ...more: unknown[]): void {
    this.write('fatal', message, more);
  }

  /** Nest passes the context last. An error, its stack, or anything else may come before it. */
  private write(level: Level, message: unknown, more: readonly unknown[]): void {
    const context = typeof more.at(-1) === 'string' ? more.at(-1) : undefined;
    const fields: Record<string, unknown> = { context };
    const others: unknown[] = [];
    for (const each of context === undefined ? more : more.slice(0, -1)) {
      if (each instanceof Error) fields['err'] = each;
      else if (typeof each === 'string' && /\n\s+at /.test(each)) fields['stack'] = each;
      else if (each !== undefined) others.push(each);
    }
    if (others.length > 0) fields['more'] = others;
    const to = OF_THE_START.has(context) && level !== 'warn' ? 'debug' : level;
    if (message instanceof Error) this.logger[to]({ ...fields, err: message });
    else if (typeof message === 'object') this.logger[to]({ ...message, ...fields });
    else this.logger[to](fields, String(message));
  }
}
