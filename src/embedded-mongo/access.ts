import { randomBytes, randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import mongoose from 'mongoose';
import { EmbeddedMongoError, reasonOf } from './embedded-mongo-error.js';
import { hasFileModes } from './systems.js';
import { PRODUCT } from '../product/product.js';

/** The one user of the embedded MongoDB; another account of the same machine has no business in it. */
const USER = PRODUCT.key;
const ADDRESS_FILE = 'mongodb.uri';
/** Files of one start. */
const DRAFTS = /^mongodb\.(key|uri)-/;
const START_MS = 15_000;
/** The start is over by then, or was killed. */
const STALE_MS = 120_000;
const USER_NOT_FOUND = 11;
const PRIVATE = { mode: 0o600, flag: 'wx' };

/**
 * A key that this process shares with its mongod while that starts. Whoever holds it is the server itself
 * (`__system`), so there is no moment at which mongod would do anything for anybody else, and no state of a folder
 * from which this process could not take it over.
 */
export interface StartKey {
  /** The file that mongod reads it from. It goes when mongod runs. */
  readonly path: string;
  readonly text: string;
}

/** @throws EmbeddedMongoError when others could read what is written into `dataDir` */
export async function createKey(dataDir: string): Promise<StartKey> {
  await removeStale(dataDir);
  const path = resolve(dataDir, `mongodb.key-${randomUUID()}`);
  const text = randomBytes(96).toString('base64');
  await writeFile(path, `${text}\n`, PRIVATE);
  const { mode } = await stat(path);
  if (!hasFileModes(process.platform) || (mode & 0o077) === 0) return { path, text };
  await rm(path);
  throw new EmbeddedMongoError(
    `DATA_DIR ${dataDir} lies on a file system that does not keep files private, so others could read the ` +
      "database's password. Set DATA_DIR to a folder on another one.",
  );
}

/** A client of the mongod that was started with this key, with the rights of the server itself. */
export function clientWith(key: StartKey, port: number): mongoose.mongo.MongoClient {
  return new mongoose.mongo.MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    auth: { username: '__system', password: key.text },
    authSource: 'local',
    authMechanism: 'SCRAM-SHA-256',
    serverSelectionTimeoutMS: START_MS,
  });
}

async function removeStale(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => DRAFTS.test(name));
  await Promise.all(
    names.map(async (name) => {
      const found = await stat(join(dataDir, name)).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > STALE_MS) await rm(join(dataDir, name), { force: true });
    }),
  );
}

/**
 * Gives the one user a new password, whether it is there or not, and writes the connection string with it into
 * DATA_DIR.
 * @param client the server itself
 * @returns the connection string
 */
export async function grantAccess(
  client: mongoose.mongo.MongoClient,
  port: number,
  dataDir: string,
): Promise<string> {
  const pwd = randomBytes(32).toString('base64url');
  const rights = { pwd, roles: ['root'], mechanisms: ['SCRAM-SHA-256'] };
  const admin = client.db('admin');
  await admin.command({ updateUser: USER, ...rights }).catch(async (error: unknown) => {
    if (!(error instanceof mongoose.mongo.MongoServerError) || error.code !== USER_NOT_FOUND) throw error;
    await admin.command({ createUser: USER, ...rights });
  });
  const uri = `mongodb://${USER}:${pwd}@127.0.0.1:${port}/${PRODUCT.key}?directConnection=true&authSource=admin`;
  const draft = join(dataDir, `${ADDRESS_FILE}-${randomUUID()}`);
  await writeFile(draft, `${uri}\n`, PRIVATE);
  await rename(draft, join(dataDir, ADDRESS_FILE));
  return uri;
}

/**
 * The connection string of the embedded MongoDB that runs on `dataDir`.
 * @throws EmbeddedMongoError when none runs there, or when it cannot be told how to connect to it
 */
export async function addressOf(dataDir: string): Promise<string> {
  const file = join(dataDir, ADDRESS_FILE);
  const uri = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new EmbeddedMongoError(
      `The embedded MongoDB does not run on DATA_DIR ${dataDir}, or its password is lost: ${reasonOf(error)}. ` +
        'Start the server, or start it again: it makes a new password at each start.',
    );
  });
  const client = new mongoose.mongo.MongoClient(uri.trim(), { serverSelectionTimeoutMS: 1_000 });
  try {
    await client.connect();
    return uri.trim();
  } catch (error) {
    throw new EmbeddedMongoError(
      `The embedded MongoDB does not run on DATA_DIR ${dataDir}: start the server first.`,
      { cause: error },
    );
  } finally {
    await client.close();
  }
}
