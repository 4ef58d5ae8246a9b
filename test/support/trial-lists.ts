import { Body, Controller, Get, Injectable, Module, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { Types } from 'mongoose';
import { AppModule } from '../../src/app.module.js';
import { CountDto } from '../../src/platform/database/count.dto.js';
import { type Defaults, nullsToDefaults, withDefaults } from '../../src/platform/database/defaults.js';
import { anyOf, contains } from '../../src/platform/database/filter.js';
import type { Records } from '../../src/platform/database/records.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import { ApiSection } from '../../src/platform/docs/section.js';
import { Answers, AnswersList, AnswersPage } from '../../src/platform/http/answers.js';
import { IfMatch } from '../../src/platform/http/entity-tag.js';
import type { Precondition } from '../../src/platform/validation/precondition.js';
import { mapPage, type Page } from '../../src/platform/validation/page-query.js';
import { IdParams } from '../../src/platform/validation/record-id.dto.js';
import { CreateOnce, type Once } from '../../src/platform/idempotency/once.js';
import { CurrentScope, OwnerOr, SignedIn } from '../../src/platform/access/access.js';
import type { Scope } from '../../src/platform/access/caller.js';
import {
  CreateTrialTicketDto,
  ListTrialTicketsQuery,
  ReplaceTrialTicketDto,
  StatsQuery,
  TrialTicketDto,
  type TrialTicket,
  trialTickets,
  UpdateTrialTicketDto,
} from './trial-ticket.js';

const DEFAULTS: Defaults<CreateTrialTicketDto, TrialTicket> = {
  title: null,
  body: null,
  number: null,
  count: null,
  dueAt: null,
  urgent: null,
  state: 'open',
  priority: null,
  price: null,
  startsOn: null,
};

@Injectable()
export class TrialTicketsService {
  constructor(@InjectRecords(trialTickets) readonly records: Records<TrialTicket>) {}

  list(scope: Scope, query: ListTrialTicketsQuery): Promise<Page<TrialTicket>> {
    const { title, number, state, priority, urgent, owner } = query;
    return this.records.page(scope, query, {
      ...(title && { title: contains(title) }),
      ...(number && { number: anyOf(number) }),
      ...(state && { state: anyOf(state) }),
      ...(priority && { priority: anyOf(priority) }),
      ...(urgent && { urgent: anyOf(urgent) }),
      ...(owner && owner !== 'all' && { ownerId: new Types.ObjectId(owner) }),
    });
  }
}

@ApiSection('trial tickets', 'Tickets with lists of every kind.')
@Controller('api/v1/trial-tickets')
class TrialTicketsController {
  constructor(private readonly service: TrialTicketsService) {}

  @Post()
  @SignedIn()
  @ApiOperation({ summary: 'Create a ticket', description: 'It belongs to the caller.' })
  @Answers(TrialTicketDto, { status: 201, errors: trialTickets.errors.create })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: CreateTrialTicketDto,
    @CreateOnce() once: Once,
  ): Promise<TrialTicketDto> {
    return TrialTicketDto.from(await this.service.records.create(scope, withDefaults(dto, DEFAULTS), once));
  }

  @Get()
  @OwnerOr(trialTickets.may.read, { parameter: 'owner' })
  @ApiOperation({ summary: 'List tickets', description: 'Newest first, unless asked for in another order.' })
  @AnswersPage(TrialTicketDto)
  async list(
    @CurrentScope() scope: Scope,
    @Query() query: ListTrialTicketsQuery,
  ): Promise<Page<TrialTicketDto>> {
    return mapPage(await this.service.list(scope, query), TrialTicketDto.from);
  }

  @Get('stats')
  @OwnerOr(trialTickets.may.read, { parameter: 'owner' })
  @ApiOperation({ summary: 'Count tickets by value', description: 'Most frequent first.' })
  @AnswersList(CountDto)
  counts(@CurrentScope() scope: Scope, @Query() { by }: StatsQuery): Promise<CountDto[]> {
    return this.service.records.counts(scope, by);
  }

  @Put(':id')
  @OwnerOr(trialTickets.may.write)
  @ApiOperation({ summary: 'Replace a ticket', description: 'What is left out is reset.' })
  @Answers(TrialTicketDto, { errors: trialTickets.errors.update })
  async replace(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: ReplaceTrialTicketDto,
  ): Promise<TrialTicketDto> {
    return TrialTicketDto.from(
      await this.service.records.update(scope, id, ifMatch, withDefaults(dto, DEFAULTS)),
    );
  }

  @Patch(':id')
  @OwnerOr(trialTickets.may.write)
  @ApiOperation({ summary: 'Change a ticket', description: 'What is left out stays.' })
  @Answers(TrialTicketDto, { errors: trialTickets.errors.update })
  async update(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateTrialTicketDto,
  ): Promise<TrialTicketDto> {
    const change = nullsToDefaults(dto, DEFAULTS);
    return TrialTicketDto.from(await this.service.records.update(scope, id, ifMatch, change));
  }
}

@Module({
  imports: [RecordsModule.for(trialTickets)],
  controllers: [TrialTicketsController],
  providers: [TrialTicketsService],
})
class TrialTicketsModule {}

export const TICKETS = '/api/v1/trial-tickets';

/** Adds a feature with every kind of list to the application that this test file builds. */
export function addTickets(): void {
  Module({ imports: [TrialTicketsModule] })(AppModule);
}
