import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedMongoError, reasonOf } from './embedded-mongo-error.js';
import { resolveMongod, type Mongod, type MongodSearch } from './mongod-binary.js';
import { launchMongod, MongodExit, type MongodProcess } from './mongod-process.js';
import { isNewerSeries } from './mongod-version.js';
import { becomePrimary } from './replica-set.js';

/** What the embedded MongoDB is started with. */
export interface EmbeddedMongoOptions extends MongodSearch {
  /** DATA_DIR. The database lies in its sub-folder `mongodb`, the version of mongod in `mongodb.version`. */
  dataDir: string;
}

/** A running MongoDB of one's own. */
export interface EmbeddedMongo {
  /** A replica set of one member, such as `mongodb://127.0.0.1:40123/flowversal?directConnection=true`. */
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

/** An owner that was killed a moment ago needs a second or two until its mongod is gone. */
const HANDOVER_MS = 5_000;
const RETRY_MS = 400;

/**
 * Starts a real mongod on `dataDir` and resolves when it takes writes. The files stay; mongod ends with this
 * process, even one that is killed. Nothing is thrown when mongod dies later: its clients see an outage.
 * @throws EmbeddedMongoError when there is no mongod, when another process uses the folder, or when the files
 * are too new for the mongod found
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  if (process.platform === 'win32') {
    throw new EmbeddedMongoError(
      'The embedded MongoDB runs on Linux and macOS. Set MONGODB_URI to a replica set.',
    );
  }
  const mongod = await resolveMongod(options);
  const versionFile = join(options.dataDir, 'mongodb.version');
  const database = await openFolder(options.dataDir, versionFile);
  if (database.filesVersion !== undefined && isNewerSeries(database.filesVersion, mongod.version)) {
    throw new EmbeddedMongoError(cannotOpen(database, mongod));
  }
  const running = await launchWhenFree(mongod, database, Date.now() + HANDOVER_MS);
  try {
    await becomePrimary(running.port);
    await writeFile(versionFile, `${mongod.version}\n`, { mode: 0o600 });
  } catch (error) {
    await running.stop();
    throw error;
  }
  return {
    uri: `mongodb://127.0.0.1:${running.port}/flowversal?directConnection=true`,
    version: mongod.version,
    pid: running.pid,
    stop: () => running.stop(),
  };
}

async function openFolder(dataDir: string, versionFile: string): Promise<Database> {
  // mongod's messages would name a relative folder wrongly: it runs from a directory of its own choice.
  const dbPath = resolve(dataDir, 'mongodb');
  try {
    await mkdir(dbPath, { recursive: true, mode: 0o700 });
    const recorded = await readFile(versionFile, 'utf8').catch(() => '');
    return { dataDir, dbPath, filesVersion: /^\d+\.\d+\.\d+/.exec(recorded)?.[0] };
  } catch (error) {
    throw new EmbeddedMongoError(`DATA_DIR ${dataDir} cannot be used: ${reasonOf(error)}`, { cause: error });
  }
}

/** mongod's lock on the folder is the truth; the file it leaves after a crash is no lock. */
async function launchWhenFree(mongod: Mongod, database: Database, deadline: number): Promise<MongodProcess> {
  try {
    return await launchMongod(mongod.path, database.dbPath);
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
  return launchWhenFree(mongod, database, deadline);
}

async function usedBy({ dataDir, dbPath }: Database): Promise<string> {
  const pid = (await readFile(join(dbPath, 'mongod.lock'), 'utf8').catch(() => '')).trim();
  const owner = pid === '' ? '' : ` (mongod process ${pid})`;
  return `DATA_DIR ${dataDir} is in use by another Flowversal${owner}. Stop it first, or set another DATA_DIR.`;
}

function cannotOpen({ dataDir, filesVersion }: Database, { path, version }: Mongod): string {
  const line = `mongod ${version} (${path}) cannot open the database in DATA_DIR ${dataDir}`;
  if (filesVersion === undefined || filesVersion === version) return `${line}.`;
  return `${line}, whose files were made by mongod ${filesVersion}. Set MONGOD_BINARY to a mongod ${filesVersion}, or set another DATA_DIR.`;
}
