import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsArray, IsDate, IsIn, IsInt, IsString, ValidateNested } from 'class-validator';
import { Nullable, RecordId } from '../validation/fields.js';
import { IsJson } from '../validation/is-json.js';
import { type Status, STATUSES, type StoredExecution } from './model/execution.js';
import { decode } from './model/json.js';

export class FaultDto {
  @ApiProperty({ example: 'FAILED' })
  @IsString()
  code!: string;

  @ApiProperty({ example: 'The customer has no email address' })
  @IsString()
  message!: string;
}

export class ProgressDto {
  @ApiProperty({ example: 400 })
  @IsInt()
  done!: number;

  @ApiProperty({ example: 10_000 })
  @Nullable()
  @IsInt()
  of!: number | null;

  @ApiProperty({ example: 'Lines read' })
  @Nullable()
  @IsString()
  text!: string | null;
}

export class StepDto {
  @ApiProperty({ example: 'mail' })
  @IsString()
  name!: string;

  @ApiProperty({ description: '`repeatable`, `once`, or what it waits for.', example: 'once' })
  @IsString()
  effect!: string;

  @ApiProperty({
    description: '`unknown`: nobody knows whether it took effect; resolve it.',
    example: 'succeeded',
  })
  @IsString()
  status!: string;

  @ApiProperty({ example: 1 })
  @IsInt()
  attempts!: number;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  startedAt!: Date;

  @ApiProperty({ example: '2026-11-22T10:00:01.000Z' })
  @Nullable()
  @IsDate()
  finishedAt!: Date | null;

  @ApiProperty({ description: 'The last error; null if there was none.' })
  @Nullable()
  @ValidateNested()
  @Type(() => FaultDto)
  error!: FaultDto | null;
}

/** An execution in responses, without what is encrypted. */
export class ExecutionDto {
  /** The base of `Location` in responses that start an execution. */
  static readonly location = '/api/v1/executions';

  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f7' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: 'invoices.remind' })
  @IsString()
  type!: string;

  @ApiProperty({ example: 'waiting' })
  @IsIn(STATUSES)
  status!: Status;

  @ApiProperty({
    description: 'null where it is encrypted.',
    example: { invoiceId: '66f1a0c2e4b0a1b2c3d4e5f8' },
  })
  @Nullable()
  @IsJson()
  input!: unknown;

  @ApiProperty({ example: null })
  @Nullable()
  @IsJson()
  result!: unknown;

  @ApiProperty({ description: 'The last error; null if there was none.' })
  @Nullable()
  @ValidateNested()
  @Type(() => FaultDto)
  error!: FaultDto | null;

  @ApiProperty({ description: 'In the order in which they began; the latest 256.' })
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => StepDto)
  steps!: StepDto[];

  @ApiProperty({ description: 'As the executor reports it; null until it does.' })
  @Nullable()
  @ValidateNested()
  @Type(() => ProgressDto)
  progress!: ProgressDto | null;

  @ApiProperty({ description: 'null: the product itself.', example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @Nullable()
  @RecordId()
  ownerId!: string | null;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  @ApiProperty({ description: 'When the latest turn began.', example: '2026-11-22T10:00:00.000Z' })
  @Nullable()
  @IsDate()
  startedAt!: Date | null;

  @ApiProperty({ example: null })
  @Nullable()
  @IsDate()
  finishedAt!: Date | null;

  @ApiProperty({ description: 'When it continues at the latest.', example: '2026-11-29T10:00:00.000Z' })
  @Nullable()
  @IsDate()
  dueAt!: Date | null;

  static from(execution: StoredExecution): ExecutionDto {
    const { _id, type, status, input, result, error, progress, ownerId, createdAt } = execution;
    const { startedAt, finishedAt, dueAt } = execution;
    const steps = Object.entries(execution.steps).toSorted(([, a], [, b]) => a.n - b.n);
    return {
      id: _id.toHexString(),
      type,
      status,
      input: decode(input) ?? null,
      result: decode(result) ?? null,
      error: error ?? null,
      steps: steps.map(([name, step]) => ({
        name,
        effect: step.kind,
        status: isUnknown(step, status) ? 'unknown' : step.status,
        attempts: step.attempts,
        startedAt: step.startedAt,
        finishedAt: step.finishedAt ?? null,
        error: step.error ?? null,
      })),
      progress: progress ?? null,
      ownerId: ownerId?.toHexString() ?? null,
      createdAt,
      startedAt: startedAt ?? null,
      finishedAt: finishedAt ?? null,
      dueAt: dueAt ?? null,
    };
  }
}

/** A `once` step that had begun when its process was killed. */
function isUnknown({ kind, status }: StoredExecution['steps'][string], of: Status): boolean {
  return kind === 'once' && status === 'running' && of === 'needs-attention';
}
