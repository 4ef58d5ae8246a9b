import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo, type Types } from 'mongoose';
import { driverCollection } from '../../platform/database/driver.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { AccountMails } from '../users/account-mails.js';
import { WebhookDelivery } from './delivery.schema.js';
import { WebhookEvents } from './webhook.events.js';
import { Webhook, type WebhookStatus } from './webhook.schema.js';

/** How long a receiver may fail before it is paused. */
const PATIENCE_MS = 3 * 24 * 60 * 60 * 1000;
/** A receiver that keeps failing is left alone for half as long as it has been failing, within these bounds. */
const REST_MS = { least: 5_000, most: 3_600_000 };
/** At the end of a rest a single delivery is sent; its outcome is known within this time. */
const PROBE_MS = 15_000;

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

  async succeeded({ _id, failingSince, restsUntil }: Webhook): Promise<void> {
    if (!failingSince && !restsUntil) return;
    await this.collection.updateOne({ _id }, { $unset: { failingSince: '', restsUntil: '' } });
  }

  /**
   * Until when nothing may be sent to a receiver; undefined if something may. At the end of a rest only one caller, in
   * any process, gets undefined: the others wait for its outcome.
   */
  async restOf({ _id, restsUntil }: Webhook, now: Date): Promise<Date | undefined> {
    if (!restsUntil || restsUntil > now) return restsUntil ?? undefined;
    const next = new Date(now.getTime() + PROBE_MS);
    const { modifiedCount } = await this.collection.updateOne(
      { _id, restsUntil },
      { $set: { restsUntil: next } },
    );
    return modifiedCount > 0 ? undefined : next;
  }

  /** Ends a rest, since the owner asks for a delivery now. */
  async endRest({ _id }: Webhook): Promise<void> {
    await this.collection.updateOne({ _id }, { $unset: { restsUntil: '' } });
  }

  /** Lets a receiver rest that keeps failing; pauses one that has failed for days, and mails its owner. */
  async failed(webhook: Webhook, now: Date): Promise<void> {
    const { _id, failingSince } = webhook;
    if (!failingSince) {
      await this.collection.updateOne(
        { _id, failingSince: { $exists: false } },
        { $set: { failingSince: now } },
      );
      return;
    }
    const failingMs = now.getTime() - failingSince.getTime();
    if (failingMs < PATIENCE_MS) {
      const restMs = Math.min(failingMs / 2, REST_MS.most);
      // A success meanwhile has removed `failingSince`.
      if (restMs < REST_MS.least) return;
      await this.collection.updateOne(
        { _id, failingSince: { $exists: true } },
        { $max: { restsUntil: new Date(now.getTime() + restMs) } },
      );
      return;
    }
    if (!(await this.stop(webhook, 'paused'))) return;
    this.events.record(WebhookEvents.webhook_paused, { recordId: _id.toHexString() });
    const { createdBy, url } = webhook;
    await this.mails.tell(createdBy, {
      kind: 'webhook-paused',
      subject: 'Your webhook was paused',
      lines: [
        `No delivery to your webhook at ${new URL(url).host} has succeeded for three days, so it was paused.`,
        '',
        'Activate it again once its receiver answers. Failed deliveries stay in its list for 30 days,',
        'from where each can be sent again.',
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
