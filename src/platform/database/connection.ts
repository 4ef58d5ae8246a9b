import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import mongoose, { type Connection, type ConnectOptions } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { withTimeout } from '../concurrency/timeout.js';
import { ConfigError } from '../config/config.js';
import { DatabaseConfig } from '../config/database.config.js';
import { isOutage, LENIENT_DECODING } from '../errors/driver-errors.js';
import { Migrations } from '../migrations/migrations.js';
import { DatabaseQueue } from './database-queue.js';
import { RARE_POOL_CHECKS } from './pool-checks.js';
import { unreachable } from './start-refusals.js';
import { PRODUCT } from '../../product/product.js';

/** The name of the product's connections in the database's logs, profiler and list of operations. */
export const APPLICATION = PRODUCT.key;

/**
 * Socket timeouts detect a database that is gone or frozen: neither maxTimeMS, timeoutMS nor
 * serverSelectionTimeoutMS end the wait for a mongod that accepts connections but stays silent. No operation of a
 * request may take longer; migrations have a client of their own.
 */
const CONNECT_OPTIONS: ConnectOptions = {
  ...LENIENT_DECODING,
  ...RARE_POOL_CHECKS,
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 2000 },
  maxPoolSize: 50,
  waitQueueTimeoutMS: 1000,
  serverSelectionTimeoutMS: 1000,
  connectTimeoutMS: 1000,
  socketTimeoutMS: 1000,
  // The driver checks the server this often, so that a failure and a recovery are noticed in two seconds, not ten.
  heartbeatFrequencyMS: 1000,
};

/** A database that does not answer a ping within this time does not answer requests in time either. */
const ANSWERS_MS = 250;

/** How long startup waits for the database before it gives up, unless MONGODB_URI says otherwise. */
const START_PATIENCE_MS = 30_000;

/** An option of a connection string, which has each option once. */
function optionOf(uri: string, name: string): string | undefined {
  const options = new URLSearchParams(uri.split('?')[1]);
  return [...options].find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

/** Opens the connection at startup, checks the version of the database, and closes it at shutdown. */
@Injectable()
export class Database implements OnModuleInit, OnApplicationShutdown {
  readonly queue = new DatabaseQueue();

  constructor(
    private readonly config: DatabaseConfig,
    private readonly logger: PinoLogger,
    @InjectConnection() private readonly connection: Connection,
    private readonly migrations: Migrations,
  ) {}

  async onModuleInit(): Promise<void> {
    // Operations report outages themselves; without a listener the event would end the process.
    this.connection.on('error', (error: Error) =>
      this.logger.warn({ event: 'database_connection', reason: error.message }),
    );
    await this.patiently(() => this.connect());
    this.queue.watch(this.connection.getClient());
    // A database that has just started may close its connections once more while it elects a primary.
    await this.patiently(async () => {
      await this.requireReplicaSet();
      await this.migrations.begin();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }

  /** Whether the database answers at once. */
  async answers(): Promise<boolean> {
    // With all connections in use, a ping would wait for one.
    if (this.queue.hasAnsweredWithin(ANSWERS_MS)) return true;
    try {
      await withTimeout(ANSWERS_MS, this.connection.getClient().db().command({ ping: 1 }));
      return true;
    } catch {
      return false;
    }
  }

  /** @throws ConfigError if the driver does not accept the combination of options */
  private async connect(): Promise<void> {
    const { mongodbUri } = this.config;
    if (!mongodbUri) throw new Error('There is no MONGODB_URI to connect to');
    const appName = optionOf(mongodbUri, 'appName') ?? APPLICATION;
    try {
      await this.connection.openUri(mongodbUri, { ...CONNECT_OPTIONS, appName });
    } catch (error) {
      if (isOutage(error) || !(error instanceof mongoose.mongo.MongoAPIError)) throw error;
      const problem = 'has options that the driver of MongoDB does not take together';
      throw new ConfigError([{ variable: 'MONGODB_URI', problem }], { cause: error });
    }
  }

  /** Transactions and change streams need a replica set or a sharded cluster, which reports `isdbgrid`. */
  private async requireReplicaSet(): Promise<void> {
    const hello = await this.connection.getClient().db().command({ hello: 1 });
    if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid') {
      throw new ConfigError([{ variable: 'MONGODB_URI', problem: 'must lead to a replica set' }]);
    }
    // With a direct connection a secondary would answer as well, and may lag behind.
    const isAlone = optionOf(this.config.mongodbUri ?? '', 'directConnection') === 'true';
    if (isAlone && ((hello['hosts'] ?? []) as string[]).length > 1) {
      const problem =
        'has directConnection, but the replica set has several members: name it with replicaSet';
      throw new ConfigError([{ variable: 'MONGODB_URI', problem }]);
    }
  }

  /** Does some work, and retries while the database does not answer. The work must be idempotent. */
  private async patiently(work: () => Promise<void>): Promise<void> {
    const { mongodbUri = '' } = this.config;
    const giveUp = Date.now() + Number(optionOf(mongodbUri, 'serverSelectionTimeoutMS') ?? START_PATIENCE_MS);
    for (;;) {
      try {
        return await work();
      } catch (err) {
        if (!isOutage(err)) throw err;
        if (Date.now() > giveUp) throw unreachable(err);
        this.logger.warn({ event: 'database_waiting' }, 'The database does not answer yet; trying again');
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }
}
