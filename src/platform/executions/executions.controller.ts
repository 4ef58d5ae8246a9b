import { Body, Controller, Get, Headers, type MessageEvent, Param, Post, Query, Sse } from '@nestjs/common';
import { ApiHeader, ApiOperation } from '@nestjs/swagger';
import { Types } from 'mongoose';
import type { Observable } from 'rxjs';
import { CurrentScope, OwnerOr, SignedIn } from '../access/access.js';
import type { Scope } from '../access/caller.js';
import { ApiSection } from '../docs/section.js';
import { Answers, AnswersPage, AnswersRaw } from '../http/answers.js';
import { Deadline } from '../http/deadline.js';
import { OptionalBody } from '../http/input.js';
import { CreateOnce, type Once } from '../idempotency/once.js';
import type { Page } from '../validation/page-query.js';
import { IdParams } from '../validation/record-id.dto.js';
import { ExecutionDto } from './execution.dto.js';
import { EXECUTION_NOT_FOUND, ExecutionErrors } from './model/execution.errors.js';
import { ExecutionList } from './execution-list.js';
import {
  ListExecutionsQuery,
  NamedParams,
  ResolveDto,
  RetryDto,
  SignalDto,
  WaitQuery,
} from './execution-requests.dto.js';
import { Executions } from './executions.js';
import { Following } from './following.js';

const { EXECUTION_FINISHED, EXECUTION_NOT_WAITING } = ExecutionErrors;
const WAITED = [EXECUTION_NOT_FOUND, EXECUTION_FINISHED, EXECUTION_NOT_WAITING];

@ApiSection('executions', 'Work that outlives its request: its progress, and what it waits for.', 'work')
@Controller('api/v1/executions')
export class ExecutionsController {
  constructor(
    private readonly executions: Executions,
    private readonly lists: ExecutionList,
    private readonly following: Following,
  ) {}

  @Get()
  @OwnerOr('executions:read', { parameter: 'owner' })
  @ApiOperation({ summary: 'List executions', description: 'Newest first.', operationId: 'listExecutions' })
  @AnswersPage(ExecutionDto)
  list(@CurrentScope() scope: Scope, @Query() query: ListExecutionsQuery): Promise<Page<ExecutionDto>> {
    return this.lists.page(scope, query);
  }

  @Get(':id')
  @OwnerOr('executions:read')
  @Deadline(33_000)
  @ApiOperation({
    summary: 'Get an execution',
    description: 'With `wait`, responds when the execution is over, or after that many seconds.',
    operationId: 'getExecution',
  })
  @Answers(ExecutionDto, { errors: [EXECUTION_NOT_FOUND] })
  get(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @Query() { wait = 0 }: WaitQuery,
  ): Promise<ExecutionDto> {
    return this.following.until(scope, id, wait);
  }

  @Sse(':id/events')
  @OwnerOr('executions:read')
  @AnswersRaw('text/event-stream', { errors: [EXECUTION_NOT_FOUND] })
  @ApiHeader({
    name: 'last-event-id',
    required: false,
    description: 'The id of the last event received, to continue after it.',
  })
  @ApiOperation({
    summary: 'Follow an execution',
    description:
      'Server-sent events: `status`, `step`, `progress` and finally `end`, each with the execution. `Last-Event-ID` resumes an interrupted stream.',
    operationId: 'followExecution',
  })
  events(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @Headers('last-event-id') last?: string,
  ): Promise<Observable<MessageEvent>> {
    return this.following.stream(scope, id, Number(last) || 0);
  }

  @Post(':id/cancel')
  @OwnerOr('executions:write')
  @ApiOperation({ summary: 'Cancel an execution', operationId: 'cancelExecution' })
  @Answers(ExecutionDto, { errors: [EXECUTION_NOT_FOUND, EXECUTION_FINISHED] })
  cancel(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<ExecutionDto> {
    return this.executions.cancel(scope, id);
  }

  @Post(':id/retry')
  @OwnerOr('executions:write')
  @OptionalBody()
  @ApiOperation({ summary: 'Retry a failed execution', operationId: 'retryExecution' })
  @Answers(ExecutionDto, { errors: WAITED })
  retry(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @Body() { from }: RetryDto,
  ): Promise<ExecutionDto> {
    return this.executions.retry(scope, id, from);
  }

  @Post(':id/steps/:name/resolve')
  @OwnerOr('executions:write')
  @ApiOperation({ summary: 'Resolve a step whose outcome is unknown', operationId: 'resolveStep' })
  @Answers(ExecutionDto, { errors: WAITED })
  resolve(
    @CurrentScope() scope: Scope,
    @Param() { id, name }: NamedParams,
    @Body() { outcome, result }: ResolveDto,
  ): Promise<ExecutionDto> {
    return this.executions.resolve(scope, id, name, outcome, result);
  }

  @Post(':id/signals/:name')
  @SignedIn()
  @ApiOperation({
    summary: 'Send a signal to an execution',
    description: 'Allowed for its owner or, if the execution asks for a permission, for callers who have it.',
    operationId: 'signalExecution',
  })
  @Answers(ExecutionDto, { errors: WAITED })
  async signal(
    @CurrentScope() scope: Scope,
    @Param() { id, name }: NamedParams,
    @Body() { payload = null }: SignalDto,
    @CreateOnce() once: Once,
  ): Promise<ExecutionDto> {
    const sent = await once.run(
      async () => ({
        _id: new Types.ObjectId(id),
        dto: await this.executions.signal(scope, id, name, payload),
      }),
      async () => ({ _id: new Types.ObjectId(id), dto: await this.executions.seenBySender(scope, id, name) }),
    );
    return sent.dto;
  }
}
