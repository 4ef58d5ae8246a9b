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
import { Alarm } from './alarm.js';
import { ExecutionClock } from './clock.js';
import { idOf } from './execution.js';
import type { ExecutionDto } from './execution.dto.js';
import { Executions } from './executions.js';
import { optionsOf } from './executor.js';
import { ExecutorRegistry } from './registry.js';
import type { ExecutorClass } from './run.js';
import { type DeclaredSchedule, nextAfter, scheduleOf } from './schedule.js';
import { ExecutionStore } from './store.js';

export const SCHEDULE_NOT_FOUND = notFoundError('schedule');
/** How long the rows are not read at most: another process may have changed one. */
const READ_EVERY_MS = 60_000;
/** They are read again no sooner. */
const AGAIN_MS = 1_000;
/** What is later than this was missed: nothing ran then. */
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

/** Starts executions at their times: each has a row, and whoever moves its next time on has started it. */
@Injectable()
export class Schedules {
  private readonly declared = new Map<string, Declared>();
  private readonly alarm = new Alarm(() => this.tick());

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly registry: ExecutorRegistry,
    private readonly executions: Executions,
    private readonly store: ExecutionStore,
    private readonly clock: ExecutionClock,
    private readonly logger: PinoLogger,
  ) {}

  /** @throws DeclarationError for one that no executor has, or that needs an input */
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

  /** Writes the rows of what is declared, and starts it from then on; one whose time is declared anew begins anew. */
  async begin(): Promise<void> {
    for (const { type, cron, timeZone } of this.declared.values()) {
      const nextAt = nextAfter({ cron, timeZone }, this.clock.now()) as Date;
      const _id = idOf('schedule', type);
      await this.rows.updateOne(
        { _id },
        { $setOnInsert: { type, cron, timeZone, nextAt } },
        { upsert: true },
      );
      await this.rows.updateOne(
        { _id, $or: [{ cron: { $ne: cron } }, { timeZone: { $ne: timeZone } }] },
        { $set: { cron, timeZone, nextAt } },
      );
    }
    if (this.declared.size === 0) return;
    this.clock.onMoved(() => this.alarm.within(0));
    this.alarm.within(0);
  }

  stop(): void {
    this.alarm.stop();
  }

  /**
   * Starts what is due. The execution is keyed by its time: who is killed before the row is moved on loses nothing.
   * @returns in how many milliseconds the next one is due
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

  /** Starts one now, beside its times. @throws ApiError SCHEDULE_NOT_FOUND */
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
