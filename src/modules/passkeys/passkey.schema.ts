import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { Types } from 'mongoose';
import { CredentialOwner, OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';
import { PasskeyErrors } from './passkey.errors.js';

/** Longest id of a credential, as base64url: 1023 bytes. */
export const MAX_CREDENTIAL_ID = 1364;

/** The public key of a passkey on a user's device. */
@Schema({ ...RECORD_OPTIONS, collection: 'passkeys' })
export class Passkey extends OwnedRecord {
  @CredentialOwner('entrance')
  override ownerId!: Types.ObjectId;

  /** The user's name for it. */
  @Prop({ type: String, required: true, maxlength: 300 })
  name!: string;

  /** The id of the credential, as base64url. */
  @Prop({ type: String, required: true, maxlength: MAX_CREDENTIAL_ID })
  credentialId!: string;

  /** COSE, as base64url. */
  @Prop({ type: String, required: true })
  publicKey!: string;

  /** The signature counter of the device; 0 if it does not count. */
  @Prop({ type: Number, required: true })
  counter!: number;

  /** How browsers reach the device: `internal`, `hybrid`, `usb` … */
  @Prop({ type: [String], required: true })
  transports!: string[];

  /** Whether the user has it on several devices. */
  @Prop({ type: Boolean, required: true })
  backedUp!: boolean;

  @Prop({ type: Date })
  lastUsedAt?: Date | null;
}

export const PasskeySchema = SchemaFactory.createForClass(Passkey);

// Signing in: finding the user of a passkey. Each passkey has one user.
PasskeySchema.index({ credentialId: 1 }, { unique: true });
// `GET /auth/passkeys` and counting: a user's passkeys, newest first, with cursors.
PasskeySchema.index({ ownerId: 1, createdAt: -1, _id: -1 });

export const passkeys = resource({
  name: 'passkey',
  record: Passkey,
  schema: PasskeySchema,
  unique: ['credentialId'],
  permissions: [],
  audit: true,
  taken: { credentialId: PasskeyErrors.PASSKEY_TAKEN },
});
