import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo, type Types } from 'mongoose';
import type { UserId } from '../../platform/access/caller.js';
import { driverCollection } from '../../platform/database/driver.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { AccountMails } from '../users/account-mails.js';
import { WebhookDelivery } from './delivery.schema.js';
import { WebhookEvents } from './webhook.events.js';
import { Webhook, type WebhookStatus } from './webhook.schema.js';

/** How long a receiver may fail before it is paused. */
const PATIENCE_MS = 3 * 24 * 60 * 60 * 1000;

/**
 * Records the state of receivers. The version of a webhook does not change, since nothing that its owner has set does.
 */
@Injectable()
export class Receivers {
  constructor(
    @InjectModel(Webhook.name) private readonly model: Model<Webhook>,
    @InjectModel(WebhookDelivery.name) private readonly deliveries: Model<WebhookDelivery>,
    private readonly mails: AccountMails,
    private readonly events: DomainEvents,
  ) {}

  async succeeded({ _id, failingSince }: Webhook): Promise<void> {
    if (failingSince) await this.collection.updateOne({ _id }, { $unset: { failingSince: '' } });
  }

  /** Pauses one that has failed for days, and mails its owner. */
  async failed(webhook: Webhook, now: Date): Promise<void> {
    const { _id, failingSince } = webhook;
    if (!failingSince) {
      await this.collection.updateOne(
        { _id, failingSince: { $exists: false } },
        { $set: { failingSince: now } },
      );
      return;
    }
    if (now.getTime() - failingSince.getTime() < PATIENCE_MS) return;
    if (!(await this.stop(webhook, 'paused'))) return;
    this.events.record(WebhookEvents.webhook_paused, { recordId: _id.toHexString() });
    const { createdBy, url } = webhook;
    if (!createdBy) return;
    this.mails.tell(createdBy.toHexString() as UserId, {
      kind: 'webhook-paused',
      subject: 'A webhook of yours was paused',
      lines: [
        `Nothing has got to your webhook at ${new URL(url).host} for three days, so it was paused.`,
        '',
        'Make it active again once its receiver answers. What was missed stays in its list of',
        'deliveries for 30 days, from where each can be sent again.',
      ],
    });
  }

  /** The receiver has unsubscribed (410). */
  async gone(webhook: Webhook): Promise<void> {
    if (!(await this.stop(webhook, 'ended'))) return;
    this.events.record(WebhookEvents.webhook_ended, { recordId: webhook._id.toHexString() });
  }

  /** Gives up all waiting deliveries of a webhook. */
  async giveUpAll(webhookId: Types.ObjectId, error: string): Promise<void> {
    await driverCollection(this.deliveries).updateMany(
      { webhookId, status: 'pending' },
      {
        $set: { status: 'failed', updatedAt: new Date(), outcome: { error, durationMs: 0 } },
        $unset: { nextAttemptAt: '' },
      },
    );
  }

  private async stop({ _id }: Webhook, status: WebhookStatus): Promise<boolean> {
    const { modifiedCount } = await this.collection.updateOne(
      { _id, status: 'active' },
      { $set: { status } },
    );
    if (modifiedCount > 0) await this.giveUpAll(_id, `The webhook was ${status}`);
    return modifiedCount > 0;
  }

  private get collection(): mongo.Collection<Webhook> {
    return driverCollection(this.model);
  }
}
