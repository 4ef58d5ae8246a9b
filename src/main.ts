import { DatabaseConfig } from './platform/config/database.config.js';
import { loadConfig } from './platform/config/load.js';
import { ProcessConfig } from './platform/config/process.config.js';
import { HttpConfig } from './platform/http/http.config.js';
import { listen } from './platform/http/listen.js';
import { giveBackMemory } from './memory.js';
import { endWith, startDatabase } from './program.js';
import { RELEASE } from './product/release.js';

async function start(): Promise<void> {
  const config = loadConfig();
  // Loading the application takes a while: do it only once the configuration is valid, and while mongod starts.
  const [{ createApp }, { endInOrder }, database] = await Promise.all([
    import('./app.js'),
    import('./ending.js'),
    startDatabase(config),
  ]);
  try {
    const app = await createApp(
      database ? config.with(DatabaseConfig, { mongodbUri: database.uri }) : config,
    );
    endInOrder(app, database, config.of(ProcessConfig));
    const url = await listen(app, config.of(HttpConfig));
    giveBackMemory();
    if (config.of(ProcessConfig).mode !== 'production') {
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
