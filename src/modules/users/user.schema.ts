import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { RECORD_OPTIONS, StoredRecord } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';
import { UserErrors } from './user.errors.js';
import { ROLES, type Role } from './roles.js';

/** A person who may sign in. */
@Schema({ ...RECORD_OPTIONS, collection: 'users' })
export class User extends StoredRecord {
  /** In lower case. */
  @Prop({ type: String, required: true, maxlength: 254 })
  email!: string;

  @Prop({ type: String, required: true, maxlength: 300 })
  name!: string;

  @Prop({ type: String, enum: ROLES, default: 'user', required: true })
  role!: Role;

  /** bcrypt. Absent for users without a password, who sign in another way or not yet. */
  @Prop({ type: String, secret: true })
  passwordHash?: string;

  /** May not sign in, and no token is accepted. */
  @Prop({ type: Boolean, default: false, required: true })
  disabled!: boolean;

  /** The address is verified. */
  @Prop({ type: Boolean, default: false, required: true })
  emailVerified!: boolean;

  /** Tokens of other issuers that were issued before this time, when the user was disabled, are refused. */
  @Prop({ type: Date })
  validFrom?: Date;

  /** Signs in with a second factor. */
  @Prop({ type: Boolean, default: false, required: true })
  otpEnabled!: boolean;
}

export const UserSchema = SchemaFactory.createForClass(User);

// Signing in and `GET /users?email=`: one user by address. Nobody else may take it.
UserSchema.index({ email: 1 }, { unique: true });
// `GET /users`: newest first, and from a cursor on.
UserSchema.index({ createdAt: -1, _id: -1 });
// The console's list of users by role and by whether they are disabled, and the start, which looks for an administrator.
UserSchema.index({ role: 1, disabled: 1, createdAt: -1, _id: -1 });

export const users = resource({
  name: 'user',
  record: User,
  schema: UserSchema,
  ownerField: '_id',
  unique: ['email'],
  permissions: ['read', 'write', 'create'],
  audit: true,
  webhooks: true,
  taken: { email: UserErrors.EMAIL_TAKEN },
});
