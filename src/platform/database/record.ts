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

/** A record that belongs to a user or to an organization. */
export abstract class OwnedRecord extends StoredRecord {
  @Prop({ type: Schema.Types.ObjectId, required: true })
  ownerId!: Types.ObjectId;

  /** The user who created it; absent where the product did, or where it does not matter. */
  @Prop({ type: Schema.Types.ObjectId })
  createdBy?: Types.ObjectId;
}

/** What a new record starts with. Nothing is filled in by a schema, so that the compiler sees what is missing. */
export type NewRecord<T> = Omit<T, keyof StoredRecord>;

/** The fields of a new record whose owner is whoever is behind the scope. */
export type NewFields<T> = Omit<NewRecord<T>, 'ownerId' | 'createdBy'>;

/** Fields with their next values; null or undefined unsets one. */
export type Change<T> = { readonly [K in keyof NewFields<T>]?: NewFields<T>[K] | null | undefined };

/**
 * What a record lets somebody do: `token` acts as its owner, `entrance` helps to sign in as it. Both end when the
 * owner of the address takes an account over from a stranger, tokens also when the user is disabled.
 */
export type CredentialKind = 'token' | 'entrance';

/** The owner of a record by which somebody acts as it. Every schema of that sort declares its `ownerId` so. */
export function CredentialOwner(credential: CredentialKind): PropertyDecorator {
  return Prop({ type: Schema.Types.ObjectId, required: true, credential });
}

/** Who has made a record by which that user acts in an organization. It ends like one of the user's own. */
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
