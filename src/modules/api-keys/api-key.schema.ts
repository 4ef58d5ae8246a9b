import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { Types } from 'mongoose';
import {
  CredentialMaker,
  CredentialOwner,
  OwnedRecord,
  RECORD_OPTIONS,
} from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';
import type { Permission } from '../../platform/access/caller.js';

/** What a program signs in with, in the name of its user. */
@Schema({ ...RECORD_OPTIONS, collection: 'api_keys' })
export class ApiKey extends OwnedRecord {
  @CredentialOwner('token')
  override ownerId!: Types.ObjectId;

  /** Only of a key of an organization, which has the rights that this user has there. */
  @CredentialMaker('token')
  override createdBy?: Types.ObjectId;

  @Prop({ type: String, required: true, maxlength: 300 })
  name!: string;

  /** Part of what the secret is made of; absent for keys whose secret is random. */
  @Prop({ type: String, secret: true })
  salt?: string;

  /** SHA-256 of the secret part, as base64url. */
  @Prop({ type: String, required: true, secret: true })
  hash!: string;

  /** The last four characters of the key, by which its user tells it from others. */
  @Prop({ type: String, required: true })
  hint!: string;

  /** What it may do to records of others, as long as its user may; absent for whatever its user may. */
  @Prop({ type: [String], default: undefined })
  permissions?: Permission[] | null;

  /** Absent in keys of an older release, which may write. */
  @Prop({ type: Boolean })
  readOnly?: boolean;

  /** From then on the key is refused. */
  @Prop({ type: Date })
  expiresAt?: Date | null;

  /** To the minute. */
  @Prop({ type: Date })
  lastUsedAt?: Date | null;
}

export const ApiKeySchema = SchemaFactory.createForClass(ApiKey);

// `GET /auth/api-keys` and counting: a user's keys, newest first, and from a cursor on.
ApiKeySchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// What goes with the rights of its maker: few keys are an organization's.
ApiKeySchema.index({ createdBy: 1 }, { sparse: true });

export const apiKeys = resource({
  name: 'API key',
  record: ApiKey,
  schema: ApiKeySchema,
  permissions: [],
  audit: true,
  webhooks: true,
  actions: { created: 'users.key-made', deleted: 'users.key-deleted' },
});
