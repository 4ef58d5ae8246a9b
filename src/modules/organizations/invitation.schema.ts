import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema, type Types } from 'mongoose';
import { ORGANIZATION_ROLES, type OrganizationRole } from '../../platform/access/memberships.js';
import { CredentialOwner, RECORD_OPTIONS, StoredRecord } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

/** Lets whoever receives the mails to an address join an organization, through the link that was mailed there. */
@Schema({ ...RECORD_OPTIONS, collection: 'organization_invitations' })
export class Invitation extends StoredRecord {
  @Prop({ type: MongooseSchema.Types.ObjectId, required: true })
  organizationId!: Types.ObjectId;

  /** In the form of `mailboxOf`. */
  @Prop({ type: String, required: true, maxlength: 254 })
  email!: string;

  @Prop({ type: String, enum: ORGANIZATION_ROLES, required: true })
  role!: OrganizationRole;

  /** It becomes invalid when this user may no longer invite, like a token of this user's when it is disabled. */
  @CredentialOwner('token')
  invitedBy!: Types.ObjectId;

  /** SHA-256 of the token in the link that was mailed last, as base64url. */
  @Prop({ type: String, required: true })
  tokenHash!: string;

  /** From then on the link is invalid. */
  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const InvitationSchema = SchemaFactory.createForClass(Invitation);

// `GET /organizations/:id/invitations`: newest first, with cursors; counting them.
InvitationSchema.index({ organizationId: 1, createdAt: -1, _id: -1 });
// Inviting: an address has one invitation to an organization, whose link is replaced.
InvitationSchema.index({ organizationId: 1, email: 1 }, { unique: true });
// `GET /invitations`: those to an address, newest first, with cursors.
InvitationSchema.index({ email: 1, createdAt: -1, _id: -1 });
// Disabling a user.
InvitationSchema.index({ invitedBy: 1 });
// Accepting and declining.
InvitationSchema.index({ tokenHash: 1 }, { unique: true });
// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
InvitationSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

export const invitations = resource({
  name: 'invitation',
  record: Invitation,
  schema: InvitationSchema,
  shared: true,
  permissions: [],
  unique: ['email', 'tokenHash'],
});
