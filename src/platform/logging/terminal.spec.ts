import { describe, expect, it } from '@jest/globals';
import { createLoggers } from './logger.js';
import { terminalLines } from './terminal.js';

async function shown(isWhole = false) {
  const texts: string[] = [];
  const lines = await terminalLines(
    { write: (text) => texts.push(text.replace(/^\d\d:\d\d /, '')) },
    { isWhole, colorize: false },
  );
  const loggers = createLoggers({ logLevel: 'info', mode: 'development' }, lines);
  return { texts, ...loggers };
}

const request = { event: 'request', requestId: 'r1', method: 'POST', address: '127.0.0.1', userId: 'u1' };

describe('lines of the log at a terminal', () => {
  it('say of a request what it was, how it ended and how long it took', async () => {
    const { texts, records } = await shown();
    records.info({
      ...request,
      path: '/api/v1/auth/register',
      route: '/api/v1/auth/register',
      status: 201,
      durationMs: 84.4,
    });
    records.warn({
      ...request,
      path: '/x',
      route: undefined,
      status: 404,
      code: 'ROUTE_NOT_FOUND',
      durationMs: 0.4,
    });
    expect(texts).toEqual([
      'POST /api/v1/auth/register 201 84 ms\n',
      'WARN POST /x 404 0 ms ROUTE_NOT_FOUND\n',
    ]);
  });

  it('leave out what a start does each time, but no warning of it', async () => {
    const { texts, records, logger } = await shown();
    records.info({ event: 'indexes_created', collection: 'users' });
    logger.info('Server listening at http://127.0.0.1:3002');
    records.warn({ event: 'migration_progress', done: 1 });
    expect(texts).toEqual(['WARN migration_progress done=1\n']);
  });

  it('leave out files of pages that are there, unless everything is wanted', async () => {
    const file = {
      ...request,
      path: '/console/files/a/app.js',
      route: '/console/files/:version/:file',
      durationMs: 1,
    };
    const [few, all] = [await shown(), await shown(true)];
    for (const { records } of [few, all]) {
      records.info({ ...file, status: 200 });
      records.info({ ...file, status: 404 });
    }
    expect([few.texts.length, all.texts.length]).toEqual([1, 2]);
    expect(few.texts).toEqual([expect.stringContaining(' 404 ')]);
  });

  it('hold the fields of an event, the stack of an error, and no secret', async () => {
    const { texts, records, logger } = await shown();
    records.info({ event: 'mail_sent', kind: 'verify-email', requestId: 'r1' });
    logger.error({ err: new Error('no paper'), password: 'hidden' }, 'Not printed');
    expect(texts[0]).toBe('mail_sent kind=verify-email\n');
    expect(texts[1]).toMatch(/^ERROR Not printed\n[^]*no paper[^]*at /);
    expect(texts.join('')).not.toContain('hidden');
  });
});
