import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApp } from './app.js';
import { Config, ConfigError } from './platform/config/config.js';
import { environment, loadConfig } from './platform/config/load.js';
import { type EmbeddedMongo, startEmbeddedMongo } from './platform/embedded-mongo/embedded-mongo.js';
import { EmbeddedMongoError } from './platform/embedded-mongo/embedded-mongo-error.js';

/** sysexits.h: the configuration is at fault, so trying again will not help. */
const EX_CONFIG = 78;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function startDatabase({ mongodbUri, mongodBinary, dataDir }: Config): Promise<EmbeddedMongo> | undefined {
  if (mongodbUri) return undefined;
  return startEmbeddedMongo({ dataDir, binary: mongodBinary, env: environment, log: process.stderr });
}

/** Lets requests in flight finish, then the database; leaves no process behind. A second signal ends it at once. */
function stopOnSignals(
  app: NestFastifyApplication,
  database: EmbeddedMongo | undefined,
  graceMs: number,
): void {
  const stop = async (): Promise<void> => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    setTimeout(() => void database?.stop().finally(() => process.exit(1)), graceMs).unref();
    await app.close();
    await database?.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}

async function listen(app: NestFastifyApplication, { port, host, mode }: Config): Promise<void> {
  await app.listen(port, host);
  const url = await app.getUrl();
  if (mode !== 'production') {
    print(`\n  API         ${url}/api/v1\n  Swagger UI  ${url}/docs\n  Health      ${url}/health\n`);
  }
  app.getHttpAdapter().getInstance().log.info({ event: 'listening', url });
}

async function start(): Promise<void> {
  const config = loadConfig();
  const database = await startDatabase(config);
  try {
    const app = await createApp(new Config({ ...config, ...(database && { mongodbUri: database.uri }) }));
    stopOnSignals(app, database, config.shutdownGraceMs);
    await listen(app, config);
  } catch (error) {
    await database?.stop();
    throw error;
  }
}

start().catch((error: unknown) => {
  const isExpected = error instanceof ConfigError || error instanceof EmbeddedMongoError;
  const text = error instanceof Error ? (isExpected ? error.message : error.stack) : String(error);
  process.stderr.write(`${text}\n`);
  process.exit(error instanceof ConfigError ? EX_CONFIG : 1);
});
