import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EmbeddedMongoError } from './embedded-mongo-error.js';
import { resolveMongod } from './mongod-binary.js';
import { isNewerSeries, mongodVersion } from './mongod-version.js';
import { PRODUCT } from '../product/product.js';

const log = { write: () => true };
/** Where nothing listens: the vendor's download ends at once, on every network. */
const NOWHERE = 'http://127.0.0.1:1/';

let home: string;
let cached: string;

async function script(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}
const mongodOf = (path: string, version: string) => script(path, `echo "db version v${version}"`);

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'mongod-binary-'));
  cached = join(home, '.cache', PRODUCT.key, `mongod-${process.platform}-${process.arch}`);
  process.env['MONGOMS_DOWNLOAD_MIRROR'] = NOWHERE;
});

afterEach(async () => {
  delete process.env['MONGOMS_DOWNLOAD_MIRROR'];
  await rm(home, { recursive: true });
});

describe('the search for a mongod', () => {
  it('takes MONGOD_BINARY before everything else', async () => {
    const binary = await mongodOf(join(home, 'mine'), '7.0.1');
    await mongodOf(join(home, 'bin/mongod'), '6.0.9');
    const found = await resolveMongod({ binary, env: { PATH: join(home, 'bin'), HOME: home }, log });
    expect(found).toEqual({ path: binary, version: '7.0.1', source: 'MONGOD_BINARY' });
  });

  it.each([
    ['is missing', async () => join(home, 'none'), /ENOENT/],
    ['is no program', async () => (await writeFile(join(home, 'text'), 'x'), join(home, 'text')), /EACCES/],
    ['is another program', () => script(join(home, 'other'), 'echo hello'), /does not answer --version/],
    [
      'fails',
      () => script(join(home, 'broken'), 'echo libcurl.so.4: missing >&2; exit 127'),
      /libcurl\.so\.4/,
    ],
    ['is too old', () => mongodOf(join(home, 'old'), '4.4.29'), /5\.0 or newer/],
  ])('names MONGOD_BINARY when it %s, and tries nothing else', async (_, make, reason) => {
    await mongodOf(join(home, 'bin/mongod'), '6.0.9');
    const env = { PATH: join(home, 'bin'), HOME: home };
    const search = resolveMongod({ binary: await make(), env, log });
    await expect(search).rejects.toThrow(EmbeddedMongoError);
    await expect(search).rejects.toThrow(/^MONGOD_BINARY cannot be used: /);
    await expect(search).rejects.toThrow(reason);
  });

  it('takes the first mongod on PATH before the one in the cache', async () => {
    await mongodOf(join(home, 'second/mongod'), '6.0.2');
    await mongodOf(join(home, 'third/mongod'), '6.0.3');
    await mongodOf(cached, '6.0.9');
    const PATH = [join(home, 'first'), join(home, 'second'), join(home, 'third')].join(':');
    const found = await resolveMongod({ env: { PATH, HOME: home }, log });
    expect(found).toEqual({ path: join(home, 'second/mongod'), version: '6.0.2', source: 'PATH' });
  });

  it('takes the cached one when the one on PATH is too old', async () => {
    await mongodOf(join(home, 'bin/mongod'), '3.6.8');
    await mongodOf(cached, '6.0.9');
    const found = await resolveMongod({ env: { PATH: join(home, 'bin'), HOME: home }, log });
    expect(found).toEqual({ path: cached, version: '6.0.9', source: 'cache' });
  });

  it('keeps its cache in XDG_CACHE_HOME when that is an absolute path', async () => {
    const elsewhere = join(home, 'xdg', PRODUCT.key, `mongod-${process.platform}-${process.arch}`);
    await mongodOf(elsewhere, '6.0.8');
    await mongodOf(cached, '6.0.9');
    const found = async (XDG_CACHE_HOME: string) =>
      (await resolveMongod({ env: { PATH: '', HOME: home, XDG_CACHE_HOME }, log })).path;
    expect(await found(join(home, 'xdg'))).toBe(elsewhere);
    expect(await found('xdg')).toBe(cached);
    expect(await found('')).toBe(cached);
  });

  it('never uses a cached file that does not answer --version, and says what it tried and what to do', async () => {
    await script(cached, 'exit 1');
    const error = await resolveMongod({ env: { PATH: join(home, 'bin'), HOME: home }, log }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(EmbeddedMongoError);
    const { message } = error as EmbeddedMongoError;
    expect(message).toMatch(/PATH: no mongod in it\n/);
    expect(message).toMatch(/cache: \S+\/mongod-\S+ does not run/);
    expect(message).toMatch(/vendor: http:\/\/127\.0\.0\.1:1\/\S+ cannot be reached/);
    if (process.platform === 'linux') expect(message).toMatch(/Python package: spawn python3 ENOENT/);
    expect(message).toMatch(/Set MONGODB_URI .*, or MONGOD_BINARY .*\.$/);
    expect(await readFile(cached, 'utf8')).toContain('exit 1');
  });
});

describe('the version of a mongod', () => {
  it('is read from its own answer', async () => {
    const path = await script(join(home, 'mongod'), 'echo "db version v8.2.6-rc1"; echo "Build Info: {"');
    expect(await mongodVersion(path)).toBe('8.2.6');
  });

  it.each([
    ['8.2.6', '8.0.4', true],
    ['8.0.4', '6.0.5', true],
    ['10.0.0', '9.0.0', true],
    ['6.0.9', '6.0.5', false],
    ['6.0.5', '7.0.0', false],
  ])('tells that files of %s are too new for %s: %s', (files, program, newer) => {
    expect(isNewerSeries(files, program)).toBe(newer);
  });
});
