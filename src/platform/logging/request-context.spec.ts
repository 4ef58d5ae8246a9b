import { describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { createLoggers } from './logger.js';
import { requestContext } from './request-context.js';

describe('the id of a request', () => {
  it('is on every line that the request causes, however late, and on no line of another', async () => {
    const lines: { requestId?: string; said: string }[] = [];
    const write = (chunk: string) => void lines.push(JSON.parse(chunk) as (typeof lines)[number]);
    const { logger } = createLoggers({ logLevel: 'info', mode: 'test' }, { write });
    const handle = (requestId: string, delay: number) =>
      requestContext.run({ requestId }, async () => {
        logger.info({ said: `${requestId} starts` });
        await wait(delay);
        logger.child({ module: 'a' }).info({ said: `${requestId} ends` });
        setImmediate(() => logger.info({ said: `${requestId} afterwards` }));
      });
    await Promise.all([handle('r1', 20), handle('r2', 5), handle('r3', 10)]);
    logger.info({ said: 'outside' });
    await wait(20);
    expect(lines).toHaveLength(10);
    expect(lines.filter(({ requestId }) => requestId === undefined).map(({ said }) => said)).toEqual([
      'outside',
    ]);
    for (const { requestId, said } of lines.filter((line) => line.requestId)) {
      expect(said.startsWith(`${requestId} `)).toBe(true);
    }
  });
});
