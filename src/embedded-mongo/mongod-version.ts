import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { reasonOf } from './embedded-mongo-error.js';

/** `hello`, quick shutdown and driver 7 together need at least this major version. */
const OLDEST_MAJOR = 5;

/**
 * The version a mongod program reports, such as `6.0.5`.
 * @throws Error when the program does not run, is no mongod, or is too old
 */
export async function mongodVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['--version'], {
    timeout: 10_000,
    killSignal: 'SIGKILL',
  }).catch((error: unknown) => {
    throw new Error(`${path} does not run: ${reasonOf(error)}`, { cause: error });
  });
  const version = /db version v(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${path} does not answer --version as a mongod does`);
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    throw new Error(`${path} is mongod ${version}; ${OLDEST_MAJOR}.0 or newer is needed`);
  }
  return version;
}

/**
 * Whether files of `files` are too new for a mongod of version `program`. Releases of one series (8.0.x) share
 * their file format; 8.0 cannot open what 8.2 has written.
 */
export function isNewerSeries(files: string, program: string): boolean {
  const [fileMajor = 0, fileMinor = 0] = files.split('.').map(Number);
  const [major = 0, minor = 0] = program.split('.').map(Number);
  return fileMajor > major || (fileMajor === major && fileMinor > minor);
}
