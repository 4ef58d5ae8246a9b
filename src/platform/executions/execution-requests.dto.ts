import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { OwnerFilter, QueryInteger, RecordId } from '../validation/fields.js';
import { IsJson } from '../validation/is-json.js';
import { PageQuery } from '../validation/page-query.js';
import { STATUSES, type Status } from './model/execution.js';

export class ListExecutionsQuery extends PageQuery {
  @ApiProperty({ description: 'Only of this type.', example: 'invoices.remind' })
  @IsOptional()
  @IsString()
  @Length(1, 130)
  type?: string;

  @ApiProperty({ description: 'Only with this status.', example: 'failed' })
  @IsOptional()
  @IsIn(STATUSES)
  status?: Status;

  @ApiProperty({
    description: 'Only executions about this record.',
    example: 'projects/66f1a0c2e4b0a1b2c3d4e5f7',
  })
  @IsOptional()
  @Matches(/^[a-z][a-z0-9-]{0,63}\/[0-9a-f]{24}$/)
  record?: string;

  @ApiProperty({ description: 'Executions of this user, or of `all`. Needs executions:read.' })
  @OwnerFilter()
  owner?: string;
}

export class WaitQuery {
  @ApiProperty({
    description: 'Seconds that the response may wait for the execution to finish.',
    example: 10,
  })
  @QueryInteger(0, 30)
  wait?: number;
}

export class RetryDto {
  @ApiProperty({ description: '`start`, or a step; the one that failed unless told.', example: 'start' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  from?: string;
}

const OUTCOMES = ['happened', 'again', 'failed'] as const;

export class ResolveDto {
  @ApiProperty({
    description: 'The outcome of the step: it happened, it should run again, or it failed.',
    example: 'happened',
  })
  @IsIn(OUTCOMES)
  outcome!: (typeof OUTCOMES)[number];

  @ApiProperty({ description: 'The result of the step, if it happened.', example: { paid: true } })
  @IsOptional()
  @IsJson()
  result?: unknown;
}

export class SignalDto {
  @ApiProperty({ description: 'Any JSON.', example: { approved: true } })
  @IsOptional()
  @IsJson()
  payload?: unknown;
}

export class NamedParams {
  @ApiProperty({ description: 'Id of the execution.', example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @RecordId()
  id!: string;

  @ApiProperty({ description: 'Name of the step or signal.', example: 'approval' })
  @Matches(/^[A-Za-z][\w:-]{0,63}$/)
  name!: string;
}
