import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

/** `paused` after days of failures or by its owner, `ended` by the receiver's 410. Neither gets events. */
export const STATES = ['active', 'paused', 'ended'] as const;
export type WebhookStatus = (typeof STATES)[number];

/** An address that is notified of events of its owner's records. */
@Schema({ ...RECORD_OPTIONS, collection: 'webhooks' })
export class Webhook extends OwnedRecord {
  @Prop({ type: String, required: true, secret: true })
  url!: string;

  /** `tickets.created`, `tickets.*` */
  @Prop({ type: [String], required: true })
  events!: string[];

  @Prop({ type: String, enum: STATES, required: true })
  status!: WebhookStatus;

  @Prop({ type: String, encrypted: true, required: true })
  secret!: string;

  /** The previous secret, which also signs until `previousUntil`. */
  @Prop({ type: String, encrypted: true })
  previousSecret?: string | null;

  @Prop({ type: Date })
  previousUntil?: Date | null;

  @Prop({ type: String, enum: ['user', 'organization'], required: true })
  ownerKind!: 'user' | 'organization';

  /** Since when deliveries have been failing. */
  @Prop({ type: Date })
  failingSince?: Date | null;

  /** Until when nothing is sent, because the receiver keeps failing. */
  @Prop({ type: Date })
  restsUntil?: Date | null;
}

export const WebhookSchema = SchemaFactory.createForClass(Webhook);

// `GET /webhooks`, counting, and finding the webhooks for an owner's events.
WebhookSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });

export const webhooks = resource({
  name: 'webhook',
  record: Webhook,
  schema: WebhookSchema,
  permissions: [],
  audit: true,
});
