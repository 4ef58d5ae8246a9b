import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { ownerIn, type Scope } from '../../platform/access/caller.js';
import { withOwnerLimit } from '../../platform/database/owner-limit.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import { ChangeEvents } from '../../platform/database/change-events.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { apiError, invalid } from '../../platform/errors/errors.js';
import { ExecutionClock } from '../../platform/executions/model/clock.js';
import type { Once } from '../../platform/idempotency/once.js';
import { Outbound, OutboundError } from '../../platform/outbound/outbound.js';
import type { Page, PageQuery } from '../../platform/validation/page-query.js';
import { NO_PRECONDITION, type Precondition } from '../../platform/validation/precondition.js';
import { Announcements } from './announcements.js';
import type { ListDeliveriesQuery } from './delivery.dto.js';
import { deliveries, WebhookDelivery } from './delivery.schema.js';
import { Receivers } from './receivers.js';
import { newSecret, OVERLAP_MS } from './signing.js';
import type { CreateWebhookDto, UpdateWebhookDto } from './webhook.dto.js';
import { WebhookErrors } from './webhook.errors.js';
import { Webhook, webhooks } from './webhook.schema.js';

/** Maximum number of webhooks per owner. */
const MAX_WEBHOOKS = 100;

@Injectable()
export class WebhooksService {
  constructor(
    @InjectModel(Webhook.name) private readonly model: Model<Webhook>,
    @InjectModel(WebhookDelivery.name) private readonly deliveryModel: Model<WebhookDelivery>,
    @InjectRecords(webhooks) private readonly records: Records<Webhook>,
    @InjectRecords(deliveries) private readonly sent: Records<WebhookDelivery>,
    private readonly announcements: Announcements,
    private readonly receivers: Receivers,
    private readonly outbound: Outbound,
    private readonly transactions: Transactions,
    private readonly changeEvents: ChangeEvents,
    private readonly clock: ExecutionClock,
  ) {}

  /** @throws ApiError VALIDATION_ERROR for a forbidden address or an unknown event, WEBHOOK_LIMIT_REACHED */
  async create(scope: Scope, dto: CreateWebhookDto, once: Once): Promise<Webhook> {
    const fields = await this.checked(dto);
    return once.run(
      (transaction) => this.add(scope, fields, transaction),
      (id) => this.get(scope, id),
    );
  }

  /** @throws ApiError WEBHOOK_NOT_FOUND */
  get(scope: Scope, id: string): Promise<Webhook> {
    return this.records.get(scope, id);
  }

  list(scope: Scope, query: PageQuery): Promise<Page<Webhook>> {
    return this.records.page(scope, query);
  }

  /** @throws ApiError WEBHOOK_NOT_FOUND, PRECONDITION_FAILED, VALIDATION_ERROR */
  async update(scope: Scope, id: string, ifMatch: Precondition, dto: UpdateWebhookDto): Promise<Webhook> {
    const checked = await this.checked(dto);
    // Another address has not failed.
    const isAnew = checked.status === 'active' || checked.url !== undefined;
    const change = { ...checked, ...(isAnew && { failingSince: null, restsUntil: null }) };
    const webhook = await this.records.update(scope, id, ifMatch, change);
    if (webhook.status !== 'active') await this.receivers.giveUpAll(webhook._id, 'The webhook was paused');
    return webhook;
  }

  /**
   * Creates a new secret. The previous one is valid for another day.
   * @throws ApiError WEBHOOK_NOT_FOUND
   */
  async rotate(scope: Scope, id: string): Promise<Webhook> {
    return this.transactions.run(async (transaction) => {
      const { secret } = await this.records.get(scope, id, transaction);
      const previousUntil = this.clock.in(OVERLAP_MS);
      const change = { secret: newSecret(), previousSecret: secret, previousUntil };
      return this.records.update(scope, id, NO_PRECONDITION, change, transaction);
    });
  }

  /** @throws ApiError WEBHOOK_NOT_FOUND, PRECONDITION_FAILED */
  async remove(scope: Scope, id: string, ifMatch: Precondition): Promise<void> {
    const { _id } = await this.records.remove(scope, id, ifMatch);
    await this.deliveryModel.deleteMany({ webhookId: _id });
  }

  /** @throws ApiError WEBHOOK_NOT_FOUND */
  async listDeliveries(scope: Scope, id: string, query: ListDeliveriesQuery): Promise<Page<WebhookDelivery>> {
    const { _id } = await this.records.get(scope, id);
    const { status } = query;
    return this.sent.page(scope, query, { webhookId: _id, ...(status !== undefined && { status }) });
  }

  /**
   * Sends an event again, under its old id.
   * @throws ApiError WEBHOOK_NOT_FOUND, DELIVERY_NOT_FOUND, WEBHOOK_NOT_ACTIVE
   */
  async retry(scope: Scope, id: string, deliveryId: string): Promise<WebhookDelivery> {
    const webhook = await this.records.get(scope, id);
    if (webhook.status !== 'active') throw apiError(WebhookErrors.WEBHOOK_NOT_ACTIVE);
    await this.receivers.endRest(webhook);
    return this.transactions.run(async (transaction) => {
      const ofThis = { _id: new Types.ObjectId(deliveryId), webhookId: webhook._id };
      const known = await this.sent.first(scope, ofThis, transaction);
      if (!known) throw apiError(deliveries.notFound);
      const change = {
        status: 'pending',
        attempts: 0,
        nextAttemptAt: null,
        giveUpAt: this.announcements.giveUpAt,
      } as const;
      const delivery = await this.sent.update(scope, deliveryId, NO_PRECONDITION, change, transaction);
      await this.announcements.start(delivery, webhook, transaction);
      return delivery;
    });
  }

  private async add(scope: Scope, fields: CreateWebhookDto, transaction?: Transaction): Promise<Webhook> {
    const refusal = () => apiError(WebhookErrors.WEBHOOK_LIMIT_REACHED);
    const limit = { owner: ownerIn(scope), max: MAX_WEBHOOKS, refusal };
    const ownerKind = scope.owner?.kind ?? 'user';
    const webhook = { ...fields, status: 'active', secret: newSecret(), ownerKind } as const;
    return withOwnerLimit(this.transactions, this.model, limit, transaction, (joined) =>
      this.records.create(scope, webhook, joined),
    );
  }

  /** @throws ApiError VALIDATION_ERROR */
  private async checked<T extends { url?: string; events?: string[] }>(dto: T): Promise<T> {
    const known = this.changeEvents.offeredTo('webhooks');
    const isKnown = (event: string): boolean =>
      event.endsWith('.*')
        ? known.some((each) => each.startsWith(event.slice(0, -1)))
        : known.includes(event);
    const unknown = dto.events?.find((event) => !isKnown(event));
    if (unknown !== undefined) {
      const message = `${unknown} is not an event; there are ${known.toSorted().join(', ')}`;
      throw invalid([{ path: 'events', message }]);
    }
    if (dto.url === undefined) return dto;
    try {
      return { ...dto, url: (await this.outbound.check(dto.url)).href };
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      throw invalid([{ path: 'url', message: `url ${error.message}` }]);
    }
  }
}
