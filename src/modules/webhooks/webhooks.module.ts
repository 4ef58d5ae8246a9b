import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { OutboundModule } from '../../platform/outbound/outbound.module.js';
import { UsersModule } from '../users/users.module.js';
import { Announcements } from './announcements.js';
import { Deliver } from './deliver.executor.js';
import { DeliveriesController } from './deliveries.controller.js';
import { deliveries } from './delivery.schema.js';
import { DeliveryQueue } from './delivery-queue.js';
import { Receivers } from './receivers.js';
import { WebhookMetrics } from './webhook.metrics.js';
import { webhooks } from './webhook.schema.js';
import { WebhooksController } from './webhooks.controller.js';
import { WebhooksService } from './webhooks.service.js';

/** Notifies other systems of changes to accounts and to records of features that declare `webhooks: true`. */
@Module({
  imports: [RecordsModule.for(webhooks, deliveries), OutboundModule, UsersModule],
  controllers: [WebhooksController, DeliveriesController],
  providers: [Announcements, Deliver, DeliveryQueue, Receivers, WebhookMetrics, WebhooksService],
})
export class WebhooksModule {}
