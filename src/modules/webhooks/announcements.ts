import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { type Scope, scopeOf, type UserId } from '../../platform/access/caller.js';
import { driverCollection } from '../../platform/database/driver.js';
import { type ChangeEvent, ChangeEvents } from '../../platform/database/change-events.js';
import type { Transaction } from '../../platform/database/transactions.js';
import { ExecutionClock } from '../../platform/executions/model/clock.js';
import { Executions, type Start } from '../../platform/executions/executions.js';
import type { DeliverDto } from './deliver.dto.js';
import { Deliver } from './deliver.executor.js';
import { type DeliveryStatus, WebhookDelivery } from './delivery.schema.js';
import { Webhook } from './webhook.schema.js';

type NewDelivery = Omit<WebhookDelivery, 'status'> & { status: DeliveryStatus };

/** Maximum number of concurrent deliveries per webhook, each for a different record. */
const LANES = 4;
const HOUR_MS = 60 * 60 * 1000;
/** Longer than all attempts take, so that a delivery that waits for an earlier one of its record still gets some. */
const GIVE_UP_MS = 25 * HOUR_MS;
const KEPT_MS = 30 * 24 * HOUR_MS;
/** Larger events contain only the names of changed fields, since receivers refuse large bodies. */
const MAX_BODY_BYTES = 256 * 1024;
/** A delivery that is given up before its first attempt. */
const TOO_MANY = {
  status: 'failed',
  outcome: { error: 'Too many deliveries are waiting', durationMs: 0 },
} as const;

/** Writes the deliveries of a change, in its transaction. */
@Injectable()
export class Announcements {
  constructor(
    @InjectModel(Webhook.name) private readonly webhooks: Model<Webhook>,
    @InjectModel(WebhookDelivery.name) private readonly deliveries: Model<WebhookDelivery>,
    private readonly executions: Executions,
    private readonly clock: ExecutionClock,
    changeEvents: ChangeEvents,
  ) {
    changeEvents.listen('webhooks', (events, transaction) => this.announce(events, transaction));
  }

  /** When a delivery that is due now is given up. */
  get giveUpAt(): Date {
    return this.clock.in(GIVE_UP_MS);
  }

  /**
   * Sends a delivery again once the transaction is committed.
   * @throws ApiError EXECUTIONS_TOO_MANY
   */
  async start(delivery: WebhookDelivery, webhook: Webhook, transaction: Transaction): Promise<void> {
    const { input, ...options } = startOf(delivery, webhook);
    await this.executions.start(Deliver, input, { ...options, transaction });
  }

  private async announce(events: readonly ChangeEvent[], transaction: Transaction): Promise<void> {
    const owners = new Map(
      events.flatMap(({ ownerId }) => (ownerId ? [[ownerId.toHexString(), ownerId]] : [])),
    );
    if (owners.size === 0) return;
    const found = await driverCollection(this.webhooks)
      .find(
        { ownerId: { $in: [...owners.values()] }, status: 'active' },
        { session: transaction.session, projection: { ownerId: 1, ownerKind: 1, events: 1 } },
      )
      .toArray();
    if (found.length === 0) return;
    const written = events.flatMap((event) => {
      const subscribed = found.filter(
        (webhook) => event.ownerId?.equals(webhook.ownerId) && wants(webhook, event.action),
      );
      if (subscribed.length === 0) return [];
      const message = { eventId: `msg_${new Types.ObjectId().toHexString()}`, body: bodyOf(event) };
      return subscribed.map((webhook) => ({
        webhook,
        delivery: newDelivery(webhook, event, message, this.giveUpAt),
      }));
    });
    if (written.length === 0) return;
    // Changes are never refused because of a backlog of deliveries.
    const refused = await this.executions.startAll(
      Deliver,
      written.map(({ delivery, webhook }) => startOf(delivery, webhook)),
      transaction,
    );
    await driverCollection(this.deliveries).insertMany(
      written.map(({ delivery }, place) => (refused.has(place) ? { ...delivery, ...TOO_MANY } : delivery)),
      { session: transaction.session },
    );
  }
}

/** The execution that makes a delivery. */
function startOf(
  { _id, webhookId, record }: Pick<WebhookDelivery, '_id' | 'webhookId' | 'record'>,
  { ownerId, ownerKind }: Pick<Webhook, 'ownerId' | 'ownerKind'>,
): Start<DeliverDto> {
  const id = ownerId.toHexString();
  // Deliveries of a disabled user wait.
  const scope: Scope =
    ownerKind === 'user'
      ? scopeOf(id as UserId)
      : { actor: { kind: 'system' }, owner: { kind: ownerKind, id } };
  const input = { webhookId: String(webhookId), deliveryId: String(_id), lane: laneOf(record) };
  return { input, scope, record: `webhooks/${String(webhookId)}` };
}

function laneOf(record: string): number {
  return (createHash('sha256').update(record).digest()[0] ?? 0) % LANES;
}

/** `tickets.*` matches `tickets.created`. */
function wants({ events }: Pick<Webhook, 'events'>, action: string): boolean {
  return events.includes(action) || events.includes(`${action.split('.', 1)[0]}.*`);
}

function bodyOf({ action, at, record, actor, changes, object }: ChangeEvent): string {
  const common = { record, actor: { kind: actor.kind, id: 'id' in actor ? actor.id : null } };
  const event = (data: object): string =>
    JSON.stringify({ type: action, timestamp: at.toISOString(), data: { ...common, ...data } });
  const whole = event({ changes, object: object ?? null });
  if (Buffer.byteLength(whole) <= MAX_BODY_BYTES) return whole;
  return event({ changes: changes.map(({ field }) => ({ field })), object: null });
}

function newDelivery(
  { _id, ownerId }: Webhook,
  { action, record, at }: ChangeEvent,
  { eventId, body }: { readonly eventId: string; readonly body: string },
  giveUpAt: Date,
): NewDelivery {
  const now = new Date();
  return {
    _id: new Types.ObjectId(),
    ownerId,
    webhookId: _id,
    eventId,
    event: action,
    record,
    at,
    body,
    status: 'pending',
    attempts: 0,
    giveUpAt,
    expiresAt: new Date(now.getTime() + KEPT_MS),
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
}
