import { randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { getConnectionToken } from '@nestjs/mongoose';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Connection } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { pino } from 'pino';
import { ProcessConfig } from '../../src/platform/config/process.config.js';
import { DatabaseConfig } from '../../src/platform/config/database.config.js';
import { createApp } from '../../src/app.js';
import { type Config, parseConfig } from '../../src/platform/config/config.js';
import type { Environment } from '../../src/platform/config/env.js';
import { LoggingConfig } from '../../src/platform/logging/logging.config.js';
import { Migrations } from '../../src/platform/migrations/migrations.js';
import { takeDatabase, uriOf } from './databases.js';
import { refuseOffences, watchQueries } from './query-watch.js';
import { PASSWORD, TestClient } from './test-client.js';

/** A line of the log, as it was written. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The application under test, built as production builds it, on a database of its own. */
export interface TestApp {
  readonly app: NestFastifyApplication;
  readonly config: Config;
  /** For what the test itself asks of the database: another one than the application's. */
  readonly connection: Connection;
  /** A caller who is not signed in. */
  readonly anonymous: TestClient;
  /** Everything that was logged. */
  readonly logs: readonly LogLine[];
  /** The same, as text. */
  logText(): string;
  close(): Promise<void>;
}

/** The connection that an application itself uses. */
export function connectionOf(app: NestFastifyApplication): Connection {
  return app.get<Connection>(getConnectionToken());
}

/** The configuration of a test, from an environment as production reads it. */
export function testConfig(env: Environment = {}): Config {
  const database = `test_${randomUUID().replaceAll('-', '')}`;
  return parseConfig({
    NODE_ENV: 'test',
    DATA_DIR: join(tmpdir(), `product-${database}`),
    MONGODB_URI: uriOf(database),
    JWT_SECRET: randomBytes(48).toString('base64'),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    BCRYPT_ROUNDS: '4',
    RATE_LIMIT_MAX: '1000000',
    LOG_LEVEL: 'debug',
    ...env,
  });
}

/** What no line of a whole run may hold: addresses, the password of the test's users, tokens, keys, mailed links, cookies. */
const SECRETS = [
  /[\w.+-]+@example\.com/i,
  new RegExp(PASSWORD),
  /fv[rk]_[\w-]{20,}/,
  /eyJ[\w-]{10,}\.[\w-]{10,}/,
  /#token=/,
  /"(set-)?cookie":"(?!\[removed\])/i,
];

function refuseSecrets(log: string): void {
  const line = log.split('\n').find((text) => SECRETS.some((secret) => secret.test(text)));
  if (line !== undefined) throw new Error(`The log holds a secret: ${line}`);
}

/** Of the product's own routes; those of `/api/v1/lab` are there to see that it is told. */
function refuseDropped(log: string): void {
  const isDropped = (text: string) =>
    text.includes('"event":"answer_field_dropped"') && !text.includes(' /api/v1/lab');
  const line = log.split('\n').find(isDropped);
  if (line !== undefined) throw new Error(`An answer loses a field: ${line}`);
}

/** Where the applications that are open log to, and from which level on. */
const open = new Set<{ readonly destination: Writable; readonly level: string }>();

/** nestjs-pino has one logger in a process: technical lines of every application go to the first one that is open. */
function tellFirst(): void {
  const [first] = open;
  // The first one of a process is made with its own destination.
  const root = PinoLogger.root as typeof PinoLogger.root | undefined;
  if (first && root) Object.assign(root, { [pino.symbols.streamSym]: first.destination, level: first.level });
}

/**
 * Builds and initialises the application on an empty database, which `close()` empties again. Rejects when the start
 * is refused.
 * @param prepare what `main.ts` would do with the application before it is initialised
 * `close()` rejects when a secret was logged, an answer lost a field, or the application asked what no index serves.
 */
export async function createTestApp(
  env: Environment = {},
  prepare: (app: NestFastifyApplication) => void = () => undefined,
): Promise<TestApp> {
  const database = env['MONGODB_URI'] === undefined ? await takeDatabase() : undefined;
  const config = testConfig({ ...(database && { MONGODB_URI: database.uri }), ...env });
  const chunks: string[] = [];
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  const connection = await watchQueries(config.of(DatabaseConfig).mongodbUri ?? '');
  const log = { destination, level: config.of(LoggingConfig).logLevel };
  const forget = () => {
    open.delete(log);
    tellFirst();
  };
  open.add(log);
  tellFirst();
  const app = await createApp(config, destination).catch(async (error: unknown) => {
    forget();
    await connection.close();
    await database?.release([]);
    throw error;
  });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onClose', async () => {
      forget();
      await connection.close();
    });
  try {
    // As an operator does: production changes no database by itself.
    if (config.of(ProcessConfig).mode === 'production') await app.get(Migrations).upgrade(() => undefined);
    prepare(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  } catch (error) {
    await app.close();
    await database?.release([]);
    throw error;
  }
  return {
    app,
    config,
    connection,
    anonymous: new TestClient(app),
    get logs() {
      const lines = chunks.join('').split('\n').filter(Boolean);
      return lines.map((line) => JSON.parse(line) as LogLine);
    },
    logText: () => chunks.join(''),
    async close() {
      const watched = await Promise.allSettled([refuseOffences(connection)]);
      const { models } = connectionOf(app);
      if (!database) await connection.dropDatabase();
      await app.close();
      await database?.release(Object.values(models).map(({ collection }) => collection.name));
      await rm(config.of(ProcessConfig).dataDir, { recursive: true, force: true });
      refuseSecrets(chunks.join(''));
      refuseDropped(chunks.join(''));
      for (const each of watched) if (each.status === 'rejected') throw each.reason;
    },
  };
}
