import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { PURPOSES, type Purpose } from './oauth-flows.js';

/** A provider's statement about a person, until the client redeems its code. */
@Schema({ collection: 'oauth_codes', versionKey: false, strict: 'throw' })
export class OAuthCode {
  /** SHA-256 of the code. */
  @Prop({ type: String, required: true })
  _id!: string;

  /** SHA-256 of the client's code verifier. */
  @Prop({ type: String, required: true })
  codeChallenge!: string;

  @Prop({ type: String, enum: PURPOSES, required: true })
  purpose!: Purpose;

  @Prop({ type: String, required: true })
  issuer!: string;

  @Prop({ type: String, required: true, maxlength: 255 })
  subject!: string;

  /** Only if the provider has verified it. */
  @Prop({ type: String, maxlength: 254 })
  email?: string;

  @Prop({ type: String, maxlength: 300 })
  name?: string;

  /** When the person signed in at the provider for this, if the provider says so. */
  @Prop({ type: Date })
  provenAt?: Date;

  /** Its lifetime was extended for the second factor. */
  @Prop({ type: Boolean })
  isExtended?: boolean;

  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const OAuthCodeSchema = SchemaFactory.createForClass(OAuthCode);

// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
OAuthCodeSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
