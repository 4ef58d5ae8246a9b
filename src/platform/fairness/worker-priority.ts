import fs from 'node:fs/promises';
import os from 'node:os';

/** As `nice` counts: a tenth of the time of a busy processor. */
const PRIORITY = os.constants.priority.PRIORITY_BELOW_NORMAL;
const TASKS = '/proc/self/task';

/**
 * Gives the threads of libuv, which hash passwords, a lower priority than the one that handles requests: a thread that
 * hashes needs all of a processor for a quarter of a second. On Linux only, where threads have priorities of their own.
 * @returns how many threads were found
 */
export async function lowerWorkers(): Promise<number> {
  if (process.platform !== 'linux') return 0;
  const threads = await fs.readdir(TASKS);
  const names = await Promise.all(
    threads.map((id) => fs.readFile(`${TASKS}/${id}/comm`, 'utf8').catch(() => '')),
  );
  const workers = threads.filter((_, at) => names[at]?.startsWith('libuv-worker'));
  for (const id of workers) os.setPriority(Number(id), PRIORITY);
  return workers.length;
}
