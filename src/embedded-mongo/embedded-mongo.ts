import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { clientWith, createKey, grantAccess, type StartKey } from './access.js';
import { EmbeddedMongoError, reasonOf } from './embedded-mongo-error.js';
import { resolveMongod, type Mongod, type MongodSearch } from './mongod-binary.js';
import { launchMongod, MongodExit, type MongodProcess } from './mongod-process.js';
import { isNewerSeries } from './mongod-version.js';
import { becomePrimary } from './replica-set.js';
import { hasFileModes } from './systems.js';
import { PRODUCT } from '../product/product.js';

/** What the embedded MongoDB is started with. */
export interface EmbeddedMongoOptions extends MongodSearch {
  /**
   * DATA_DIR. The database lies in its sub-folder `mongodb`, the version of mongod in `mongodb.version`, how to
   * connect to it in `mongodb.uri`.
   */
  dataDir: string;
}

/** A running MongoDB of one's own. */
export interface EmbeddedMongo {
  /**
   * A replica set of one member: `mongodb://<key>:<password>@127.0.0.1:<port>/<key>?…`. The password is
   * new at each start. It is not for logs, and not for the arguments of processes.
   */
  uri: string;
  /** Version of mongod, such as `6.0.5`. */
  version: string;
  /** Process id of mongod. */
  pid: number;
  /** Ends mongod, after 5 seconds with force. Resolves when it is gone; a second call does the same. */
  stop(): Promise<void>;
}

/** A database folder with the texts that name it to people. */
interface Database {
  dataDir: string;
  dbPath: string;
  /** Version of the newest mongod that has opened the files; unset for a new database. */
  filesVersion: string | undefined;
}

/** The mongod of an owner that was killed a moment ago is gone after a second or two, after 5 seconds by force. */
const HANDOVER_MS = 6_000;
const RETRY_MS = 400;

/**
 * Starts a real mongod on `dataDir` and resolves when it takes writes. The files stay; mongod ends with this
 * process, even one that is killed. Nothing is thrown when mongod dies later: its clients see an outage.
 * @throws EmbeddedMongoError when there is no mongod, when another process uses the folder, or when the files
 * are too new for the mongod found
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  const { dataDir } = options;
  const mongod = await resolveMongod(options);
  const versionFile = join(dataDir, 'mongodb.version');
  const database = await openFolder(dataDir, versionFile);
  if (database.filesVersion !== undefined && isNewerSeries(database.filesVersion, mongod.version)) {
    throw new EmbeddedMongoError(cannotOpen(database, mongod));
  }
  const key = await createKey(dataDir);
  const running = await launchWhenFree(mongod, database, key, Date.now() + HANDOVER_MS).finally(() =>
    rm(key.path, { force: true }),
  );
  try {
    const uri = await takeCharge(running.port, key, dataDir);
    await writeFile(versionFile, `${mongod.version}\n`, { mode: 0o600 });
    const { version } = mongod;
    return { uri, version, pid: running.pid, stop: () => running.stop(() => shutDown(uri)) };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

/** Makes mongod writable for whoever has the password. @returns the connection string */
async function takeCharge(port: number, key: StartKey, dataDir: string): Promise<string> {
  const client = clientWith(key, port);
  try {
    await becomePrimary(client, port);
    return await grantAccess(client, port, dataDir);
  } finally {
    await client.close();
  }
}

/** Asks for a clean end, which on Windows no signal does. mongod answers by hanging up. */
async function shutDown(uri: string): Promise<void> {
  const client = new mongoose.mongo.MongoClient(uri, { serverSelectionTimeoutMS: 1_000 });
  try {
    await client.connect();
    await client
      .db('admin')
      .command({ shutdown: 1, force: true, timeoutSecs: 0 })
      .catch((error: unknown) => {
        if (!(error instanceof mongoose.mongo.MongoNetworkError)) throw error;
      });
  } finally {
    await client.close();
  }
}

async function openFolder(dataDir: string, versionFile: string): Promise<Database> {
  // mongod's messages would name a relative folder wrongly: it runs from a directory of its own choice.
  const dbPath = resolve(dataDir, 'mongodb');
  try {
    await mkdir(dbPath, { recursive: true, mode: 0o700 });
    if (hasFileModes(process.platform)) await keepPrivate(dataDir, dbPath);
    const recorded = await readFile(versionFile, 'utf8').catch(() => '');
    return { dataDir, dbPath, filesVersion: /^\d+\.\d+\.\d+/.exec(recorded)?.[0] };
  } catch (error) {
    throw new EmbeddedMongoError(`DATA_DIR ${dataDir} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

/** Whoever can write to DATA_DIR can replace the database's files. @throws Error when others can */
async function keepPrivate(dataDir: string, dbPath: string): Promise<void> {
  const { mode } = await stat(dataDir);
  if ((mode & 0o002) !== 0) {
    throw new Error(`every user of this machine may write to it. Run chmod 700 ${dataDir}`);
  }
  if (((await stat(dbPath)).mode & 0o077) !== 0) await chmod(dbPath, 0o700);
}

/** mongod's lock on the folder is the truth; the file it leaves after a crash is no lock. */
async function launchWhenFree(
  mongod: Mongod,
  database: Database,
  key: StartKey,
  deadline: number,
): Promise<MongodProcess> {
  try {
    return await launchMongod(mongod.path, database.dbPath, key.path);
  } catch (error) {
    const output = error instanceof MongodExit ? error.output : '';
    const folderInUse = output.includes('DBPathInUse');
    // Between its choice and mongod's start the port can go to another program.
    const portInUse = output.includes('Address already in use');
    if (!(folderInUse || portInUse) || Date.now() > deadline) {
      const message = folderInUse
        ? await usedBy(database)
        : `${cannotOpen(database, mongod)} mongod says: ${reasonOf(error)}`;
      throw new EmbeddedMongoError(message, { cause: error });
    }
  }
  await sleep(RETRY_MS);
  return launchWhenFree(mongod, database, key, deadline);
}

async function usedBy({ dataDir, dbPath }: Database): Promise<string> {
  const pid = (await readFile(join(dbPath, 'mongod.lock'), 'utf8').catch(() => '')).trim();
  const owner = pid === '' ? '' : ` (mongod process ${pid})`;
  return `DATA_DIR ${dataDir} is in use by another ${PRODUCT.name}${owner}. Stop it first, or set another DATA_DIR.`;
}

function cannotOpen({ dataDir, filesVersion }: Database, { path, version }: Mongod): string {
  const line = `mongod ${version} (${path}) cannot open the database in DATA_DIR ${dataDir}`;
  if (filesVersion === undefined || filesVersion === version) return `${line}.`;
  return `${line}, whose files were made by mongod ${filesVersion}. Set MONGOD_BINARY to a mongod ${filesVersion}, or set another DATA_DIR.`;
}
