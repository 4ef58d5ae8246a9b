import type { Config } from '../config/config.js';
import { environment } from '../config/load.js';
import { StartError } from '../config/start-error.js';
import { refusalOf } from '../database/start-refusals.js';
import { type EmbeddedMongo, startEmbeddedMongo } from '../embedded-mongo/embedded-mongo.js';
import { EmbeddedMongoError } from '../embedded-mongo/embedded-mongo-error.js';

/** The embedded MongoDB, unless MONGODB_URI names another one. */
export function startDatabase({
  mongodbUri,
  mongodBinary,
  dataDir,
}: Config): Promise<EmbeddedMongo> | undefined {
  if (mongodbUri) return undefined;
  return startEmbeddedMongo({ dataDir, binary: mongodBinary, env: environment, log: process.stderr });
}

/** Tells why a program cannot go on, in one line where the person at the terminal can mend it, and ends the process. */
export function endWith(thrown: unknown): never {
  const error = refusalOf(thrown) ?? thrown;
  const isExpected = error instanceof StartError || error instanceof EmbeddedMongoError;
  const text = error instanceof Error ? (isExpected ? error.message : error.stack) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(error instanceof StartError ? error.exitCode : 1);
}
