import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import mongoose, { type Connection, type ConnectOptions } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { Config, ConfigError } from '../config/config.js';
import { StartError } from '../config/start-error.js';
import { encryptModels } from '../encryption/encrypted-models.js';
import type { RecordCiphers } from '../encryption/record-cipher.js';
import { isOutage } from '../errors/driver-errors.js';
import { Migrations } from '../migrations/migrations.js';

/** What the product's own connections are called in the database's logs, profiler and list of operations. */
export const APPLICATION = 'flowversal';

/**
 * A database that is gone or frozen is noticed by the socket: neither maxTimeMS, timeoutMS nor
 * serverSelectionTimeoutMS end a wait for a mongod that accepts and stays silent. No operation of a
 * request may run longer; migrations use a client of their own.
 */
const CONNECT_OPTIONS: ConnectOptions = {
  appName: APPLICATION,
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 2000 },
  maxPoolSize: 50,
  waitQueueTimeoutMS: 1000,
  serverSelectionTimeoutMS: 1000,
  connectTimeoutMS: 1000,
  socketTimeoutMS: 1000,
  // The driver looks at the server this often, so that a loss and a return are known after two seconds, not ten.
  heartbeatFrequencyMS: 1000,
};

/** How long a start waits for the database before it gives up. */
const START_PATIENCE_MS = 30_000;

/** A connection that is not open yet, so that an application can be built without a database. */
export function createConnection(ciphers: RecordCiphers): Connection {
  return encryptModels(mongoose.createConnection(), ciphers);
}

/** Opens the connection when the application starts, sees to the version of the database, and closes it at the end. */
@Injectable()
export class Database implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly config: Config,
    private readonly logger: PinoLogger,
    @InjectConnection() private readonly connection: Connection,
    private readonly migrations: Migrations,
  ) {}

  async onModuleInit(): Promise<void> {
    // Outages are reported by the operations that meet them; without a listener they would end the process.
    this.connection.on('error', (error: Error) =>
      this.logger.warn({ event: 'database_connection', reason: error.message }),
    );
    await this.patiently(async () => void (await this.connection.openUri(this.uri, CONNECT_OPTIONS)));
    // A database that has just come up may close its connections once more, while it elects a primary.
    await this.patiently(async () => {
      await this.requireReplicaSet();
      await this.migrations.begin();
    });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }

  private get uri(): string {
    if (!this.config.mongodbUri) throw new Error('There is no MONGODB_URI to connect to');
    return this.config.mongodbUri;
  }

  /** Transactions and change streams need one. A sharded cluster, which has them too, says `isdbgrid`. */
  private async requireReplicaSet(): Promise<void> {
    const hello = await this.connection.getClient().db().command({ hello: 1 });
    if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid') {
      throw new ConfigError([{ variable: 'MONGODB_URI', problem: 'must lead to a replica set' }]);
    }
  }

  /** Does the work, again while the database does not answer. What it does must bear being done twice. */
  private async patiently(work: () => Promise<void>): Promise<void> {
    const giveUp = Date.now() + START_PATIENCE_MS;
    for (;;) {
      try {
        return await work();
      } catch (err) {
        if (!isOutage(err)) throw err;
        if (Date.now() > giveUp) {
          throw new StartError('The database that MONGODB_URI names does not answer.', { cause: err });
        }
        this.logger.warn({ event: 'database_waiting' }, 'The database does not answer yet; trying again');
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }
}
