import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { PURPOSES, type Purpose } from './oauth-flows.js';

/** What a provider has said of somebody, until the client that has asked fetches what comes of it. */
@Schema({ collection: 'oauth_codes', versionKey: false, strict: 'throw' })
export class OAuthCode {
  /** SHA-256 of the code. */
  @Prop({ type: String, required: true })
  _id!: string;

  /** SHA-256 of what only the client knows. */
  @Prop({ type: String, required: true })
  codeChallenge!: string;

  @Prop({ type: String, enum: PURPOSES, required: true })
  purpose!: Purpose;

  @Prop({ type: String, required: true })
  issuer!: string;

  @Prop({ type: String, required: true, maxlength: 255 })
  subject!: string;

  /** Only one that the provider has verified. */
  @Prop({ type: String, maxlength: 254 })
  email?: string;

  @Prop({ type: String, maxlength: 300 })
  name?: string;

  /** When the person has signed in at the provider for this, where it says so. */
  @Prop({ type: Date })
  provenAt?: Date;

  /** Was given more time, for the second factor. */
  @Prop({ type: Boolean })
  isExtended?: boolean;

  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const OAuthCodeSchema = SchemaFactory.createForClass(OAuthCode);

// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
OAuthCodeSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
