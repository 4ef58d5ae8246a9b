import { randomUUID } from 'node:crypto';
import mongoose, { type Connection, type mongo } from 'mongoose';
import { LENIENT_DECODING } from '../../src/platform/errors/driver-errors.js';
import type { Migration } from '../../src/platform/migrations/migration.js';
import { uriOf } from './databases.js';
import { Upgrade, type UpgradeStep } from '../../src/platform/migrations/upgrade.js';

/** A database of a test's own, with clients as upgrades have them. */
export class UpgradeDatabase {
  /** What the upgrades have told. */
  readonly steps: UpgradeStep[] = [];
  private readonly clients: Connection[];

  private constructor(
    readonly uri: string,
    /** Its models are those whose indexes are created. */
    readonly connection: Connection,
  ) {
    this.clients = [connection];
  }

  static async create(): Promise<UpgradeDatabase> {
    const uri = uriOf(`upgrade_${randomUUID().replaceAll('-', '')}`);
    return new UpgradeDatabase(uri, await connect(uri));
  }

  get db(): mongo.Db {
    if (!this.connection.db) throw new Error('There is no connection');
    return this.connection.db;
  }

  /** What an upgrade does in a process of its own: it shares nothing with others but the database. */
  async upgrade(migrations: readonly Migration[]): Promise<void> {
    const client = await connect(this.uri);
    this.clients.push(client);
    const models = Object.values(this.connection.models);
    await new Upgrade(client, migrations, models, (step) => void this.steps.push(step)).run();
  }

  /** What migrations have written into the collection `effects`, in that order. */
  async effects(): Promise<string[]> {
    const effects = await this.db.collection('effects').find().sort({ _id: 1 }).toArray();
    return effects.map(({ of }) => String(of));
  }

  async ledger(): Promise<string[]> {
    const entries = await this.db.collection<{ _id: string }>('migrations').find().sort({ _id: 1 }).toArray();
    return entries.map(({ _id }) => _id);
  }

  async close(): Promise<void> {
    await this.connection.dropDatabase();
    await Promise.all(this.clients.map((client) => client.close()));
  }
}

function connect(uri: string): Promise<Connection> {
  return mongoose
    .createConnection(uri, { ...LENIENT_DECODING, autoIndex: false, autoCreate: false })
    .asPromise();
}

/** A migration whose only effect is that one can see that it ran. */
export function visible(name: string, then: Migration['up'] = () => Promise.resolve()): Migration {
  return {
    name,
    async up(context) {
      await context.db.collection('effects').insertOne({ of: name });
      await then(context);
    },
  };
}
