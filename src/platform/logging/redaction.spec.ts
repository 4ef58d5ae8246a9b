import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import type { Logger } from 'pino';
import { apiError } from '../errors/errors.js';
import { createLoggers } from './logger.js';

/** What the logger writes for what is done with it: the lines, and the text of them all. */
function linesOf(use: (logger: Logger) => void): { lines: Record<string, unknown>[]; text: string } {
  const chunks: string[] = [];
  use(
    createLoggers({ logLevel: 'trace', mode: 'test' }, { write: (chunk) => void chunks.push(chunk) }).logger,
  );
  return {
    lines: chunks.map((chunk) => JSON.parse(chunk) as Record<string, unknown>),
    text: chunks.join(''),
  };
}

const SECRET = 's3cret-value';

describe('a secret field', () => {
  it.each([
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
    'set-cookie',
  ])('is removed from the first three levels: %s', (field) => {
    const { lines, text } = linesOf((logger) => {
      for (const value of [SECRET, [SECRET], { inner: SECRET }]) {
        logger.info({ [field]: value, a: 1 });
        logger.info({ body: { [field]: value, a: 1 } });
        logger.info({ request: { body: { [field]: value, a: 1 } } });
      }
    });
    expect(text).not.toContain(SECRET);
    expect(lines).toHaveLength(9);
    expect(lines[0]).toMatchObject({ [field]: '[removed]', a: 1 });
    expect(lines[1]).toMatchObject({ body: { [field]: '[removed]', a: 1 } });
    expect(lines[2]).toMatchObject({ request: { body: { [field]: '[removed]', a: 1 } } });
  });

  it('leaves what was logged as it was', () => {
    const body = { password: SECRET };
    linesOf((logger) => logger.info({ body }));
    expect(body).toEqual({ password: SECRET });
  });

  it('is removed from lists of objects, and from what is bound to a logger', () => {
    const { text } = linesOf((logger) => {
      logger.info({ users: [{ email: SECRET }] });
      logger.child({ email: SECRET }).info('bound');
    });
    expect(text).not.toContain(SECRET);
  });
});

describe('a duplicate key error', () => {
  const error = new mongoose.mongo.MongoServerError({
    message: `E11000 duplicate key error dup key: { email: "${SECRET}",\n    at "home" }`,
    code: 11_000,
    keyPattern: { email: 1 },
    keyValue: { email: SECRET, name: SECRET },
  });

  it.each<[string, (logger: Logger) => void]>([
    ['by itself', (logger) => logger.error(error)],
    ['with a message', (logger) => logger.error(error, 'Could not save')],
    ['as a field', (logger) => logger.error({ err: error })],
    ['as a field with a message', (logger) => logger.error({ err: error }, 'Could not save')],
    ['as a cause', (logger) => logger.error({ err: apiError('INTERNAL_ERROR', { cause: error }) })],
    [
      'as a distant cause',
      (logger) => logger.error(new Error('a', { cause: new Error('b', { cause: error }) })),
    ],
  ])('loses the value when it is logged %s', (_, use) => {
    const { lines, text } = linesOf(use);
    expect(text).not.toContain(SECRET);
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'error',
        err: expect.objectContaining({ message: 'E11000 duplicate key' }),
      }),
    ]);
  });

  it('still tells where it came from', () => {
    const { lines } = linesOf((logger) => logger.error({ err: error }, 'Could not save'));
    expect(lines[0]).toMatchObject({ msg: 'Could not save', err: { type: 'MongoServerError' } });
    expect(lines[0]).toHaveProperty('err.stack', expect.stringContaining('redaction.spec'));
  });
});

describe('any other error', () => {
  it('is logged with its message, its stack and its cause', () => {
    const { lines } = linesOf((logger) =>
      logger.error(new Error('outer', { cause: new TypeError('inner') })),
    );
    expect(lines[0]).toMatchObject({
      msg: 'outer',
      err: {
        type: 'Error',
        message: expect.stringContaining('inner'),
        stack: expect.stringContaining(' at '),
      },
    });
  });

  it('may be its own cause', () => {
    const error = new Error('round');
    error.cause = error;
    expect(linesOf((logger) => logger.error(error)).lines[0]).toMatchObject({ msg: 'round' });
  });

  it.each([undefined, null, 'text', 7, {}])('may be no error at all: %p', (err) => {
    expect(linesOf((logger) => logger.error({ err }, 'said')).lines[0]).toMatchObject({ msg: 'said' });
  });
});

describe('a line', () => {
  it('has its level as a word', () => {
    const { lines } = linesOf((logger) => {
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)
        logger[level]('said');
    });
    expect(lines.map(({ level }) => level)).toEqual(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);
  });

  it('may be a text with values, or fields only', () => {
    const { lines } = linesOf((logger) => {
      logger.info('%s and %d', 'a', 1);
      logger.info({ a: 1 }, 'with %s', 'b');
      logger.info({ a: 1 });
    });
    expect(lines.map(({ msg }) => msg)).toEqual(['a and 1', 'with b', undefined]);
  });
});
