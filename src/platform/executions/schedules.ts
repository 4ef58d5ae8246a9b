import { Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { ApiProperty } from '@nestjs/swagger';
import { IsDate, IsString } from 'class-validator';
import { type mongo, Types } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { SYSTEM } from '../access/caller.js';
import { DeclarationError } from '../errors/start-error.js';
import { apiError, notFoundError } from '../errors/errors.js';
import { Nullable, RecordId } from '../validation/fields.js';
import { ReschedulingTimer } from './model/rescheduling-timer.js';
import { ExecutionClock } from './model/clock.js';
import { idOf } from './model/execution.js';
import type { ExecutionDto } from './execution.dto.js';
import { Executions } from './executions.js';
import { optionsOf } from './model/executor.js';
import { ExecutorRegistry } from './model/registry.js';
import type { ExecutorClass } from './model/run.js';
import { type DeclaredSchedule, nextAfter, scheduleOf } from './model/schedule.js';
import { ExecutionStore } from './store/execution-store.js';

export const SCHEDULE_NOT_FOUND = notFoundError('schedule');
/** Longest time between two reads of the rows, which another process may change, in milliseconds. */
const READ_EVERY_MS = 60_000;
/** Shortest time between two reads, in milliseconds. */
const AGAIN_MS = 1_000;
/** A start that is later than this, in milliseconds, was missed: no process ran. */
const LATE_MS = 60_000;

interface Row {
  readonly _id: Types.ObjectId;
  readonly type: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly nextAt: Date;
  readonly lastAt?: Date;
  readonly lastExecutionId?: string;
}

export class ScheduleDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: 'invoices.remind' })
  @IsString()
  type!: string;

  @ApiProperty({ example: '0 3 * * *' })
  @IsString()
  cron!: string;

  @ApiProperty({ example: 'Europe/Berlin' })
  @IsString()
  timeZone!: string;

  @ApiProperty({ example: '2026-11-23T02:00:00.000Z' })
  @IsDate()
  nextAt!: Date;

  @ApiProperty({ example: null })
  @Nullable()
  @IsDate()
  lastAt!: Date | null;

  @ApiProperty({ example: null })
  @Nullable()
  @RecordId()
  lastExecutionId!: string | null;

  static from({ _id, type, cron, timeZone, nextAt, lastAt, lastExecutionId }: Row): ScheduleDto {
    return {
      id: _id.toHexString(),
      type,
      cron,
      timeZone,
      nextAt,
      lastAt: lastAt ?? null,
      lastExecutionId: lastExecutionId ?? null,
    };
  }
}

interface Declared extends DeclaredSchedule {
  readonly type: string;
  readonly executor: ExecutorClass<object>;
}

/** Starts scheduled executions. Each schedule has a row; the process that advances its next time has started it. */
@Injectable()
export class Schedules {
  private readonly declared = new Map<string, Declared>();
  private readonly tickTimer = new ReschedulingTimer(() => this.tick());

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: ExecutorRegistry,
    private readonly executions: Executions,
    private readonly store: ExecutionStore,
    private readonly clock: ExecutionClock,
    private readonly logger: PinoLogger,
  ) {}

  /** @throws DeclarationError for a schedule without an executor, or whose executor needs input */
  scan(): void {
    for (const { metatype } of this.discovery.getProviders()) {
      const schedule = metatype ? scheduleOf(metatype) : undefined;
      if (!schedule || !metatype) continue;
      const { name } = metatype;
      const type = optionsOf(metatype)?.type;
      if (type === undefined)
        throw new DeclarationError(`@Schedule above ${name} needs @Executor there, too`);
      if (this.registry.find(type)?.validate({}).faults) {
        throw new DeclarationError(
          `@Schedule above ${name}: it starts with {}, so each field of its input must be optional`,
        );
      }
      const executor = metatype as ExecutorClass<object>;
      this.declared.set(idOf('schedule', type).toHexString(), { ...schedule, type, executor });
    }
  }

  /** Writes the rows of the declared schedules and begins; a schedule whose expression has changed starts afresh. */
  async begin(): Promise<void> {
    if (this.declared.size === 0) return;
    const writes = [...this.declared.values()].flatMap(({ type, cron, timeZone }) => {
      const _id = idOf('schedule', type);
      const nextAt = nextAfter({ cron, timeZone }, this.clock.now()) as Date;
      const isOther = { _id, $or: [{ cron: { $ne: cron } }, { timeZone: { $ne: timeZone } }] };
      const insert = { $setOnInsert: { type, cron, timeZone, nextAt } };
      return [
        { updateOne: { filter: { _id }, update: insert, upsert: true } },
        { updateOne: { filter: isOther, update: { $set: { cron, timeZone, nextAt } } } },
      ];
    });
    await this.rows.bulkWrite(writes);
    this.clock.onMoved(() => this.tickTimer.schedule(0));
    this.tickTimer.schedule(0);
  }

  stop(): void {
    this.tickTimer.stop();
  }

  /**
   * Starts due schedules. The key of an execution is its time, so a crash before the row is advanced loses nothing.
   * @returns the milliseconds until the next one is due
   */
  async run(): Promise<number> {
    const now = this.clock.now();
    let earliest = this.clock.in(READ_EVERY_MS);
    for (const row of await this.read()) {
      const schedule = this.declared.get(row._id.toHexString());
      if (!schedule) continue;
      let { nextAt } = row;
      if (nextAt <= now) {
        const isMissed = schedule.missed === 'skip' && now.getTime() - nextAt.getTime() > LATE_MS;
        const started = isMissed ? undefined : await this.start(schedule, nextAt.toISOString());
        nextAt = nextAfter(schedule, now) ?? nextAt;
        const last = started && { lastAt: now, lastExecutionId: started.id };
        await this.rows.updateOne({ _id: row._id, nextAt: row.nextAt }, { $set: { nextAt, ...last } });
      }
      if (nextAt < earliest) earliest = nextAt;
    }
    return Math.max(AGAIN_MS, earliest.getTime() - this.clock.now().getTime());
  }

  private async tick(): Promise<number> {
    try {
      return await this.run();
    } catch (error) {
      this.logger.warn({ event: 'execution_engine', reason: (error as Error).message });
      return AGAIN_MS;
    }
  }

  async list(): Promise<ScheduleDto[]> {
    return (await this.read()).map(ScheduleDto.from);
  }

  /** Starts one now, in addition to its times. @throws ApiError SCHEDULE_NOT_FOUND */
  async runNow(id: string): Promise<ExecutionDto> {
    const schedule = this.declared.get(id.toLowerCase());
    if (!schedule) throw apiError(SCHEDULE_NOT_FOUND);
    return this.start(schedule);
  }

  private read(): Promise<Row[]> {
    const mine = [...this.declared.keys()].map((id) => new Types.ObjectId(id));
    return this.rows.find({ _id: { $in: mine } }).toArray();
  }

  private start({ executor }: Declared, key?: string): Promise<ExecutionDto> {
    return this.executions.start(
      executor,
      {},
      { scope: SYSTEM, ...(key !== undefined && { key: `schedule ${key}` }) },
    );
  }

  private get rows(): mongo.Collection<Row> {
    return this.store.db.collection<Row>('execution_schedules');
  }
}
