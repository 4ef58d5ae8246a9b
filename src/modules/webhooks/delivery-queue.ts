import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, type mongo, Types } from 'mongoose';
import type { Scope } from '../../platform/access/caller.js';
import { Semaphore } from '../../platform/concurrency/semaphore.js';
import { driverCollection } from '../../platform/database/driver.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import { ExecutionClock } from '../../platform/executions/model/clock.js';
import { retryAfterMs } from '../../platform/executions/model/retries.js';
import { noteInTrace, traced, traceHeaders } from '../../platform/logging/spans.js';
import { Outbound, type OutboundAnswer, OutboundError } from '../../platform/outbound/outbound.js';
import { type Outcome, WebhookDelivery } from './delivery.schema.js';
import { Receivers } from './receivers.js';
import { signed } from './signing.js';
import { WebhookMetrics } from './webhook.metrics.js';
import { Webhook, webhooks } from './webhook.schema.js';

/** The pauses after each failure, in seconds: the last attempt is nearly a day after the first. */
const PAUSES_S = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800];
/** The longest pause that a receiver may request with Retry-After. */
const LONGEST_PAUSE_MS = 8 * 60 * 60 * 1_000;
const ANSWER_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 4_096;
const MAX_SHOWN = 500;
/** No attempt begins later than this in a turn, so that the last one ends within the timeout of the step. */
const TURN_MS = 20_000;

/** Deliveries that use the database at a time. Requests use the same connections, and may not wait for them. */
const AT_DATABASE = 8;

interface Next {
  readonly webhook: Webhook;
  readonly delivery: WebhookDelivery;
}

/** Makes the waiting deliveries of a webhook, those of each record in order. */
@Injectable()
export class DeliveryQueue {
  private readonly slots = new Semaphore({ concurrency: AT_DATABASE });

  constructor(
    @InjectModel(WebhookDelivery.name) private readonly model: Model<WebhookDelivery>,
    @InjectRecords(webhooks) private readonly records: Records<Webhook>,
    private readonly outbound: Outbound,
    private readonly receivers: Receivers,
    private readonly clock: ExecutionClock,
    private readonly metrics: WebhookMetrics,
  ) {}

  /**
   * Makes a delivery, and earlier ones of the same record before it.
   * @returns when to continue, as ISO 8601; null once it is over
   */
  async deliver(deliveryId: string, signal: AbortSignal): Promise<string | null> {
    const _id = new Types.ObjectId(deliveryId);
    for (const until = performance.now() + TURN_MS; performance.now() < until;) {
      const next = await this.slots.run(() => this.next(_id));
      if (!next) return null;
      if (next instanceof Date) return next.toISOString();
      await this.attempt(next.webhook, next.delivery, signal);
    }
    return this.clock.now().toISOString();
  }

  /** The delivery to make now, for one that waits for it; when to look again; null once that one is over. */
  private async next(_id: Types.ObjectId): Promise<Next | Date | null> {
    const own = await this.collection.findOne({ _id });
    if (own?.status !== 'pending') return null;
    const webhook = await this.webhookOf(own);
    if (!webhook) return null;
    if (webhook.status !== 'active') {
      await this.receivers.giveUpAll(webhook._id, 'The webhook takes nothing');
      return null;
    }
    const { webhookId, record, at } = own;
    // Includes those of the same time: an earlier one may have been sent again by hand.
    const [delivery = own] = await this.collection
      .find({ webhookId, record, status: 'pending', at: { $lte: at } })
      .sort({ at: 1, _id: 1 })
      .limit(1)
      .toArray();
    const now = this.clock.now();
    if (delivery.nextAttemptAt && delivery.nextAttemptAt > now) return delivery.nextAttemptAt;
    return (await this.receivers.restOf(webhook, now)) ?? { webhook, delivery };
  }

  private async webhookOf({ webhookId, ownerId }: WebhookDelivery): Promise<Webhook | null> {
    const owner = { kind: 'user', id: ownerId.toHexString() } as const;
    const scope: Scope = { actor: { kind: 'system' }, owner };
    return this.records.first(scope, { _id: webhookId });
  }

