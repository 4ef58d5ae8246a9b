import { Prop } from '@nestjs/mongoose';
import { Schema, type Types } from 'mongoose';

/** The fields of every record. Schemas extend it and use `RECORD_OPTIONS`. */
export abstract class StoredRecord {
  _id!: Types.ObjectId;

  /** Starts at 1 and increases with every accepted change; sent as the ETag. */
  @Prop({ type: Number, default: 1, required: true })
  version!: number;

  createdAt!: Date;

  updatedAt!: Date;
}

/** A record that belongs to a user or to an organization. */
export abstract class OwnedRecord extends StoredRecord {
  @Prop({ type: Schema.Types.ObjectId, required: true })
  ownerId!: Types.ObjectId;

  /** The user who created it; absent if the product did, or where it does not matter. */
  @Prop({ type: Schema.Types.ObjectId })
  createdBy?: Types.ObjectId;
}

/** The fields of a new record. The compiler reports those that are missing. */
export type NewRecord<T> = Omit<T, keyof StoredRecord>;

/** The fields of a new record that belongs to the owner in the scope. */
export type NewFields<T> = Omit<NewRecord<T>, 'ownerId' | 'createdBy'>;

/** Fields with their next values; null or undefined unsets one. */
export type Change<T> = { readonly [K in keyof NewFields<T>]?: NewFields<T>[K] | null | undefined };

/**
 * Kinds of credentials: a `token` acts as its owner, an `entrance` helps to sign in as its owner. Both are removed when
 * the owner of an address takes its account over from a stranger, tokens also when the user is disabled.
 */
export type CredentialKind = 'token' | 'entrance';

/** The owner of a credential. Every schema of credentials declares its `ownerId` with this. */
export function CredentialOwner(credential: CredentialKind): PropertyDecorator {
  return Prop({ type: Schema.Types.ObjectId, required: true, credential });
}

/** The creator of a credential for an organization. It is removed like the user's own credentials. */
export function CredentialMaker(credential: CredentialKind): PropertyDecorator {
  return Prop({ type: Schema.Types.ObjectId, credential });
}

/** Schema options of every record: keys of our own choosing, `{}` kept, no version key beside `version`. */
export const RECORD_OPTIONS = {
  timestamps: true,
  versionKey: false,
  minimize: false,
  strict: 'throw',
} as const;
