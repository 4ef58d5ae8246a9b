import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { Types } from 'mongoose';
import { CredentialOwner } from '../../platform/database/record.js';

/** A device or an address from which a user has recently signed in. */
@Schema({ collection: 'knowndevices', versionKey: false, strict: 'throw' })
export class KnownDevice {
  /** A MAC over the account and the device. */
  @Prop({ type: String, required: true })
  _id!: string;

  /** Removed together with the user. */
  @CredentialOwner('entrance')
  ownerId!: Types.ObjectId;

  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const KnownDeviceSchema = SchemaFactory.createForClass(KnownDevice);

// Deleting a user, with everything that belongs to it.
KnownDeviceSchema.index({ ownerId: 1 });
// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
KnownDeviceSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