  private async attempt(webhook: Webhook, delivery: WebhookDelivery, signal: AbortSignal): Promise<void> {
    const { url } = webhook;
    const { eventId, event, body } = delivery;
    const startedAt = performance.now();
    const since = (): number => Math.round(performance.now() - startedAt);
    try {
      const span = { name: 'webhook deliver', kind: 'client', fields: { 'webhook.event': event } } as const;
      const answer = await traced(span, async () => {
        const answered = await this.outbound.send(url, {
          headers: {
            'content-type': 'application/json',
            'user-agent': 'standard-webhooks',
            ...traceHeaders(),
            ...signed(webhook, eventId, body, this.clock.now()),
          },
          body,
          timeoutMs: ANSWER_TIMEOUT_MS,
          maxBytes: MAX_ANSWER_BYTES,
          signal,
        });
        noteInTrace({ 'http.response.status_code': answered.status });
        return answered;
      });
      this.metrics.attempted(answer.status, since());
      const outcome = { ...shownOf(answer), durationMs: since() };
      await this.slots.run(() => this.note(webhook, delivery, answer, outcome));
    } catch (error) {
      // The process is stopping or has lost the execution: whichever continues will retry.
      if (!(error instanceof OutboundError) || error.reason === 'cancelled') throw error;
      this.metrics.attempted(error.reason, since());
      const outcome = { error: `The address ${error.message}`, durationMs: since() };
      await this.slots.run(() => this.note(webhook, delivery, undefined, outcome));
    }
  }

  private async note(
    webhook: Webhook,
    delivery: WebhookDelivery,
    answer: OutboundAnswer | undefined,
    outcome: Outcome,
  ): Promise<void> {
    const now = this.clock.now();
    const attempts = delivery.attempts + 1;
    const made = { attempts, outcome, lastAttemptAt: now };
    if (answer && answer.status >= 200 && answer.status < 300) {
      // Even if its webhook was paused meanwhile, which gave it up.
      const { _id } = delivery;
      await this.write({ _id }, { $set: { ...made, status: 'delivered' }, $unset: { nextAttemptAt: '' } });
      this.metrics.over('delivered');
      await this.receivers.succeeded(webhook);
      return;
    }
    const pauseMs = Math.max(1_000 * (PAUSES_S[attempts - 1] ?? 0), askedMs(answer));
    const nextAttemptAt = new Date(now.getTime() + pauseMs * (1 + Math.random() / 10));
    const isOver = answer?.status === 410 || attempts > PAUSES_S.length || nextAttemptAt > delivery.giveUpAt;
    await this.write(
      { _id: delivery._id, status: 'pending' },
      isOver
        ? { $set: { ...made, status: 'failed' }, $unset: { nextAttemptAt: '' } }
        : { $set: { ...made, nextAttemptAt } },
    );
    if (isOver) this.metrics.over('failed');
    if (answer?.status === 410) await this.receivers.gone(webhook);
    else await this.receivers.failed(webhook, now);
  }

  private async write(
    filter: mongo.Filter<WebhookDelivery>,
    { $set, ...update }: mongo.UpdateFilter<WebhookDelivery>,
  ): Promise<void> {
    const all = { ...update, $set: { ...$set, updatedAt: new Date() }, $inc: { version: 1 } };
    await this.collection.updateOne(filter, all);
  }

  private get collection(): mongo.Collection<WebhookDelivery> {
    return driverCollection(this.model);
  }
}

/** What may be shown of a response: no headers, and the beginning of its body without control characters. */
function shownOf({ status, body }: OutboundAnswer): Omit<Outcome, 'durationMs'> {
  const text = body
    .toString('utf8')
    .replaceAll(/[^\P{C}\n\t]/gu, '')
    .toWellFormed();
  return { status, ...(text && { body: [...text].slice(0, MAX_SHOWN).join('') }) };
}

/** Retry-After of a receiver, in milliseconds. */
function askedMs(answer: OutboundAnswer | undefined): number {
  return Math.min(retryAfterMs(answer?.headers['retry-after'], new Date()), LONGEST_PAUSE_MS);
}
