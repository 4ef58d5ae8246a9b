import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DatabaseConfig } from './platform/config/database.config.js';
import { loadConfig } from './platform/config/load.js';
import { ProcessConfig } from './platform/config/process.config.js';
import type { EmbeddedMongo } from './embedded-mongo/embedded-mongo.js';
import { HttpConfig } from './platform/http/http.config.js';
import { listen } from './platform/http/listen.js';
import { giveBackMemory } from './memory.js';
import { endWith, startDatabase } from './program.js';
import { RELEASE } from './product/release.js';

/** Lets requests in flight finish, then the database; leaves no process behind. A second signal ends it at once. */
function stopOnSignals(
  app: NestFastifyApplication,
  database: EmbeddedMongo | undefined,
  graceMs: number,
): void {
  const end = async (code: number): Promise<void> => {
    await database?.stop();
    process.exit(code);
  };
  const stop = async (): Promise<void> => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    setTimeout(() => void end(1), graceMs).unref();
    await app.close();
    await end(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}

async function start(): Promise<void> {
  const config = loadConfig();
  // Loading the application takes a while: not before the configuration is right, and while mongod starts.
  const [{ createApp }, database] = await Promise.all([import('./app.js'), startDatabase(config)]);
  try {
    const { mode, shutdownGraceMs } = config.of(ProcessConfig);
    const app = await createApp(
      database ? config.with(DatabaseConfig, { mongodbUri: database.uri }) : config,
    );
    stopOnSignals(app, database, shutdownGraceMs);
    const url = await listen(app, config.of(HttpConfig));
    giveBackMemory();
    if (mode !== 'production') {
      process.stdout.write(
        `\n  Console     ${url}/login\n  API         ${url}/api/v1\n  Swagger UI  ${url}/docs\n  Health      ${url}/health\n\n`,
      );
    }
    app.getHttpAdapter().getInstance().log.info({ event: 'listening', release: RELEASE, url });
  } catch (error) {
    await database?.stop();
    throw error;
  }
}

start().catch(endWith);
