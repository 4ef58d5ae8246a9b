import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { FrameworkLogger } from './framework-logger.js';
import { createLoggers } from './logger.js';
import { requestContext } from './request-context.js';

describe('the logger', () => {
  it('puts the request id on every line of a request, and no field of an earlier line', () => {
    const lines: unknown[] = [];
    const { logger } = createLoggers(
      { logLevel: 'info', mode: 'test' },
      { write: (line) => void lines.push(JSON.parse(line)) },
    );
    requestContext.run({ requestId: 'r1' }, () => {
      logger.info({ event: 'first', recordId: 'a' });
      logger.info({ event: 'second' });
    });
    expect(lines).toEqual([
      expect.objectContaining({ requestId: 'r1', event: 'first', recordId: 'a' }),
      expect.objectContaining({ requestId: 'r1', event: 'second' }),
    ]);
    expect(lines[1]).not.toHaveProperty('recordId');
  });
});

describe("Nest's Logger", () => {
  const lines: Record<string, unknown>[] = [];
  const { logger } = createLoggers(
    { logLevel: 'debug', mode: 'test' },
    { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const lineOf = (write: () => void): Record<string, unknown> | undefined => {
    Logger.overrideLogger(new FrameworkLogger(logger));
    write();
    return lines.pop();
  };
  const own = new Logger('InvoicesService');

  it('writes at the level that was called; only what Nest tells about its start is for debugging', () => {
    expect(lineOf(() => own.log('Sent'))).toMatchObject({
      level: 'info',
      context: 'InvoicesService',
      msg: 'Sent',
    });
    expect(lineOf(() => new Logger().log('Without context'))).toMatchObject({ level: 'info' });
    expect(lineOf(() => own.debug('Looked'))).toMatchObject({ level: 'debug' });
    expect(lineOf(() => own.fatal('Lost'))).toMatchObject({ level: 'fatal', msg: 'Lost' });
    expect(lineOf(() => new Logger('RouterExplorer').log('Mapped'))).toMatchObject({ level: 'debug' });
    expect(lineOf(() => new Logger('RouterExplorer').warn('Odd'))).toMatchObject({ level: 'warn' });
  });

  it('loses nothing of what it is given, and removes secrets', () => {
    expect(lineOf(() => own.log({ invoiceId: 'a1', token: 't' }))).toMatchObject({
      invoiceId: 'a1',
      token: '[removed]',
      context: 'InvoicesService',
    });
    expect(lineOf(() => own.log('Sent', { to: 3, email: 'ada@example.com' }, 'twice'))).toMatchObject({
      msg: 'Sent',
      more: [{ to: 3, email: '[removed]' }, 'twice'],
    });
    const error = new Error('no paper');
    expect(lineOf(() => own.error('Not printed', error))).toMatchObject({
      msg: 'Not printed',
      err: { message: 'no paper' },
    });
    expect(lineOf(() => own.error('Not printed', error.stack))).toMatchObject({ stack: error.stack });
    expect(lineOf(() => own.warn(error))).toMatchObject({ level: 'warn', err: { message: 'no paper' } });
  });
});
