import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema, type Types } from 'mongoose';
import { RECORD_OPTIONS, StoredRecord } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';
import type { FieldChange } from '../../platform/database/change-events.js';

const { Mixed, ObjectId } = MongooseSchema.Types;

/** One change of a record: who made it, and the previous values. Written once, with the change. */
@Schema({ ...RECORD_OPTIONS, collection: 'audit' })
export class AuditEntry extends StoredRecord {
  /** The owner of the record. Absent if it had none, and for the deletion of a user. */
  @Prop({ type: ObjectId })
  ownerId?: Types.ObjectId;

  @Prop({ type: String, required: true })
  actorKind!: string;

  /** The id of a user or an API key. */
  @Prop({ type: String })
  actorId?: string;

  @Prop({ type: String, required: true })
  action!: string;

  @Prop({ type: String, required: true })
  record!: string;

  @Prop({ type: [Mixed], required: true })
  changes!: readonly FieldChange[];

  @Prop({ type: String })
  requestId?: string;

  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const AuditEntrySchema = SchemaFactory.createForClass(AuditEntry);

// `GET /audit`: entries about an owner's records, newest first.
AuditEntrySchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// `GET /audit` with audit:read: everybody's.
AuditEntrySchema.index({ createdAt: -1, _id: -1 });
// `GET /audit?record=`: entries about one record.
AuditEntrySchema.index({ record: 1, createdAt: -1, _id: -1 });
// `GET /audit?actor=`: entries about one actor.
AuditEntrySchema.index({ actorId: 1, createdAt: -1, _id: -1 });
// MongoDB removes expired entries.
AuditEntrySchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export const audit = resource({
  name: 'audit entry',
  record: AuditEntry,
  schema: AuditEntrySchema,
  permissions: ['read'],
});
