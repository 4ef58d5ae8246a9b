import { mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
const PREFIX = 'product-run-';
const NEEDED_BYTES = 4 * 2 ** 30;

/**
 * A folder for the temporary files of a test run. Where the system keeps one in memory with room enough it is there:
 * databases that are made for a test wait for the disk more than for anything else. Removed by `remove`; what a run
 * left that was killed is removed by the next one.
 */
export function temporaryFolder() {
  try {
    for (const name of readdirSync(MEMORY)) {
      if (name.startsWith(PREFIX) && !isAlive(Number(name.slice(PREFIX.length)))) {
        rmSync(join(MEMORY, name), { recursive: true, force: true });
      }
    }
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < NEEDED_BYTES) throw new Error('too small');
    const path = join(MEMORY, `${PREFIX}${process.pid}`);
    // Others may pass through it, as the user of an image under test does, and not look around.
    mkdirSync(path, { mode: 0o711 });
    return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
  } catch {
    return { path: tmpdir(), remove: () => undefined };
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
