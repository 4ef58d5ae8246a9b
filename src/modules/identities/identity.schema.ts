import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { Types } from 'mongoose';
import { CredentialOwner, OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';
import { IdentityErrors } from './identity.errors.js';

/** A person as identified by an issuer, and the user that it signs in as. */
@Schema({ ...RECORD_OPTIONS, collection: 'identities' })
export class Identity extends OwnedRecord {
  @CredentialOwner('entrance')
  override ownerId!: Types.ObjectId;

  @Prop({ type: String, required: true })
  issuer!: string;

  /** The issuer's id of the person: unlike an address, it is never reassigned. */
  @Prop({ type: String, required: true, maxlength: 255 })
  subject!: string;
}

export const IdentitySchema = SchemaFactory.createForClass(Identity);

// Signing in and linking: finding the user of an identity. Each identity has one user.
IdentitySchema.index({ issuer: 1, subject: 1 }, { unique: true });
// `GET /auth/identities` and counting: a user's identities, newest first, with cursors.
IdentitySchema.index({ ownerId: 1, createdAt: -1, _id: -1 });

export const identities = resource({
  name: 'identity',
  record: Identity,
  schema: IdentitySchema,
  unique: ['subject'],
  permissions: [],
  audit: true,
  taken: { subject: IdentityErrors.IDENTITY_TAKEN },
});
