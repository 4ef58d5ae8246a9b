import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandsNaming, isAlive, until } from '../../src/embedded-mongo/fixtures/processes.js';

const ROOT = join(import.meta.dirname, '../..');

type Environment = Readonly<Record<string, string | undefined>>;

/** A free port, cheap passwords, and no limit that a test could meet. */
const QUICK = { PORT: '0', BCRYPT_ROUNDS: '10', RATE_LIMIT_MAX: '1000000' };

/** What is left of a process that has ended. */
export interface Exit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From its start to its end. */
  readonly ms: number;
}

/**
 * The build in a folder of its own, as an image holds it: without sources, so that starting it builds nothing,
 * and a build that is made meanwhile does not disturb it. The test run's own settings do not reach its processes.
 */
export class Installation {
  private readonly running = new Set<ServerProcess>();

  private constructor(readonly folder: string) {}

  /**
   * @param root the project that was built: this one unless told
   * @param prefix what the folder's name begins with
   */
  static async create(root = ROOT, prefix = 'product-start-'): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), prefix));
    for (const name of ['dist', 'scripts', 'package.json']) {
      await cp(join(root, name), join(folder, name), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
    return new Installation(folder);
  }

  /** Starts the server as `npm start` does, and resolves when it listens. */
  async start(env: Environment): Promise<ServerProcess> {
    const server = this.spawn([process.execPath, '--v8-pool-size=2', 'scripts/start.mjs'], env);
    await server.listening();
    return server;
  }

  /** Runs `dist/main.js` until it ends, of this build unless told. */
  async run(env: Environment, folder = this.folder, build = this.folder): Promise<Exit> {
    return this.spawn([process.execPath, join(build, 'dist/main.js')], env, folder).ended;
  }

  /** Runs `dist/migrate.js` with these words until it ends. */
  async migrate(env: Environment, ...words: string[]): Promise<Exit> {
    return this.spawn([process.execPath, 'dist/migrate.js', ...words], env).ended;
  }

  /** Starts a command in a process group of its own, as a terminal does. */
  spawn(
    [program = '', ...options]: readonly string[],
    env: Environment,
    folder = this.folder,
  ): ServerProcess {
    const { PATH, HOME, XDG_CACHE_HOME, MONGOD_BINARY, NODE_COMPILE_CACHE } = process.env;
    const child = spawn(program, options, {
      cwd: folder,
      detached: true,
      env: { PATH, HOME, XDG_CACHE_HOME, MONGOD_BINARY, NODE_COMPILE_CACHE, ...QUICK, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child);
    this.running.add(server);
    return server;
  }

  /** Ends what still runs and removes the folder. */
  async remove(): Promise<void> {
    for (const server of this.running) server.kill('SIGKILL');
    await Promise.all([...this.running].map((server) => server.ended));
    await rm(this.folder, { recursive: true });
  }
}

/** The product as a process of its own. */
export class ServerProcess {
  stdout = '';
  stderr = '';
  /** The address it printed. */
  url = '';
  readonly ended: Promise<Exit>;

  constructor(private readonly child: ChildProcess) {
    const started = Date.now();
    child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((settle) => {
      child.once('close', (code) =>
        settle({ code, stdout: this.stdout, stderr: this.stderr, ms: Date.now() - started }),
      );
    });
  }

  /** Resolves when it says that it listens. @throws Error with what it printed when it ends instead */
  async listening(): Promise<void> {
    const said = this.says('"event":"listening"');
    await Promise.race([said, this.ended]);
    const line = this.stdout.split('\n').find((each) => each.includes('"event":"listening"'));
    if (line === undefined) throw new Error(`It does not listen: ${this.stdout}${this.stderr}`);
    this.url = (JSON.parse(line) as { url: string }).url;
  }

  /** Resolves when the text, followed by a line's end, stands in its standard output. */
  says(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        const at = this.stdout.indexOf(text);
        if (at === -1 || !this.stdout.includes('\n', at)) return;
        this.child.stdout?.off('data', look);
        resolve();
      };
      this.child.stdout?.on('data', look);
      look();
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Sends the signal to the whole process group, as a terminal does on Ctrl-C and systemd on stop. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-(this.child.pid ?? 0), signal);
  }

  pressCtrlC(): void {
    this.killGroup('SIGINT');
  }
}

/** Process id of the embedded mongod that uses this DATA_DIR. */
export async function mongodOf(dataDir: string): Promise<number> {
  return Number(await readFile(join(dataDir, 'mongodb/mongod.lock'), 'utf8'));
}

/** Resolves with the milliseconds that it took until mongod and the watchdog that ends it were gone. */
export async function gone(mongod: number): Promise<number> {
  const started = Date.now();
  await until(() => !isAlive(mongod) && commandsNaming(`mongod-watchdog ${mongod}`).length === 0);
  return Date.now() - started;
}
