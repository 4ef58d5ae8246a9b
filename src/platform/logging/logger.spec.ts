import { describe, expect, it } from '@jest/globals';
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
