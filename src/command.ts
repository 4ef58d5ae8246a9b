import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DatabaseConfig } from './platform/config/database.config.js';
import { loadConfig } from './platform/config/load.js';
import { endWith, startDatabase } from './program.js';

/** What a command does with the application. */
type Work = (app: NestFastifyApplication, uri: string) => Promise<void>;

async function run(work: Work): Promise<void> {
  const config = loadConfig();
  const [{ createApp }, database] = await Promise.all([import('./app.js'), startDatabase(config)]);
  try {
    const complete = database ? config.with(DatabaseConfig, { mongodbUri: database.uri }) : config;
    // Standard output is for the command's own output.
    const app = await createApp(complete, process.stderr);
    await work(app, complete.of(DatabaseConfig).mongodbUri ?? '');
  } finally {
    await database?.stop();
  }
}

/**
 * Runs a command of the product and ends the process: with the server's configuration, its database, and an
 * application that is built but neither initialised nor listening. Errors go to standard error.
 * @param work takes the address of the database, for a client without the requests' time limits
 */
export function runCommand(work: Work): void {
  run(work).then(() => process.exit(), endWith);
}
