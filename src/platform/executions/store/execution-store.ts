import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import mongoose, { type Connection, type mongo, Types } from 'mongoose';
import { DatabaseConfig } from '../../config/database.config.js';
import { APPLICATION } from '../../database/connection.js';
import { RARE_POOL_CHECKS } from '../../database/pool-checks.js';
import { abortAfter, withTimeout } from '../../concurrency/timeout.js';
import { LENIENT_DECODING } from '../../errors/driver-errors.js';
import type { StepBeside, StoredExecution } from '../model/execution.js';
import type { Statement } from '../model/transitions.js';

/**
 * The engine's own client, with few connections and long timeouts: its batches do not take connections from requests,
 * and are not subject to their one-second limits.
 */
const CONNECT_OPTIONS: mongo.MongoClientOptions = {
  ...LENIENT_DECODING,
  ...RARE_POOL_CHECKS,
  appName: APPLICATION,
  maxPoolSize: 7,
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
  serverSelectionTimeoutMS: 3_000,
  connectTimeoutMS: 2_000,
  socketTimeoutMS: 20_000,
  heartbeatFrequencyMS: 3_000,
  serverMonitoringMode: 'poll',
};

/**
 * The driver waits for `drain` after it has written more than the kernel takes at once. If it destroys the connection
 * meanwhile, because the server no longer answers its monitor, that never comes: the command waits forever, despite
 * `socketTimeoutMS`, and keeps its place in the pool. Longer than each of the limits above.
 */
const ANSWERED_MS = 30_000;

/** The same for changes, which can be sent again. */
const WRITTEN_MS = 8_000;

const WRITE_CONCERN = { w: 'majority', j: true, wtimeout: 7_000 };
/** Batch size for reads that may be large. */
const BATCH = 1_000;

const DUPLICATE_KEY = 11_000;

interface WriteAnswer {
  readonly n: number;
  readonly writeErrors?: readonly { readonly code: number; readonly errmsg: string }[];
}

/** The fields that show whether a write was applied. */
export type Standing = Pick<StoredExecution, '_id' | 'status' | 'engine' | 'turn' | 'stamp'>;

/** Reads and writes executions through the driver. */
@Injectable()
export class ExecutionStore {
  private client: mongo.MongoClient | undefined;

  constructor(
    private readonly config: DatabaseConfig,
    @InjectConnection() private readonly connection: Connection,
  ) {}

  async open(): Promise<void> {
    const client = new mongoose.mongo.MongoClient(this.config.mongodbUri ?? '', CONNECT_OPTIONS);
    this.client = await client.connect();
  }

  /**
   * Closes the engine's connection. Later writes use that of requests.
   * @param underWay waits for the writes in progress
   */
  async close(underWay?: () => Promise<void>): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await underWay?.();
    await client?.close(true);
  }

  /** The engine's database; without an engine in this process, that of requests. */
  get db(): mongo.Db {
    const db = this.client?.db() ?? this.connection.db;
    if (!db) throw new Error('There is no connection');
    return db;
  }

  /** The database's time. */
  async time(): Promise<Date> {
    return ((await this.db.command({ hello: 1 })) as { localTime: Date }).localTime;
  }

  /** Through the connection of requests, for their transactions. */
  get ofRequests(): mongo.Collection<StoredExecution> {
    if (!this.connection.db) throw new Error('There is no connection');
    return this.connection.db.collection<StoredExecution>('executions');
  }

  get executions(): mongo.Collection<StoredExecution> {
    return this.db.collection<StoredExecution>('executions');
  }

  get steps(): mongo.Collection<StepBeside> {
    return this.db.collection<StepBeside>('execution_steps');
  }

  /**
   * Sends writes in one command, and returns how many of them matched. Each may be sent again, because once applied it
   * no longer matches.
   */
  async write(statements: readonly Statement[], stamp: Types.ObjectId): Promise<number> {
    const updates = statements.map(({ q, u }) => ({
      q,
      u: { ...u, $set: { ...u.$set, stamp } },
      hint: { _id: 1 },
    }));
    const command = { update: 'executions', updates, ordered: false, writeConcern: WRITE_CONCERN };
    const answer = await abortAfter(WRITTEN_MS, (signal) => this.db.command(command, { signal }));
    const { n, writeErrors = [] } = answer as WriteAnswer;
    // A duplicate key means that another execution has taken the place.
    const fault = writeErrors.find(({ code }) => code !== DUPLICATE_KEY);
    if (fault) throw new Error(`An execution cannot be written: ${fault.errmsg}`);
    return n;
  }

  /** @throws TimedOut without an answer; the executions may have been stored */
  async insert(executions: readonly StoredExecution[]): Promise<void> {
    await withTimeout(ANSWERED_MS, this.executions.insertMany([...executions], { ordered: false }));
  }

  /** The executions among these that a process holds. */
  async heldBy(engine: Types.ObjectId, ids: readonly Types.ObjectId[]): Promise<StoredExecution[]> {
    return this.executions.find({ _id: { $in: [...ids] }, engine }).toArray();
  }

  /** The current state of some executions. */
  async standing(ids: readonly Types.ObjectId[]): Promise<Standing[]> {
    const fields = { status: 1, engine: 1, turn: 1, stamp: 1 } as const;
    return this.executions
      .find({ _id: { $in: [...ids] } })
      .project<Standing>(fields)
      .toArray();
  }

  async get(_id: Types.ObjectId, ownerId?: Types.ObjectId | null): Promise<StoredExecution | null> {
    return this.executions.findOne(ownerId === undefined ? { _id } : { _id, ownerId });
  }

  /** The outcomes of finished executions that another one waits for. */
  async outcomesOf(ids: readonly Types.ObjectId[]): Promise<Map<string, StoredExecution>> {
    const found = await this.executions
      .find({ _id: { $in: [...ids] }, status: { $in: ['succeeded', 'failed', 'cancelled'] } })
      .project<StoredExecution>({ status: 1, result: 1, sealed: 1, error: 1 })
      .toArray();
    return new Map(found.map((each) => [each._id.toHexString(), each]));
  }

  async stepsBeside(executionId: Types.ObjectId): Promise<StepBeside[]> {
    return this.steps.find({ executionId }).batchSize(BATCH).toArray();
  }

  /** Called before the execution refers to them: in the other order a crash could lose one. */
  async keepBeside(steps: readonly StepBeside[]): Promise<void> {
    await this.steps.bulkWrite(
      steps.map(({ _id, ...step }) => ({
        updateOne: { filter: { _id }, update: { $set: step }, upsert: true },
      })),
      { ordered: false },
    );
  }

  /** Sets when the steps in `execution_steps` expire, before the execution is finished. */
  async expireBeside(executionId: Types.ObjectId, expiresAt: Date | undefined): Promise<void> {
    const change = expiresAt ? { $set: { expiresAt } } : { $unset: { expiresAt: '' as const } };
    await this.steps.updateMany({ executionId }, change);
  }

  async removeAllBeside(ids: readonly Types.ObjectId[]): Promise<void> {
    await this.steps.deleteMany({ executionId: { $in: [...ids] } });
  }

  async removeBeside(executionId: Types.ObjectId, names?: readonly string[]): Promise<void> {
    await this.steps.deleteMany({ executionId, ...(names && { name: { $in: [...names] } }) });
  }
}
