import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where progress is shown, such as `process.stderr`. On a terminal one line is rewritten in place. */
export interface ProgressLog {
  isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const MEGABYTE = 1_000_000;
const REWRITE_MS = 250;
/** How often a line is written where lines cannot be rewritten, such as in a file. */
const LINE_MS = 3_000;

/**
 * Runs `work`, which fills `folder`, and shows how many megabytes are there meanwhile. Watching the folder also covers
 * downloads by other programs.
 */
export async function withProgress<T>(
  log: ProgressLog,
  title: string,
  folder: string,
  work: () => Promise<T>,
): Promise<T> {
  const started = Date.now();
  let running = true;
  const show = (state: string, end = '') =>
    log.write(log.isTTY ? `\r\x1b[K${title} … ${state}${end}` : `${title} … ${state}\n`);
  const watch = async () => {
    const bytes = await sizeOf(folder);
    // The work may have finished while the folder was being read: its final line must remain the last.
    if (running) show(`${Math.round(bytes / MEGABYTE)} MB`);
  };
  show('0 MB');
  const timer = setInterval(() => void watch(), log.isTTY ? REWRITE_MS : LINE_MS);
  const end = (state: string) => {
    clearInterval(timer);
    running = false;
    show(state, '\n');
  };
  try {
    const result = await work();
    end(`done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    end('failed');
    throw error;
  }
}

/** Bytes of all files below `folder`; files that vanish in the meantime do not count. */
async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = names.map(async (name) => {
    const entry = await stat(join(folder, name)).catch(() => undefined);
    return entry?.isFile() ? entry.size : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
