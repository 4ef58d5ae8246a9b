import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import mongoose, { type Connection, type mongo, Types } from 'mongoose';
import { DatabaseConfig } from '../config/database.config.js';
import { APPLICATION } from '../database/connection.js';
import { LENIENT_DECODING } from '../errors/driver-errors.js';
import type { StepBeside, StoredExecution } from './execution.js';
import type { Statement } from './transitions.js';

/**
 * The engine's own client: few connections, and patience. Its batches take nothing from requests, and do not run into
 * their one-second time limits.
 */
const CONNECT_OPTIONS: mongo.MongoClientOptions = {
  ...LENIENT_DECODING,
  appName: APPLICATION,
  maxPoolSize: 7,
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: 10_000 },
  serverSelectionTimeoutMS: 3_000,
  connectTimeoutMS: 2_000,
  socketTimeoutMS: 20_000,
  heartbeatFrequencyMS: 3_000,
  serverMonitoringMode: 'poll',
};

const WRITE_CONCERN = { w: 'majority', j: true, wtimeout: 10_000 };
/** What is read at a time where there may be much. */
const BATCH = 1_000;

const DUPLICATE_KEY = 11_000;

interface WriteAnswer {
  readonly n: number;
  readonly writeErrors?: readonly { readonly code: number; readonly errmsg: string }[];
}

/** What tells whether a write has happened. */
export type Standing = Pick<StoredExecution, '_id' | 'status' | 'engine' | 'turn' | 'stamp'>;

/** Reads and writes executions by the driver. */
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
   * Closes the engine's connection. What is written from now on takes that of requests.
   * @param underWay what is written by it still
   */
  async close(underWay?: () => Promise<void>): Promise<void> {
    const { client } = this;
    this.client = undefined;
    await underWay?.();
    await client?.close(true);
  }

  /** The engine's database; that of requests where no engine runs in this process. */
  get db(): mongo.Db {
    const db = this.client?.db() ?? this.connection.db;
    if (!db) throw new Error('There is no connection');
    return db;
  }

  /** By the connection of requests, for their transactions. */
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
   * Does writes in one command, and answers how many of them found what they are about. Each may be sent again: what
   * it has changed does not stand as it says any more.
   */
  async write(statements: readonly Statement[], stamp: Types.ObjectId): Promise<number> {
    const updates = statements.map(({ q, u }) => ({
      q,
      u: { ...u, $set: { ...u.$set, stamp } },
      hint: { _id: 1 },
    }));
    const { n, writeErrors = [] } = (await this.db.command({
      update: 'executions',
      updates,
      ordered: false,
      writeConcern: WRITE_CONCERN,
    })) as WriteAnswer;
    // A place that another one has taken is none.
    const fault = writeErrors.find(({ code }) => code !== DUPLICATE_KEY);
    if (fault) throw new Error(`An execution cannot be written: ${fault.errmsg}`);
    return n;
  }

  async insert(executions: readonly StoredExecution[]): Promise<void> {
    await this.executions.insertMany([...executions], { ordered: false });
  }

  /** Those of some executions that a process holds. */
  async heldBy(engine: Types.ObjectId, ids: readonly Types.ObjectId[]): Promise<StoredExecution[]> {
    return this.executions.find({ _id: { $in: [...ids] }, engine }).toArray();
  }

  /** How some executions stand. */
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

  /** What the executions have come to that another one waits for. */
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

  /** Before the execution says that they lie there: the other way round, a crash could lose one. */
  async keepBeside(steps: readonly StepBeside[]): Promise<void> {
    await this.steps.bulkWrite(
      steps.map(({ _id, ...step }) => ({
        updateOne: { filter: { _id }, update: { $set: step }, upsert: true },
      })),
      { ordered: false },
    );
  }

  /** Says when the steps beside are forgotten, before the execution is finished. */
  async expireBeside(executionId: Types.ObjectId, expiresAt: Date | undefined): Promise<void> {
    const change = expiresAt ? { $set: { expiresAt } } : { $unset: { expiresAt: '' as const } };
    await this.steps.updateMany({ executionId }, change);
  }

  /** Those of some executions. */
  async removeAllBeside(ids: readonly Types.ObjectId[]): Promise<void> {
    await this.steps.deleteMany({ executionId: { $in: [...ids] } });
  }

  async removeBeside(executionId: Types.ObjectId, names?: readonly string[]): Promise<void> {
    await this.steps.deleteMany({ executionId, ...(names && { name: { $in: [...names] } }) });
  }
}
