import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { CurrentScope } from '../../platform/access/access.js';
import type { Scope } from '../../platform/access/caller.js';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { Deadline } from '../../platform/http/deadline.js';
import { IfMatch } from '../../platform/http/entity-tag.js';
import { NoStore } from '../../platform/http/headers.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { mapPage, type Page, PageQuery } from '../../platform/validation/page-query.js';
import type { Precondition } from '../../platform/validation/precondition.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { CreateWebhookDto, UpdateWebhookDto, WebhookDto, WebhookWithSecretDto } from './webhook.dto.js';
import { WebhookErrors } from './webhook.errors.js';
import { webhooks } from './webhook.schema.js';
import { Managed } from './managed.js';
import { WebhooksService } from './webhooks.service.js';

const { WEBHOOK_LIMIT_REACHED } = WebhookErrors;
/** Allows time to resolve the name in a URL before it is accepted. */
const CHECKED_MS = 10_000;

@ApiSection('webhooks', 'Addresses of other systems that are notified of events.', 'work')
@Controller('api/v1/webhooks')
export class WebhooksController {
  constructor(private readonly service: WebhooksService) {}

  @Post()
  @Managed()
  @Deadline(CHECKED_MS)
  @NoStore()
  @ApiOperation({
    summary: 'Create a webhook',
    description: 'The secret is only in this response. An owner has at most 100.',
    operationId: 'createWebhook',
  })
  @Answers(WebhookWithSecretDto, { status: 201, errors: [WEBHOOK_LIMIT_REACHED, webhooks.notFound] })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: CreateWebhookDto,
    @CreateOnce() once: Once,
  ): Promise<WebhookWithSecretDto> {
    return WebhookWithSecretDto.withSecret(await this.service.create(scope, dto, once));
  }

  @Get()
  @Managed()
  @ApiOperation({ summary: 'List webhooks', description: 'Newest first.', operationId: 'listWebhooks' })
  @AnswersPage(WebhookDto)
  async list(@CurrentScope() scope: Scope, @Query() query: PageQuery): Promise<Page<WebhookDto>> {
    return mapPage(await this.service.list(scope, query), WebhookDto.from);
  }

  @Get(':id')
  @Managed()
  @ApiOperation({
    summary: 'Get a webhook',
    description: 'Without its secret.',
    operationId: 'getWebhook',
  })
  @Answers(WebhookDto, { errors: webhooks.errors.get })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<WebhookDto> {
    return WebhookDto.from(await this.service.get(scope, id));
  }

  @Patch(':id')
  @Managed()
  @Deadline(CHECKED_MS)
  @ApiOperation({
    summary: 'Change a webhook',
    description: 'Changes what is sent. `status: "active"` resumes one that was paused or ended.',
    operationId: 'updateWebhook',
  })
  @Answers(WebhookDto, { errors: webhooks.errors.update })
  async update(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateWebhookDto,
  ): Promise<WebhookDto> {
    return WebhookDto.from(await this.service.update(scope, id, ifMatch, dto));
  }

  @Delete(':id')
  @Managed()
  @ApiOperation({
    summary: 'Delete a webhook',
    description: 'With its deliveries. Waiting ones are not sent.',
    operationId: 'deleteWebhook',
  })
  @AnswersMessage('Webhook deleted', { errors: webhooks.errors.remove })
  async remove(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.service.remove(scope, id, ifMatch);
  }

  @Post(':id/rotate')
  @Managed()
  @HttpCode(200)
  @NoStore()
  @ApiOperation({
    summary: 'Give a webhook a new secret',
    description: 'For a day deliveries are signed with the previous secret as well.',
    operationId: 'rotateWebhook',
  })
  @Answers(WebhookWithSecretDto, { errors: [webhooks.notFound] })
  async rotate(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<WebhookWithSecretDto> {
    return WebhookWithSecretDto.withSecret(await this.service.rotate(scope, id));
  }
}
