import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { APPLICATION } from '../../src/platform/database/connection.js';
import { freeze, isAlive, until } from '../../src/embedded-mongo/fixtures/processes.js';
import { startEmbeddedMongo } from '../../src/embedded-mongo/embedded-mongo.js';

/** What mongod ends with when its port is taken (EXIT_NET_ERROR). */
const PORT_IN_USE = 48;

/** A mongod that only one test file uses, so that it may be frozen and killed. */
export interface OwnMongod {
  readonly uri: string;
  /** The folder with its files. */
  readonly dataDir: string;
  /** It keeps its sockets open and stays silent, as a machine does that swaps or whose network drops packets. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends it and resolves when it is gone. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /**
   * Starts it again after `kill`, on the same port and files, and resolves when it runs; not when it is ready.
   * @param more options of mongod
   */
  restart(...more: readonly string[]): Promise<void>;
  /** Ends it and removes its files. */
  remove(): Promise<void>;
}

/** Starts a mongod with the product's own options on a new folder. */
export async function startOwnMongod(): Promise<OwnMongod> {
  const dataDir = await mkdtemp(join(tmpdir(), 'product-outage-'));
  const binary = process.env['MONGOD_BINARY'];
  const first = await startEmbeddedMongo({ dataDir, binary, env: process.env, log: process.stderr });
  // The same port and options for its return; the temporary folder has no spaces.
  const command = execFileSync('ps', ['-o', 'args=', '-p', String(first.pid)], { encoding: 'utf8' }).trim();
  const [program = '', ...all] = command.split(' ');
  // mongod has read the key of its start, and no other member has to share it.
  const keyFile = join(dataDir, 'key');
  await writeFile(keyFile, randomBytes(96).toString('base64'), { mode: 0o600 });
  const options = all.map((option) => (option.startsWith('--keyFile=') ? `--keyFile=${keyFile}` : option));
  let { pid } = first;
  let isWanted = true;
  const run = async (more: readonly string[]): Promise<void> => {
    const again = spawn(program, [...options, ...more], { stdio: 'ignore' });
    await once(again, 'spawn');
    again.unref();
    pid = again.pid ?? 0;
    // As a service manager does: whoever looks for a server that is away may be given its port as his own.
    again.once('exit', (code) => {
      if (code === PORT_IN_USE) setTimeout(() => void (isWanted && run(more)), 100);
    });
  };
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    isWanted = false;
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    await until(() => !isAlive(pid));
  };
  return {
    uri: first.uri,
    dataDir,
    freeze: () => freeze(pid),
    thaw: () => void process.kill(pid, 'SIGCONT'),
    kill,
    restart(...more) {
      isWanted = true;
      return run(more);
    },
    async remove() {
      await kill();
      await rm(dataDir, { recursive: true });
    },
  };
}

/** A mongod whose commands fail where a test says so. */
export interface FailingMongod extends OwnMongod {
  /**
   * Sets the fail point `failCommand` of mongod for what the product asks.
   * @param data as mongod takes it: `failCommands`, `errorCode`, `blockTimeMS` …; not with `off`
   */
  fail(mode: 'off' | 'alwaysOn' | { readonly times: number }, data?: object): Promise<void>;
}

export async function startFailingMongod(): Promise<FailingMongod> {
  const mongod = await startOwnMongod();
  await mongod.kill('SIGTERM');
  await mongod.restart('--setParameter=enableTestCommands=1');
  const client = await new MongoClient(mongod.uri).connect();
  return {
    ...mongod,
    async fail(mode, data) {
      const ofProduct = data && { data: { ...data, appName: APPLICATION } };
      await client.db('admin').command({ configureFailPoint: 'failCommand', mode, ...ofProduct });
    },
    async remove() {
      await client.close();
      await mongod.remove();
    },
  };
}
