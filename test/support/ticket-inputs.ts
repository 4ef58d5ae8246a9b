import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, ValidateNested } from 'class-validator';
import type { Types } from 'mongoose';
import { CalendarDay } from '../../src/platform/validation/day.js';
import { List, Name, Reference, SafeInteger, Text, UtcTime } from '../../src/platform/validation/fields.js';
import { IsMetadata, type Metadata } from '../../src/platform/validation/is-metadata.js';
import { InMoney, type StoredMoney } from '../../src/platform/validation/money.js';
import { PageQuery } from '../../src/platform/validation/page-query.js';
import { RichText } from '../../src/platform/validation/rich-text.js';

/** What people send about tickets, with fields of every kind. */
export const STATUSES = ['open', 'in-progress', 'closed'] as const;
export type Status = (typeof STATUSES)[number];

export class AddressDto {
  @Text(1, 100)
  street!: string;

  @IsOptional()
  @SafeInteger(1)
  number?: number | null;
}

export class CreateTicketDto {
  @ApiProperty({ description: 'Unique among the tickets of its owner.', example: 'Wrong currency' })
  @Name(100)
  title!: string;

  @IsOptional()
  @IsIn(STATUSES)
  status?: Status | null;

  @IsOptional()
  @SafeInteger(1, 5)
  priority?: number | null;

  @IsBoolean()
  urgent!: boolean;

  @IsOptional()
  @UtcTime()
  dueAt?: Date | null;

  @IsOptional()
  @List(5)
  @Name(20, { each: true })
  tags?: string[] | null;

  @IsOptional()
  @Reference()
  projectId?: Types.ObjectId | null;

  @IsOptional()
  @RichText(1000)
  text?: string | null;

  @IsOptional()
  @ValidateNested()
  @Type(() => AddressDto)
  address?: AddressDto | null;

  @IsOptional()
  @IsMetadata()
  metadata?: Metadata | null;

  @IsOptional()
  @CalendarDay()
  reportedOn?: string | null;

  @IsOptional()
  @InMoney()
  refund?: StoredMoney | null;
}

export class UpdateTicketDto extends PartialType(CreateTicketDto, { skipNullProperties: false }) {}

export class ListTicketsQuery extends PageQuery {
  @IsOptional()
  @Text(0, 100)
  title?: string;

  @IsOptional()
  @IsIn(STATUSES)
  status?: Status;
}
