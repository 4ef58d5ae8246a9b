import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { CurrentScope } from '../../platform/access/access.js';
import type { Scope } from '../../platform/access/caller.js';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersPage } from '../../platform/http/answers.js';
import { mapPage, type Page } from '../../platform/validation/page-query.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { DeliveryDto, DeliveryParams, ListDeliveriesQuery } from './delivery.dto.js';
import { deliveries } from './delivery.schema.js';
import { Managed } from './managed.js';
import { WebhookErrors } from './webhook.errors.js';
import { webhooks } from './webhook.schema.js';
import { WebhooksService } from './webhooks.service.js';

@ApiSection('webhooks', 'Addresses of other systems that are notified of events.', 'work')
@Controller('api/v1/webhooks/:id/deliveries')
export class DeliveriesController {
  constructor(private readonly service: WebhooksService) {}

  @Get()
  @Managed()
  @ApiOperation({
    summary: 'List what was sent to a webhook',
    description: 'Newest first; of the last 30 days.',
    operationId: 'listDeliveries',
  })
  @AnswersPage(DeliveryDto, { errors: [webhooks.notFound] })
  async listDeliveries(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @Query() query: ListDeliveriesQuery,
  ): Promise<Page<DeliveryDto>> {
    return mapPage(await this.service.listDeliveries(scope, id, query), DeliveryDto.from);
  }

  @Post(':deliveryId/retry')
  @Managed()
  @HttpCode(202)
  @ApiOperation({
    summary: 'Send an event again',
    description: 'Under the same id, whatever its status.',
    operationId: 'retryDelivery',
  })
  @Answers(DeliveryDto, {
    status: 202,
    errors: [webhooks.notFound, deliveries.notFound, WebhookErrors.WEBHOOK_NOT_ACTIVE],
  })
  async retry(
    @CurrentScope() scope: Scope,
    @Param() { id, deliveryId }: DeliveryParams,
  ): Promise<DeliveryDto> {
    return DeliveryDto.from(await this.service.retry(scope, id, deliveryId));
  }
}
