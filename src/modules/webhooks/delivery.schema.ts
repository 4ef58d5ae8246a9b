import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema, type Types } from 'mongoose';
import { OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATES)[number];

const { Mixed, ObjectId } = MongooseSchema.Types;

/** The outcome of the last attempt, in a form that may be shown. */
export interface Outcome {
  /** Absent without a response. */
  readonly status?: number;
  /** Why there was no response, or why it was given up. */
  readonly error?: string;
  /** The beginning of the response body, as text. */
  readonly body?: string;
  readonly durationMs: number;
}

/** The delivery of one event to one webhook. */
@Schema({ ...RECORD_OPTIONS, collection: 'webhook_deliveries' })
export class WebhookDelivery extends OwnedRecord {
  @Prop({ type: ObjectId, required: true })
  webhookId!: Types.ObjectId;

  /** The same for every receiver and every attempt. */
  @Prop({ type: String, required: true })
  eventId!: string;

  @Prop({ type: String, required: true })
  event!: string;

  @Prop({ type: String, required: true })
  record!: string;

  /** When the event happened. Deliveries of a record are in this order. */
  @Prop({ type: Date, required: true })
  at!: Date;

  /** The body as it is sent. */
  @Prop({ type: String, required: true })
  body!: string;

  @Prop({ type: String, enum: DELIVERY_STATES, required: true })
  status!: DeliveryStatus;

  @Prop({ type: Number, required: true })
  attempts!: number;

  /** The earliest time of the next attempt. */
  @Prop({ type: Date })
  nextAttemptAt?: Date | null;

  @Prop({ type: Date })
  lastAttemptAt?: Date | null;

  @Prop({ type: Mixed })
  outcome?: Outcome | null;

  /** No further attempt is made after this time, except the first. */
  @Prop({ type: Date, required: true })
  giveUpAt!: Date;

  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const WebhookDeliverySchema = SchemaFactory.createForClass(WebhookDelivery);

// `GET /webhooks/:id/deliveries`: those of a webhook, newest first; removing them with the webhook.
WebhookDeliverySchema.index({ webhookId: 1, createdAt: -1, _id: -1 });
// The first waiting delivery of a record, and all waiting ones of a webhook.
WebhookDeliverySchema.index(
  { webhookId: 1, record: 1, at: 1, _id: 1 },
  { partialFilterExpression: { status: 'pending' } },
);
// Removing the deliveries of a deleted user.
WebhookDeliverySchema.index({ ownerId: 1 });
// MongoDB removes expired deliveries.
WebhookDeliverySchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export const deliveries = resource({
  name: 'delivery',
  record: WebhookDelivery,
  schema: WebhookDeliverySchema,
  permissions: [],
});
