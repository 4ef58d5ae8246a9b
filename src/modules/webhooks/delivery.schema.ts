import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema, type Types } from 'mongoose';
import { OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

export const DELIVERY_STATES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATES)[number];

const { Mixed, ObjectId } = MongooseSchema.Types;

/** What came back last, as far as it may be shown. */
export interface Outcome {
  /** Absent where no answer came. */
  readonly status?: number;
  /** Why none did, or what was done for it. */
  readonly error?: string;
  /** The beginning of the answer's body, as text. */
  readonly body?: string;
  readonly durationMs: number;
}

/** One event on its way to one webhook. */
@Schema({ ...RECORD_OPTIONS, collection: 'webhook_deliveries' })
export class WebhookDelivery extends OwnedRecord {
  @Prop({ type: ObjectId, required: true })
  webhookId!: Types.ObjectId;

  /** The same for every receiver, and whenever it is sent again. */
  @Prop({ type: String, required: true })
  eventId!: string;

  @Prop({ type: String, required: true })
  event!: string;

  @Prop({ type: String, required: true })
  record!: string;

  /** When it happened: those of a record are delivered in this order. */
  @Prop({ type: Date, required: true })
  at!: Date;

  /** As it is sent. */
  @Prop({ type: String, required: true })
  body!: string;

  @Prop({ type: String, enum: DELIVERY_STATES, required: true })
  status!: DeliveryStatus;

  @Prop({ type: Number, required: true })
  attempts!: number;

  /** Not before. */
  @Prop({ type: Date })
  nextAttemptAt?: Date | null;

  @Prop({ type: Date })
  lastAttemptAt?: Date | null;

  @Prop({ type: Mixed })
  outcome?: Outcome | null;

  /** After that no further attempt is made, once there was one. */
  @Prop({ type: Date, required: true })
  giveUpAt!: Date;

  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const WebhookDeliverySchema = SchemaFactory.createForClass(WebhookDelivery);

// `GET /webhooks/:id/deliveries`: those of a webhook, newest first, and removing them with it.
WebhookDeliverySchema.index({ webhookId: 1, createdAt: -1, _id: -1 });
// The first that waits of a record, and all that wait of a webhook.
WebhookDeliverySchema.index(
  { webhookId: 1, record: 1, at: 1, _id: 1 },
  { partialFilterExpression: { status: 'pending' } },
);
// A user who is deleted: what belonged to it.
WebhookDeliverySchema.index({ ownerId: 1 });
// MongoDB itself forgets what is old enough.
WebhookDeliverySchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export const deliveries = resource({
  name: 'delivery',
  record: WebhookDelivery,
  schema: WebhookDeliverySchema,
  permissions: [],
});
