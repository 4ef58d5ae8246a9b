import type { DestinationStream } from 'pino';
import type { Config } from './platform/config/config.js';
import { DatabaseConfig } from './platform/config/database.config.js';
import { loadConfig } from './platform/config/load.js';
import { ProcessConfig } from './platform/config/process.config.js';
import { HttpConfig } from './platform/http/http.config.js';
import { checkAddress, listen } from './platform/http/listen.js';
import { LoggingConfig } from './platform/logging/logging.config.js';
import { giveBackMemory } from './memory.js';
import { startMessage } from './start-message.js';
import { endWith, startDatabase } from './program.js';
import { RELEASE } from './product/release.js';

/** Log lines for who looks at a terminal; programs read JSON. */
async function linesFor(config: Config): Promise<DestinationStream | undefined> {
  const { terminalLines } = await import('./platform/logging/terminal.js');
  const isWhole = ['debug', 'trace'].includes(config.of(LoggingConfig).logLevel);
  return terminalLines(process.stdout, { isWhole, colorize: process.stdout.hasColors() });
}

async function start(): Promise<void> {
  const config = loadConfig();
  const { mode, dataDir } = config.of(ProcessConfig);
  const isTerminal = mode === 'development' && process.stdout.isTTY;
  await checkAddress(config.of(HttpConfig));
  // Loading the application takes a while: do it only once the configuration is valid, and while mongod starts.
  const [{ createApp }, { endInOrder }, lines, database] = await Promise.all([
    import('./app.js'),
    import('./shutdown.js'),
    isTerminal ? linesFor(config) : undefined,
    startDatabase(config),
  ]);
  try {
    const app = await createApp(
      database ? config.with(DatabaseConfig, { mongodbUri: database.uri }) : config,
      lines,
    );
    endInOrder(app, database, config.of(ProcessConfig));
    const url = await listen(app, config.of(HttpConfig));
    giveBackMemory();
    const fastify = app.getHttpAdapter().getInstance();
    if (mode !== 'production') process.stdout.write(startMessage(fastify, url, dataDir));
    fastify.log.info({ event: 'listening', release: RELEASE, url });
  } catch (error) {
    await database?.stop();
    throw error;
  }
}

start().catch(endWith);
