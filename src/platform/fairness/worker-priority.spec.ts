import { stat } from 'node:fs/promises';
import fs from 'node:fs';
import os from 'node:os';
import { expect, it } from '@jest/globals';
import { lowerWorkers } from './worker-priority.js';

it('lowers the priority of the threads that hash, and of no other', async () => {
  await stat('.');
  const count = await lowerWorkers();
  expect(count).toBe(process.platform === 'linux' ? Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) : 0);
  if (count === 0) return;
  const threads = fs.readdirSync('/proc/self/task').map((id) => ({
    name: fs.readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim(),
    priority: os.getPriority(Number(id)),
  }));
  const others = new Set(
    threads.filter(({ name }) => name !== 'libuv-worker').map(({ priority }) => priority),
  );
  expect([...others]).toEqual([os.getPriority()]);
  const lowered = threads.filter(({ name }) => name === 'libuv-worker');
  expect(lowered.every(({ priority }) => priority === os.constants.priority.PRIORITY_BELOW_NORMAL)).toBe(
    true,
  );
});
