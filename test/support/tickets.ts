import { Body, Controller, Delete, Get, Module, Param, Patch, Post, Query } from '@nestjs/common';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Type } from 'class-transformer';
import { IsBoolean, IsDate, IsIn, IsInt, IsString, ValidateNested } from 'class-validator';
import mongoose, { Types } from 'mongoose';
import { AppModule } from '../../src/app.module.js';
import { CurrentScope, OwnerOr, SignedIn } from '../../src/platform/access/access.js';
import type { Scope } from '../../src/platform/access/caller.js';
import { OwnedRecordDto } from '../../src/platform/database/record.dto.js';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import { contains } from '../../src/platform/database/filter.js';
import type { Records } from '../../src/platform/database/records.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import { resource } from '../../src/platform/database/resource.js';
import { ApiSection } from '../../src/platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../src/platform/http/answers.js';
import { IfMatch } from '../../src/platform/http/entity-tag.js';
import type { Precondition } from '../../src/platform/validation/precondition.js';
import { IdParams } from '../../src/platform/validation/record-id.dto.js';
import { CreateOnce, type Once } from '../../src/platform/idempotency/once.js';
import { List, Nullable, RecordId } from '../../src/platform/validation/fields.js';
import { CalendarDay } from '../../src/platform/validation/day.js';
import { IsMetadata, type Metadata } from '../../src/platform/validation/is-metadata.js';
import { InMoney, type MoneyJson, moneyJson, type StoredMoney } from '../../src/platform/validation/money.js';
import { mapPage, type Page } from '../../src/platform/validation/page-query.js';
import {
  AddressDto,
  CreateTicketDto,
  ListTicketsQuery,
  type Status,
  STATUSES,
  UpdateTicketDto,
} from './ticket-inputs.js';

const { Mixed, ObjectId } = mongoose.Schema.Types;

@Schema({ ...RECORD_OPTIONS, collection: 'trial_tickets' })
class TrialTicket extends OwnedRecord {
  @Prop({ type: String, required: true, maxlength: 300 })
  title!: string;

  @Prop({ type: Mixed })
  status?: Status | null;

  @Prop({ type: Number })
  priority?: number | null;

  @Prop({ type: Boolean })
  urgent!: boolean;

  @Prop({ type: Date })
  dueAt?: Date | null;

  @Prop({ type: String })
  reportedOn?: string | null;

  @Prop({ type: Mixed })
  refund?: StoredMoney | null;

  @Prop({ type: [String] })
  tags?: string[] | null;

  @Prop({ type: ObjectId, ref: 'Project' })
  projectId?: Types.ObjectId | null;

  @Prop({ type: String, encrypted: true })
  text?: string | null;

  @Prop({ type: Mixed })
  address?: AddressDto | null;

  @Prop({ type: Mixed })
  metadata?: Metadata | null;
}

const TicketSchema = SchemaFactory.createForClass(TrialTicket);
// An owner's tickets.
TicketSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// An owner has each title once.
TicketSchema.index({ ownerId: 1, title: 1 }, { unique: true });
// What refers to a project.
TicketSchema.index({ projectId: 1 }, { partialFilterExpression: { projectId: { $exists: true } } });

const tickets = resource({
  name: 'trial ticket',
  record: TrialTicket,
  schema: TicketSchema,
  unique: ['title'],
});

class TicketDto extends OwnedRecordDto {
  @IsString()
  title!: string;

  @Nullable()
  @IsIn(STATUSES)
  status!: Status | null;

  @Nullable()
  @IsInt()
  priority!: number | null;

  @IsBoolean()
  urgent!: boolean;

  @Nullable()
  @IsDate()
  dueAt!: Date | null;

  @Nullable()
  @CalendarDay()
  reportedOn!: string | null;

  @Nullable()
  @InMoney()
  refund!: MoneyJson | null;

  @List(5)
  @IsString({ each: true })
  tags!: string[];

  @Nullable()
  @RecordId()
  projectId!: string | null;

  @Nullable()
  @IsString()
  text!: string | null;

  @Nullable()
  @ValidateNested()
  @Type(() => AddressDto)
  address!: AddressDto | null;

  @IsMetadata()
  metadata!: Metadata;

  static from(this: void, ticket: TrialTicket): TicketDto {
    const {
      title,
      urgent,
      status = null,
      priority = null,
      dueAt = null,
      reportedOn = null,
      text = null,
      address = null,
    } = ticket;
    return {
      ...OwnedRecordDto.of(ticket),
      title,
      urgent,
      status,
      priority,
      dueAt,
      reportedOn,
      refund: moneyJson(ticket.refund) ?? null,
      text,
      address,
      tags: ticket.tags ?? [],
      projectId: ticket.projectId?.toHexString() ?? null,
      metadata: ticket.metadata ?? {},
    };
  }
}

export const TICKETS = '/api/v1/trial-tickets';

@ApiSection('trial-tickets', 'What customers report.')
@Controller('api/v1/trial-tickets')
class TicketsController {
  constructor(@InjectRecords(tickets) private readonly records: Records<TrialTicket>) {}

  @Post()
  @SignedIn()
  @Answers(TicketDto, { status: 201, errors: tickets.errors.create })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: CreateTicketDto,
    @CreateOnce() once: Once,
  ): Promise<TicketDto> {
    return TicketDto.from(await this.records.create(scope, dto, once));
  }

  @Get()
  @SignedIn()
  @AnswersPage(TicketDto)
  async list(@CurrentScope() scope: Scope, @Query() query: ListTicketsQuery): Promise<Page<TicketDto>> {
    const { title, status } = query;
    const filter = { ...(title && { title: contains(title) }), ...(status && { status }) };
    return mapPage(await this.records.page(scope, query, filter), TicketDto.from);
  }

  @Get(':id')
  @OwnerOr(tickets.may.read)
  @Answers(TicketDto, { errors: tickets.errors.get })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<TicketDto> {
    return TicketDto.from(await this.records.get(scope, id));
  }

  @Patch(':id')
  @OwnerOr(tickets.may.write)
  @Answers(TicketDto, { errors: tickets.errors.update })
  async update(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateTicketDto,
  ): Promise<TicketDto> {
    return TicketDto.from(await this.records.update(scope, id, ifMatch, dto));
  }

  @Delete(':id')
  @OwnerOr(tickets.may.write)
  @AnswersMessage('Ticket deleted', { errors: tickets.errors.remove })
  async remove(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.records.remove(scope, id, ifMatch);
  }
}

@Module({ imports: [RecordsModule.for(tickets)], controllers: [TicketsController] })
class TicketsModule {}

/** Adds a feature with fields of every kind to the application that this test file builds. */
export function addTickets(): void {
  Module({ imports: [TicketsModule] })(AppModule);
}
