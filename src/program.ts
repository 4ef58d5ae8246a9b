import type { Config } from './platform/config/config.js';
import { DatabaseConfig } from './platform/config/database.config.js';
import { ProcessConfig } from './platform/config/process.config.js';
import { environment } from './platform/config/load.js';
import { DeclarationError, StartError } from './platform/errors/start-error.js';
import { refusalOf } from './platform/database/start-refusals.js';
import { type EmbeddedMongo, startEmbeddedMongo } from './embedded-mongo/embedded-mongo.js';
import { EmbeddedMongoError } from './embedded-mongo/embedded-mongo-error.js';

/** The embedded MongoDB, unless MONGODB_URI names another one. */
export function startDatabase(config: Config): Promise<EmbeddedMongo> | undefined {
  const { mongodbUri, mongodBinary } = config.of(DatabaseConfig);
  const { dataDir } = config.of(ProcessConfig);
  if (mongodbUri) return undefined;
  return startEmbeddedMongo({ dataDir, binary: mongodBinary, env: environment, log: process.stderr });
}

/** Errors of the frameworks about what the code declares, by name: a program that only tells of one loads none. */
const DECLARATIONS = /^(RuntimeException|CannotDetermineTypeError|OverwriteModelError)$|^FST_ERR_/;

/** Errors of the framework about the code, such as a missing provider or a duplicate route. */
function refusalOfFramework(error: unknown): DeclarationError | undefined {
  const names = [(error as { code?: unknown } | null | undefined)?.code];
  for (let kind: unknown = error; kind instanceof Error; kind = Object.getPrototypeOf(kind)) {
    names.push(kind.constructor.name);
  }
  const isOfCode = error instanceof Error && names.some((name) => DECLARATIONS.test(String(name)));
  if (!isOfCode) return undefined;
  const [cause = ''] = error.message.split(/\n+Potential /);
  return new DeclarationError(cause.replaceAll(/\s*\n\s*/g, ' '), { cause: error });
}

/** Prints why a program cannot continue, in one line if the person at the terminal can fix it, and ends the process. */
export function endWith(thrown: unknown): never {
  const error = refusalOf(thrown) ?? refusalOfFramework(thrown) ?? thrown;
  const isExpected = error instanceof StartError || error instanceof EmbeddedMongoError;
  const text = error instanceof Error ? (isExpected ? error.message : error.stack) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(error instanceof StartError ? error.exitCode : 1);
}
