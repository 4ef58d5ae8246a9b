import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '../support/mails.js';

const LOGGER = join(import.meta.dirname, '../../dist/platform/logging/logger.js');

/** Fills the pipe, which nobody reads yet, and writes another line while that write is under way. */
const PROGRAM = `
import { createLoggers } from ${JSON.stringify(LOGGER)};
const { records } = createLoggers({ logLevel: 'info', mode: 'production' });
records.info({ filler: 'x'.repeat(1_000_000) });
setTimeout(() => records.info({ event: 'second' }), 50);
setInterval(() => undefined, 1_000);
`;

it('a line that comes while an earlier one is being written is written without another one', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await sleep(1_500);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await eventually(() => output.includes('"second"'));
    expect(output.split('\n').filter(Boolean)).toHaveLength(2);
  } finally {
    child.kill('SIGKILL');
  }
});
