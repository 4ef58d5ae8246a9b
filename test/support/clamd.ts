import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, findOnPath } from '../../src/embedded-mongo/mongod-binary.js';
import { eventually } from './mails.js';
import { freePort } from './redis.js';

/** clamd and what it needs beyond a small Debian: 7 MB. */
const PACKAGES = ['clamav-daemon', 'libclamav12', 'libmspack0'];

/** The text that virus scanners take for a virus to be tried with: it is none. */
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!', '$H+H*'].join(
  '',
);
const SIGNATURE = `Eicar:0:*:${Buffer.from(EICAR).toString('hex')}\n`;
/** More than that this clamd does not take. */
export const CLAMD_MAX = 100_000;

interface Program {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Whether a clamd can be had here: it is installed, or Debian's packages can be fetched. */
export const CAN_HAVE_CLAMD = ['/usr/sbin/clamd', '/usr/bin/clamd', '/usr/bin/apt-get'].some(existsSync);

/** The clamd of this machine, or else one out of Debian's packages in the user's cache. */
async function findClamd(): Promise<Program> {
  const { PATH = '' } = process.env;
  const installed = await findOnPath('clamd', `${PATH}:/usr/sbin`).catch(() => undefined);
  if (installed !== undefined) return { path: installed, env: {} };
  const folder = join(cacheFolder(process.env), `clamd-debian-${process.arch}`);
  if (!existsSync(folder)) await unpack(folder);
  const triple = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  return {
    path: join(folder, 'usr/sbin/clamd'),
    env: { LD_LIBRARY_PATH: join(folder, 'usr/lib', triple) },
  };
}

async function unpack(target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dirname(target), 'download-'));
  const run = (command: string, ...words: string[]) =>
    promisify(execFile)(command, words, { cwd: folder, timeout: 60_000 });
  try {
    const download = () => run('apt-get', 'download', ...PACKAGES);
    await download().catch(() => run('apt-get', 'update').then(download));
    const root = join(folder, 'root');
    await run('sh', '-c', 'for each in *.deb; do dpkg-deb -x "$each" root; done');
    await rename(root, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A real clamd that knows one virus, which is none. */
export class Clamd {
  private server: ReturnType<typeof spawn> | undefined;

  private constructor(
    private readonly program: Program,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  static async start(): Promise<Clamd> {
    const program = await findClamd();
    const folder = await mkdtemp(join(tmpdir(), 'product-clamd-'));
    await chmod(folder, 0o755);
    const port = await freePort();
    await writeFile(join(folder, 'eicar.ndb'), SIGNATURE);
    const lines = [
      'Foreground yes',
      `TCPSocket ${port}`,
      'TCPAddr 127.0.0.1',
      `LocalSocket ${join(folder, 'socket')}`,
      `DatabaseDirectory ${folder}`,
      `TemporaryDirectory ${folder}`,
      `StreamMaxLength ${CLAMD_MAX}`,
      // Without it, root becomes somebody else.
      'User root',
    ];
    await writeFile(join(folder, 'clamd.conf'), lines.join('\n'));
    const clamd = new Clamd(program, folder, port);
    await clamd.resume();
    return clamd;
  }

  get url(): string {
    return `tcp://127.0.0.1:${this.port}`;
  }

  get socket(): string {
    return join(this.folder, 'socket');
  }

  async resume(): Promise<void> {
    const { path, env } = this.program;
    const options = ['-c', join(this.folder, 'clamd.conf')];
    const all = { ...process.env, ...env };
    this.server = spawn(path, options, { env: all, stdio: ['ignore', 'ignore', 'inherit'] });
    await eventually(() => this.answers(), 20_000);
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server || server.exitCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    const { server } = this;
    if (!server || server.exitCode !== null) throw new Error('clamd ended');
    const socket = connect(this.port, '127.0.0.1');
    socket.write('zPING\0');
    const answer = await once(socket, 'data').catch(() => ['']);
    socket.destroy();
    return String(answer[0]).startsWith('PONG');
  }
}
