import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { IsBoolean, IsIn, IsNumber, IsOptional, IsString } from 'class-validator';
import mongoose, { type Types } from 'mongoose';
import { ListQuery } from '../../src/platform/database/list-query.js';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import { OwnedRecordDto } from '../../src/platform/database/record.dto.js';
import { resource } from '../../src/platform/database/resource.js';
import { CalendarDay } from '../../src/platform/validation/day.js';
import { ExactDecimal, decimalText } from '../../src/platform/validation/decimal.js';
import {
  Compose,
  Name,
  Nullable,
  OwnerFilter,
  QueryFlag,
  QueryNumber,
  Text,
  UtcTime,
} from '../../src/platform/validation/fields.js';
import { AnyOf, AnyOfTexts } from '../../src/platform/validation/several.js';

export const STATES = ['open', 'pending', 'Closed'] as const;
type State = (typeof STATES)[number];

@Schema({ ...RECORD_OPTIONS, collection: 'trial_tickets' })
export class TrialTicket extends OwnedRecord {
  @Prop({ type: String })
  title?: string | null;

  @Prop({ type: String })
  body?: string | null;

  @Prop({ type: String })
  number?: string | null;

  @Prop({ type: Number })
  count?: number | null;

  @Prop({ type: Date })
  dueAt?: Date | null;

  @Prop({ type: Boolean })
  urgent?: boolean | null;

  @Prop({ type: String, enum: STATES, default: 'open' })
  state!: State;

  @Prop({ type: Number })
  priority?: number | null;

  @Prop({ type: mongoose.Schema.Types.Decimal128 })
  price?: Types.Decimal128 | null;

  @Prop({ type: String, format: 'day' })
  startsOn?: string | null;
}

const TrialTicketSchema = SchemaFactory.createForClass(TrialTicket);
TrialTicketSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
TrialTicketSchema.index({ createdAt: -1, _id: -1 });

export const trialTickets = resource({
  name: 'trial ticket',
  record: TrialTicket,
  schema: TrialTicketSchema,
  lists: [
    { sort: 'title', everybody: true },
    { sort: 'body' },
    { sort: 'count' },
    { sort: 'price' },
    { sort: 'startsOn' },
    { sort: 'urgent' },
    { equal: ['state', 'priority'], sort: 'dueAt', everybody: true },
    { equal: ['number'], sort: 'createdAt' },
  ],
  search: ['title', 'body'],
  stats: ['state', 'urgent'],
});

export class CreateTrialTicketDto {
  @ApiProperty({ example: 'Printer' })
  @IsOptional()
  @Name(200)
  title?: string | null;

  @ApiProperty({ example: 'It is on fire' })
  @IsOptional()
  @Text(0, 2000)
  body?: string | null;

  @ApiProperty({ example: 'A-1' })
  @IsOptional()
  @Name(20)
  number?: string | null;

  @ApiProperty({ example: 1 })
  @IsOptional()
  @IsNumber()
  count?: number | null;

  @ApiProperty({ example: '2030-01-31T00:00:00.000Z' })
  @IsOptional()
  @UtcTime()
  dueAt?: Date | null;

  @ApiProperty({ example: true })
  @IsOptional()
  @IsBoolean()
  urgent?: boolean | null;

  @ApiProperty({ example: 'open' })
  @IsOptional()
  @IsIn(STATES)
  state?: State | null;

  @ApiProperty({ example: 1 })
  @IsOptional()
  @IsNumber()
  priority?: number | null;

  @ApiProperty({ example: '12.30' })
  @IsOptional()
  @ExactDecimal()
  price?: Types.Decimal128 | null;

  @ApiProperty({ example: '2030-01-31' })
  @IsOptional()
  @CalendarDay()
  startsOn?: string | null;
}

export class ReplaceTrialTicketDto extends CreateTrialTicketDto {}
export class UpdateTrialTicketDto extends PartialType(CreateTrialTicketDto, { skipNullProperties: false }) {}

export class ListTrialTicketsQuery extends ListQuery(trialTickets) {
  @ApiProperty({ example: 'pri' })
  @IsOptional()
  @Compose(200)
  @Text(0, 200)
  title?: string;

  @ApiProperty({ example: 'A-1' })
  @IsOptional()
  @AnyOfTexts(Name(20))
  number?: string[];

  @ApiProperty({ example: 'open' })
  @IsOptional()
  @AnyOf(IsIn(STATES))
  state?: State[];

  @ApiProperty({ example: 1 })
  @IsOptional()
  @AnyOf(QueryNumber())
  priority?: number[];

  @ApiProperty({ example: true })
  @IsOptional()
  @AnyOf(QueryFlag())
  urgent?: boolean[];

  @ApiProperty({ description: 'Tickets of this user, or of `all`.' })
  @OwnerFilter()
  owner?: string;
}

export class StatsQuery {
  @ApiProperty({ example: 'state' })
  @IsIn(['state', 'urgent'])
  by!: string;

  @ApiProperty({ description: 'Tickets of this user, or of `all`.' })
  @OwnerFilter()
  owner?: string;
}

export class TrialTicketDto extends OwnedRecordDto {
  @ApiProperty({ example: 'Printer' })
  @Nullable()
  @IsString()
  title!: string | null;

  @ApiProperty({ example: 'It is on fire' })
  @Nullable()
  @IsString()
  body!: string | null;

  @ApiProperty({ example: 'A-1' })
  @Nullable()
  @IsString()
  number!: string | null;

  @ApiProperty({ example: 1 })
  @Nullable()
  @IsNumber()
  count!: number | null;

  @ApiProperty({ example: '2030-01-31T00:00:00.000Z' })
  @Nullable()
  @UtcTime()
  dueAt!: Date | null;

  @ApiProperty({ example: true })
  @Nullable()
  @IsBoolean()
  urgent!: boolean | null;

  @ApiProperty({ example: 'open' })
  @IsIn(STATES)
  state!: State;

  @ApiProperty({ example: 1 })
  @Nullable()
  @IsNumber()
  priority!: number | null;

  @ApiProperty({ example: '12.30' })
  @Nullable()
  @ExactDecimal()
  price!: string | null;

  @ApiProperty({ example: '2030-01-31' })
  @Nullable()
  @CalendarDay()
  startsOn!: string | null;

  static from(ticket: TrialTicket): TrialTicketDto {
    return {
      ...OwnedRecordDto.of(ticket),
      title: ticket.title ?? null,
      body: ticket.body ?? null,
      number: ticket.number ?? null,
      count: ticket.count ?? null,
      dueAt: ticket.dueAt ?? null,
      urgent: ticket.urgent ?? null,
      state: ticket.state,
      priority: ticket.priority ?? null,
      price: decimalText(ticket.price) ?? null,
      startsOn: ticket.startsOn ?? null,
    };
  }
}
