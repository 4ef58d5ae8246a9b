import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

/** A user's former address. It stays reserved for a while, and a link mailed there restores it. */
@Schema({ ...RECORD_OPTIONS, collection: 'former_addresses' })
export class FormerAddress extends OwnedRecord {
  /** As users have it. */
  @Prop({ type: String, required: true, maxlength: 254 })
  email!: string;

  /** SHA-256 of the token in the link, as base64url. */
  @Prop({ type: String, required: true })
  tokenHash!: string;

  /** SHA-256 of the password hash at that time: shows whether the password has changed since. */
  @Prop({ type: String, required: true })
  passwordMark!: string;

  /** From then on the link is invalid, and the address is free. */
  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const FormerAddressSchema = SchemaFactory.createForClass(FormerAddress);

// Going back to an address: those that were left later are forgotten.
FormerAddressSchema.index({ ownerId: 1, createdAt: -1 });
// Looking at a link that somebody has opened.
FormerAddressSchema.index({ tokenHash: 1 }, { unique: true });
// Taking an address: whether it is kept for somebody else.
FormerAddressSchema.index({ email: 1 });
// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
FormerAddressSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export const formerAddresses = resource({
  name: 'former address',
  record: FormerAddress,
  schema: FormerAddressSchema,
  unique: ['tokenHash'],
  permissions: [],
});
