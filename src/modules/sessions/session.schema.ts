import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { Types } from 'mongoose';
import { CredentialOwner, OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';

/** Numbers of tokens, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** A sign-in of a user, and the family of refresh tokens that keeps it alive. */
@Schema({ ...RECORD_OPTIONS, collection: 'sessions' })
export class Session extends OwnedRecord {
  @CredentialOwner('token')
  override ownerId!: Types.ObjectId;

  /** SHA-256 of the valid refresh token, as base64url. */
  @Prop({ type: String, required: true })
  tokenHash!: string;

  /** The number of that token: 1 for the one issued at sign-in. */
  @Prop({ type: Number, required: true })
  generation!: number;

  /** Numbers of tokens that were issued by the last refresh and have not been used yet; absent once one is used. */
  @Prop({ type: { from: Number, to: Number }, _id: false })
  unused?: Range;

  /** Numbers of tokens that were abandoned as lost, newest last. Absent if there were none. */
  @Prop({ type: [{ from: Number, to: Number, _id: false }], default: undefined })
  abandoned?: Range[];

  /** When tokens were recently replaced, newest last, by the database's clock. */
  @Prop({ type: [Date], required: true })
  rotatedAt!: Date[];

  /** When the user signed in, or a token was refreshed last. */
  @Prop({ type: Date, required: true })
  lastUsedAt!: Date;

  /** When its holder last proved their identity; absent in sessions of an older release, where it was the sign-in. */
  @Prop({ type: Date })
  provenAt?: Date;

  @Prop({ type: String, maxlength: 300 })
  userAgent?: string | null;

  @Prop({ type: String, required: true, maxlength: 64 })
  address!: string;

  /** When the session expires, refreshed or not. */
  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const SessionSchema = SchemaFactory.createForClass(Session);

// `GET /auth/sessions`, and the end of the oldest ones of a user who has too many.
SessionSchema.index({ ownerId: 1, lastUsedAt: -1, _id: -1 });
// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
SessionSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
