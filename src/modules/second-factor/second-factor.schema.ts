import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { Types } from 'mongoose';
import { CredentialOwner, OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';
import { CATALOGUE } from '../../platform/errors/errors.js';

/** A user's authenticator app and recovery codes. */
@Schema({ ...RECORD_OPTIONS, collection: 'second_factors' })
export class SecondFactor extends OwnedRecord {
  @CredentialOwner('entrance')
  override ownerId!: Types.ObjectId;

  /** Shared with the app, in base32. */
  @Prop({ type: String, required: true, encrypted: true })
  secret!: string;

  /** The user has confirmed a code of the app. Before that, no code is required. */
  @Prop({ type: Boolean, required: true })
  confirmed!: boolean;

  /** The latest step of 30 seconds of which a code was accepted; no code of it or before is accepted again. */
  @Prop({ type: Number, required: true })
  lastStep!: number;

  /** SHA-256 of the unused recovery codes. */
  @Prop({ type: [String], required: true })
  recoveryCodes!: string[];
}

export const SecondFactorSchema = SchemaFactory.createForClass(SecondFactor);

// Everything: a user has one.
SecondFactorSchema.index({ ownerId: 1 }, { unique: true });

export const secondFactors = resource({
  name: 'second factor',
  record: SecondFactor,
  schema: SecondFactorSchema,
  unique: ['ownerId'],
  permissions: [],
  // Another request of the same user was first.
  taken: { ownerId: CATALOGUE.CONFLICT },
});
