import { Prop } from '@nestjs/mongoose';
import { Schema, type Types } from 'mongoose';

/** What every record has. Schemas extend it and are made with `timestamps: true`. */
export abstract class StoredRecord {
  _id!: Types.ObjectId;

  /** Starts at 1 and rises with every accepted change; answered as the ETag. */
  @Prop({ type: Number, default: 1, required: true })
  version!: number;

  createdAt!: Date;

  updatedAt!: Date;
}

/** A record that belongs to a user. */
export abstract class OwnedRecord extends StoredRecord {
  @Prop({ type: Schema.Types.ObjectId, required: true })
  ownerId!: Types.ObjectId;
}

/** Schema options of every record: keys of our own choosing, `{}` kept, no version key beside `version`. */
export const RECORD_OPTIONS = {
  timestamps: true,
  versionKey: false,
  minimize: false,
  strict: 'throw',
} as const;
